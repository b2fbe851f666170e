// socket_test.cc - binding, matching and what is said when it fails.
#include "server/socket.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

ListenSpec spec(const char* address, int port)
{
    ListenSpec s;
    s.address = address;
    s.port = port;
    return s;
}

bool connects(const char* address, int port)
{
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, address, &to.sin_addr);
    const Fd fd(socket(AF_INET, SOCK_STREAM, 0));
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

/// A folder that goes away with the test.
struct Folder {
    Folder() { REQUIRE(mkdtemp(path)); }
    ~Folder() { rmdir(path); }
    char path[32] = "/tmp/ostler-test-XXXXXX";
};

}  // namespace

TEST_CASE("port 0 gives a port, and the name tells which")
{
    const auto socket = bind_socket(spec("127.0.0.1", 0));
    REQUIRE(socket);
    CHECK((*socket)->port() > 0);
    CHECK((*socket)->address() == cat("127.0.0.1:", (*socket)->port()));
    CHECK(connects("127.0.0.1", (*socket)->port()));
}

TEST_CASE("\"*\" answers on IPv4, whatever the system makes of IPv6")
{
    const auto socket = bind_socket(spec("*", 0));
    REQUIRE(socket);
    CHECK((*socket)->address() == cat("*:", (*socket)->port()));
    CHECK(connects("127.0.0.1", (*socket)->port()));
}

TEST_CASE("a listening socket neither blocks nor survives an exec")
{
    const auto socket = bind_socket(spec("*", 0));
    REQUIRE(socket);
    for (const Fd& fd : (*socket)->fds()) {
        CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
        CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_CASE("an IPv6 address is not meant for IPv4, too")
{
    const auto six = bind_socket(spec("::", 0));
    if (!six) return;  // a system without IPv6
    CHECK((*six)->address() == cat("[::]:", (*six)->port()));
    CHECK(!connects("127.0.0.1", (*six)->port()));
}

TEST_CASE("errors say what is wrong")
{
    const auto taken = bind_socket(spec("127.0.0.1", 0));
    REQUIRE(taken);
    struct Row {
        const char* what;
        ListenSpec spec;
        const char* says;
    };
    const Row rows[] = {
        {"a port that is ours already", spec("127.0.0.1", (*taken)->port()), "already"},
        {"an address of nobody here", spec("203.0.113.1", 0), "no interface of this machine"},
        {"a name", spec("localhost.invalid", 80), "not a numeric address"},
        {"a Unix path without folder", spec("unix:/nonexistent/x/y", 0), "No such file"},
        {"a Unix path that is too long", spec(("unix:/" + std::string(200, 'a')).c_str(), 0),
         "bytes"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const auto socket = bind_socket(row.spec);
        REQUIRE(!socket);
        CHECK(socket.error().find(row.says) != std::string::npos);
        CHECK(socket.error().starts_with(row.spec.name()));
    }
}

TEST_CASE("a socket that is shut down refuses clients although a copy is open elsewhere")
{
    const auto socket = bind_socket(spec("127.0.0.1", 0));
    REQUIRE(socket);
    const int port = (*socket)->port();
    const Fd copy(dup((*socket)->fds()[0].get()));
    (*socket)->shut_down();
#ifdef __linux__
    CHECK(!connects("127.0.0.1", port));
#endif
    (void)port;
}

TEST_CASE("a Unix socket appears, is open to all, and goes with its owner")
{
    const Folder folder;
    const std::string path = cat(static_cast<const char*>(folder.path), "/s");
    {
        const auto socket = bind_socket(spec(("unix:" + path).c_str(), 0));
        REQUIRE(socket);
        CHECK((*socket)->address() == "unix:" + path);
        CHECK((*socket)->port() == 0);
        struct stat info {};
        REQUIRE(stat(path.c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0666);
        const auto second = bind_socket(spec(("unix:" + path).c_str(), 0));
        REQUIRE(!second);
        CHECK(second.error().find("another process listens") != std::string::npos);
    }
    CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("what a killed server left at a Unix path is replaced")
{
    const Folder folder;
    const std::string path = cat(static_cast<const char*>(folder.path), "/s");
    {
        const Fd dead(socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        REQUIRE(bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    REQUIRE(access(path.c_str(), F_OK) == 0);
    CHECK(bind_socket(spec(("unix:" + path).c_str(), 0)));
}

TEST_CASE("a file that is no socket is left alone")
{
    const Folder folder;
    const std::string path = cat(static_cast<const char*>(folder.path), "/s");
    const Fd file(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
    CHECK(!bind_socket(spec(("unix:" + path).c_str(), 0)));
    CHECK(access(path.c_str(), F_OK) == 0);
    unlink(path.c_str());
}

TEST_CASE("a child that closes its copy leaves the path of a Unix socket")
{
    const Folder folder;
    const std::string path = cat(static_cast<const char*>(folder.path), "/s");
    {
        const auto socket = bind_socket(spec(("unix:" + path).c_str(), 0));
        REQUIRE(socket);
        (*socket)->close_in_child();
    }
    CHECK(access(path.c_str(), F_OK) == 0);
    unlink(path.c_str());
}

TEST_CASE("a socket handed over is matched by its address")
{
    const auto loopback = bind_socket(spec("127.0.0.1", 0));
    const auto any = bind_socket(spec("*", 0));
    REQUIRE(loopback);
    REQUIRE(any);
    const int fd = (*loopback)->fds()[0].get();
    const int port = (*loopback)->port();
    CHECK(listens_on(fd, spec("127.0.0.1", port)));
    CHECK(!listens_on(fd, spec("127.0.0.1", port + 1)));
    CHECK(!listens_on(fd, spec("127.0.0.2", port)));
    CHECK(!listens_on(fd, spec("*", port)));
    CHECK(!listens_on(fd, spec("unix:/run/x", 0)));
    CHECK(listens_on((*any)->fds()[0].get(), spec("*", (*any)->port())));
}

TEST_CASE("TLS and backlog do not make another place")
{
    ListenSpec a = spec("*", 80);
    ListenSpec b = a;
    b.backlog = 7;
    b.tls = true;
    CHECK(same_place(a, b));
    b.port = 81;
    CHECK(!same_place(a, b));
}
