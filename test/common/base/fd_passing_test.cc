// fd_passing_test.cc - descriptors that travel.
#include "common/base/fd_passing.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/base/platform.h"

using namespace ostler;

namespace {

struct Pair {
    Pair() { REQUIRE(open_socket_pair(SOCK_STREAM, one, other)); }
    Fd one, other;
};

ssize_t send(int socket, std::string text, std::initializer_list<int> fds)
{
    iovec part{text.data(), text.size()};
    return send_with_fds(socket, {&part, 1}, {fds.begin(), fds.size()});
}

}  // namespace

TEST_CASE("descriptors come with the first byte, in their order, close-on-exec")
{
    Pair pair;
    Fd reader, writer;
    REQUIRE(open_pipe(reader, writer));
    CHECK(send(pair.one.get(), "ab", {reader.get(), writer.get()}) == 2);
    char byte = 0;
    Fd got[3];
    CHECK(receive_with_fds(pair.other.get(), &byte, 1, got) == 1);
    CHECK(byte == 'a');
    REQUIRE(got[1]);
    CHECK_FALSE(got[2]);
    CHECK(::fcntl(got[0].get(), F_GETFD) == FD_CLOEXEC);
    CHECK(::write(got[1].get(), "x", 1) == 1);
    CHECK(::read(got[0].get(), &byte, 1) == 1);
    CHECK(byte == 'x');
    CHECK(receive_with_fds(pair.other.get(), &byte, 1, got) == 1);
    CHECK(byte == 'b');
    CHECK_FALSE(got[0]);
}

TEST_CASE("more descriptors than there is room for are an error, and closed")
{
    Pair pair;
    Fd reader, writer;
    REQUIRE(open_pipe(reader, writer));
    CHECK(send(pair.one.get(), "a", {writer.get(), writer.get()}) == 1);
    writer.reset();
    char byte = 0;
    Fd got[1];
    CHECK(receive_with_fds(pair.other.get(), &byte, 1, got) == -1);
    CHECK(errno == EBADMSG);
    CHECK_FALSE(got[0]);
    CHECK(::read(reader.get(), &byte, 1) == 0);  // nobody holds the other end
}

TEST_CASE("nothing there, and nobody there")
{
    Pair pair;
    char byte = 0;
    CHECK(receive_with_fds(pair.other.get(), &byte, 1, {}) == -1);
    CHECK(errno == EAGAIN);
    pair.one.reset();
    CHECK(receive_with_fds(pair.other.get(), &byte, 1, {}) == 0);
    CHECK(send(pair.other.get(), "a", {}) == -1);
    CHECK(errno == EPIPE);
}
