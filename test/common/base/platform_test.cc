// platform_test.cc - the twins do what the calls of Linux do.
#include "common/base/platform.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

bool is_private_and_ready(const Fd& fd)
{
    return (fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) && (fcntl(fd.get(), F_GETFL) & O_NONBLOCK);
}

}  // namespace

TEST_CASE("what is opened is close-on-exec and does not block")
{
    Fd a;
    Fd b;
    CHECK(is_private_and_ready(open_socket(AF_INET, SOCK_STREAM)));
    REQUIRE(open_socket_pair(SOCK_STREAM, a, b));
    CHECK(is_private_and_ready(a));
    CHECK(is_private_and_ready(b));
    REQUIRE(open_pipe(a, b));
    CHECK(is_private_and_ready(a));
    CHECK(is_private_and_ready(b));
    set_nonblocking(a.get(), false);
    set_close_on_exec(a.get(), false);
    CHECK(!is_private_and_ready(a));
}

TEST_CASE("writing to a socket whose reader is gone is an error, not a signal")
{
    Fd a;
    Fd b;
    REQUIRE(open_socket_pair(SOCK_STREAM, a, b));
    b.reset();
    CHECK(send(a.get(), "x", 1, no_sigpipe_flag()) == -1);
}

TEST_CASE("the holder of a port is found where the system tells")
{
    const Fd fd = open_socket(AF_INET, SOCK_STREAM);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    CHECK(port_holder(ntohs(address.sin_port)).empty());  // bound, but not listening
    REQUIRE(listen(fd.get(), 1) == 0);
    const std::string holder = port_holder(ntohs(address.sin_port));
#ifdef __linux__
    CHECK(holder.ends_with(cat("(pid ", getpid(), ')')));
#else
    CHECK(holder.empty());
#endif
}
