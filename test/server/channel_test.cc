// channel_test.cc - messages between master and worker, good and malformed.
#include "server/channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "common/base/platform.h"

using namespace ostler;

namespace {

struct Pair {
    Pair() { REQUIRE(make_channel(master, worker)); }
    Fd master;
    Fd worker;
    Message message;
    Fd fd;
};

}  // namespace

TEST_CASE("a message arrives as it was sent, counters included")
{
    Pair p;
    Message sent{Order::alive};
    sent.connections = 7;
    sent.longest_turn_us = 1234;
    sent.requests = 5'000'000'000;
    REQUIRE(send_message(p.worker.get(), sent));
    REQUIRE(receive_message(p.master.get(), p.message, p.fd) == Received::message);
    CHECK(p.message.order == Order::alive);
    CHECK(p.message.connections == 7);
    CHECK(p.message.longest_turn_us == 1234);
    CHECK(p.message.requests == 5'000'000'000);
    CHECK(!p.fd);
    CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::none);
}

TEST_CASE("messages keep their order and their bounds")
{
    Pair p;
    for (std::uint32_t i = 0; i < 50; ++i)
        REQUIRE(send_message(p.master.get(), Message{Order::drain, i}));
    for (std::uint32_t i = 0; i < 50; ++i) {
        REQUIRE(receive_message(p.worker.get(), p.message, p.fd) == Received::message);
        CHECK(p.message.value == i);
    }
}

TEST_CASE("a descriptor travels along and is closed on exec")
{
    Pair p;
    Fd reader;
    Fd writer;
    REQUIRE(open_pipe(reader, writer));
    REQUIRE(send_message(p.master.get(), Message{Order::reopen_log, 3}, writer.get()));
    writer.reset();
    REQUIRE(receive_message(p.worker.get(), p.message, p.fd) == Received::message);
    REQUIRE(p.fd);
    CHECK((fcntl(p.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    REQUIRE(write(p.fd.get(), "x", 1) == 1);
    char c = 0;
    CHECK(read(reader.get(), &c, 1) == 1);
    CHECK(c == 'x');
}

TEST_CASE("the end of the other side is noticed by both")
{
    Pair p;
    p.worker.reset();
    CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::closed);
    CHECK(!send_message(p.master.get(), Message{Order::stop}));
}

TEST_CASE("what is said before the end is still heard")
{
    Pair p;
    REQUIRE(send_message(p.worker.get(), Message{Order::ready}));
    p.worker.reset();
    CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::message);
    CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::closed);
}

TEST_CASE("what is not a message closes the channel")
{
    struct Row {
        const char* what;
        std::string bytes;
    };
    const Row rows[] = {
        {"too short", std::string(5, '\0')},
        {"an order that does not exist", std::string("\x63\0\0\0", 4) + std::string(20, '\0')},
        {"all ones", std::string(24, '\xff')},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Pair p;
        REQUIRE(send(p.worker.get(), row.bytes.data(), row.bytes.size(), 0) > 0);
        CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::closed);
    }
}

TEST_CASE("two descriptors in one message close the channel and none is kept")
{
    Pair p;
    const int fds[2] = {p.master.get(), p.worker.get()};
    char bytes[24] = {};
    iovec part{bytes, sizeof bytes};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control;
    head.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&head);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fds);
    std::memcpy(CMSG_DATA(c), fds, sizeof fds);
    REQUIRE(sendmsg(p.worker.get(), &head, 0) == sizeof bytes);
    CHECK(receive_message(p.master.get(), p.message, p.fd) == Received::closed);
}

TEST_CASE("a full channel refuses instead of blocking, and works again once it is read")
{
    Pair p;
    int sent = 0;
    while (sent < 1'000'000 && send_message(p.master.get(), Message{Order::drain})) ++sent;
    CHECK(sent > 0);
    REQUIRE(sent < 1'000'000);
    int received = 0;
    while (receive_message(p.worker.get(), p.message, p.fd) == Received::message) ++received;
    CHECK(received == sent);
    CHECK(send_message(p.master.get(), Message{Order::stop}));
}
