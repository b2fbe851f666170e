// service.cc - sd_notify(3) and sd_listen_fds(3), without libsystemd.
#include "server/service.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "common/base/platform.h"
#include "common/base/text.h"

namespace ostler {

namespace {

std::string_view variable(const char* name)
{
    const char* value = getenv(name);
    return value ? value : std::string_view();
}

/// The number in environment variable `name`; -1 when there is none.
long long number(const char* name)
{
    const std::string_view text = variable(name);
    long long n = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    return error == std::errc() && end == text.data() + text.size() ? n : -1;
}

/// Variables that name a process count only for that one.
bool is_for_us(const char* pid_variable) { return number(pid_variable) == getpid(); }

}  // namespace

Supervisor find_supervisor()
{
    if (!variable("NOTIFY_SOCKET").empty() || !variable("INVOCATION_ID").empty())
        return Supervisor::systemd;
    const std::string_view launchd = variable("XPC_SERVICE_NAME");
    if (!launchd.empty() && launchd != "0" && getppid() == 1) return Supervisor::launchd;
    return getpid() == 1 ? Supervisor::container : Supervisor::none;
}

Service::Service() : path_(variable("NOTIFY_SOCKET"))
{
    const long long microseconds = number("WATCHDOG_USEC");
    if (microseconds > 0 && (variable("WATCHDOG_PID").empty() || is_for_us("WATCHDOG_PID"))) {
        watchdog_usec_ = variable("WATCHDOG_USEC");
        watchdog_ = std::chrono::milliseconds(microseconds / 2000 + 1);  // twice as often as asked
    }
    if (is_for_us("LISTEN_PID")) {
        constexpr int first = 3;
        const long long count = number("LISTEN_FDS");
        for (int fd = first; fd - first < count && fd - first < 64; ++fd) {
            set_close_on_exec(fd, true);
            set_nonblocking(fd, true);
            sockets_.emplace_back(fd);
        }
    }
    clear_environment();
}

void Service::clear_environment() const
{
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID",
                             "LISTEN_FDS", "LISTEN_FDNAMES", "INVOCATION_ID"})
        unsetenv(name);
}

void Service::keep_environment() const
{
    if (!path_.empty()) setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    if (!watchdog_usec_.empty()) setenv("WATCHDOG_USEC", watchdog_usec_.c_str(), 1);
}

void Service::ready(std::string_view status)
{
    send(status.empty() ? std::string("READY=1") : cat("READY=1\nSTATUS=", status));
}

void Service::reloading()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    send(cat("RELOADING=1\nMONOTONIC_USEC=",
             static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000));
}

void Service::stopping() { send("STOPPING=1"); }

void Service::alive() { send("WATCHDOG=1"); }

void Service::send(std::string_view lines)
{
    sockaddr_un address{};
    if (path_.empty() || path_.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (path_[0] == '@') address.sun_path[0] = '\0';  // the abstract name space of Linux
    const Fd fd = open_socket(AF_UNIX, SOCK_DGRAM);
    if (!fd) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    // Nothing sensible can be done when systemd does not listen: it notices by its own limits.
    (void)sendto(fd.get(), lines.data(), lines.size(), no_sigpipe_flag(),
                 reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace ostler
