// service_test.cc - what systemd hears from us and hands to us.
#include "server/service.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

/// Stands in for systemd: a datagram socket and the variables that name it.
struct Manager {
    Manager()
    {
        REQUIRE(mkdtemp(folder));
        path = cat(static_cast<const char*>(folder), "/notify");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        fd = Fd(socket(AF_UNIX, SOCK_DGRAM, 0));
        REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager()
    {
        unlink(path.c_str());
        rmdir(folder);
    }
    std::string next() const
    {
        char bytes[512];
        const ssize_t n = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        return n < 0 ? std::string("nothing") : std::string(bytes, static_cast<std::size_t>(n));
    }
    char folder[32] = "/tmp/ostler-test-XXXXXX";
    std::string path;
    Fd fd;
};

}  // namespace

TEST_CASE("systemd is told what we are about")
{
    const Manager manager;
    Service service;
    service.ready("serving");
    CHECK(manager.next() == "READY=1\nSTATUS=serving");
    service.ready("");
    CHECK(manager.next() == "READY=1");
    service.reloading();
    CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    service.stopping();
    CHECK(manager.next() == "STOPPING=1");
    service.alive();
    CHECK(manager.next() == "WATCHDOG=1");
}

TEST_CASE("the variables are gone afterwards: no child speaks in our name")
{
    const Manager manager;
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", "1", 1);
    setenv("INVOCATION_ID", "x", 1);
    Service service;
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID",
                             "INVOCATION_ID"}) {
        CAPTURE(name);
        CHECK(getenv(name) == nullptr);
    }
    CHECK(service.take_sockets().empty());  // meant for process 1
}

TEST_CASE("without systemd nothing happens")
{
    Service service;
    service.ready("serving");
    CHECK(service.watchdog_interval().count() == 0);
    CHECK(service.take_sockets().empty());
}

TEST_CASE("the watchdog is fed twice as often as it asks, if it asks us")
{
    setenv("WATCHDOG_USEC", "3000000", 1);
    CHECK(Service().watchdog_interval().count() == 1501);
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    CHECK(Service().watchdog_interval().count() == 0);
    setenv("WATCHDOG_USEC", "soon", 1);
    CHECK(Service().watchdog_interval().count() == 0);
}

TEST_CASE("sockets handed over start at descriptor 3")
{
    // In a process of its own: the numbers of the descriptors matter.
    const pid_t pid = fork();
    if (pid == 0) {
        const int made = open("/dev/null", O_RDONLY);
        if (made != 3 && dup2(made, 3) != 3) _exit(2);
        setenv("LISTEN_PID", cat(getpid()).c_str(), 1);
        setenv("LISTEN_FDS", "1", 1);
        Service service;
        const auto sockets = service.take_sockets();
        const bool right = sockets.size() == 1 && sockets[0].get() == 3 &&
                           (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
        _exit(right ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
}

TEST_CASE("a supervisor is recognised by what it leaves in the environment")
{
    for (const char* name : {"NOTIFY_SOCKET", "INVOCATION_ID"}) {
        setenv(name, "x", 1);
        CHECK(find_supervisor() == Supervisor::systemd);
        unsetenv(name);
    }
    if (getpid() != 1 && getppid() != 1) CHECK(find_supervisor() == Supervisor::none);
}
