// log_syslog.cc - the local syslog: one datagram a line (RFC 3164), never waiting for the daemon.
//
// Not syslog(3): that one blocks when the daemon is slow, and reconnects behind our back.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iterator>

#include "common/base/local_time.h"
#include "common/base/log_line.h"
#include "common/base/log_target.h"
#include "common/base/loop.h"

namespace ostler {

namespace {

constexpr std::string_view facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "",       "",       "",       "",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

constexpr const char* log_sockets[] = {"/dev/log", "/var/run/syslog", "/var/run/log"};

/// What some daemons cut at; the least that RFC 5424 section 6.1 asks of a receiver is less.
constexpr std::size_t small_datagram = 1024;

Fd connect_to(const char* path)
{
    Fd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
    if (!fd) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) < 0 ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return {};
    return fd;
}

/// 0, or the error.  Tries at most once a second: a daemon that is gone must not cost every line
/// three system calls.
int connect(LogTarget& target, std::int64_t now_us)
{
    if (now_us < target.connect_after_us) return ENOENT;
    target.connect_after_us = now_us + 1'000'000;
    int error = ENOENT;
    for (const char* path : log_sockets) {
        const bool is_given = !target.syslog_socket.empty();
        target.fd = connect_to(is_given ? target.syslog_socket.c_str() : path);
        if (target.fd) return 0;
        if (errno != ENOENT) error = errno;
        if (is_given) break;
    }
    return error;
}

int send_once(const LogTarget& target, std::string_view message)
{
    ssize_t n;
    do n = ::send(target.fd.get(), message.data(), message.size(), MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? errno : 0;
}

}  // namespace

int syslog_facility(std::string_view name)
{
    for (std::size_t i = 0; i < std::size(facilities); ++i)
        if (!name.empty() && facilities[i] == name) return static_cast<int>(i);
    return -1;
}

int send_syslog(LogTarget& target, int level, std::string_view line)
{
    const std::int64_t now = Loop::wall_clock_microseconds();
    const bool was_connected = static_cast<bool>(target.fd);
    if (!was_connected)
        if (const int error = connect(target, now)) return error;

    char memory[8192];
    LogLine message(memory, sizeof memory);
    message.put('<');
    message.put(target.facility * 8 + level);
    message.put('>');
    message.put(std::string_view(local_time(now / 1'000'000).syslog, 15));
    message.put(" ostler[");
    message.put(::getpid());
    message.put("]: ");
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    message.put(line);

    int error = send_once(target, message.view());
    if (error == EMSGSIZE) error = send_once(target, message.view().substr(0, small_datagram));
    if (error == 0 || error == EAGAIN || error == ENOBUFS) return error;
    // The daemon was restarted: its socket is another one now.
    target.fd.reset();
    if (!was_connected || connect(target, now) != 0) return error;
    return send_once(target, message.view());
}

}  // namespace ostler
