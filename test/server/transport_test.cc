// transport_test.cc - one connection as bytes, over a loopback socket.
#include "server/transport.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "test/support/line.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Line final : BasicLine<TestClient> {
    explicit Line(int receive_buffer = 0)
    {
        Sockets pair(receive_buffer);
        peer = std::make_unique<TestClient>(pair.client.release());
        server_fd = pair.server.get();
        t = std::make_unique<Transport>(loop, pair.server.release(), owner());
    }
};

}  // namespace

// --- input ----------------------------------------------------------------------------------

TEST_CASE("nothing is read before it is wanted")
{
    Line line;
    line.peer->send("abc");
    line.turns(5);
    CHECK(line.t->input_size() == 0);
    CHECK(line.t->received() == 0);
    line.t->want_input(true);
    CHECK(line.until([&] { return line.t->input_size() == 3; }));
    CHECK(line.wakes == 1);
    CHECK(line.t->received() == 3);
}

TEST_CASE("input is seen from any offset, taken, dropped and moved, and counted once")
{
    Line line;
    line.t->want_input(true);
    std::string sent;
    for (int i = 0; i < 3000; ++i) append(sent, i, ' ');
    for (std::size_t at = 0; at < sent.size(); at += 1000) {
        line.peer->send(sent.substr(at, 1000));
        line.turns(1);
    }
    CHECK(line.until([&] { return line.t->input_size() == sent.size(); }));
    CHECK(line.all_input() == sent);
    for (std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{999}, std::size_t{5000}, sent.size() - 1})
        CHECK(std::string_view(sent).substr(at).starts_with(line.t->input_at(at)));
    CHECK(line.t->input_at(sent.size()).empty());
    CHECK(line.t->input_at(sent.size() + 1).empty());

    char start[10];
    line.t->take(start, sizeof start);
    CHECK(std::string_view(start, 10) == sent.substr(0, 10));
    line.t->drop(90);
    Buffer out;
    CHECK(line.t->take_into(out, 900) == 900);
    CHECK(out.view() == sent.substr(100, 900));
    CHECK(line.all_input() == sent.substr(1000));
    CHECK(line.t->received() == sent.size());
    line.peer->send("more");
    CHECK(line.until([&] { return line.t->received() == sent.size() + 4; }));
    CHECK(line.t->take_into(out, 1 << 20) == sent.size() - 1000 + 4);
    CHECK(line.t->take_into(out, 1 << 20) == 0);
}

TEST_CASE("reading past the loop: at once, in one piece, and counted")
{
    Line line;
    Buffer out;
    CHECK(line.t->read_into(out, 1000) == 0);
    CHECK_FALSE(line.t->ended());
    const std::string sent(200'000, 'x');
    std::size_t gone = 0;
    std::size_t largest = 0;
    while (out.size() < sent.size()) {
        gone += line.peer->send(std::string_view(sent).substr(gone));
        const std::size_t n = line.t->read_into(out, 64 * 1024);
        CHECK(n <= 64 * 1024);
        largest = std::max(largest, n);
    }
    CHECK(largest > 16 * 1024);
    CHECK(out.view() == sent);
    CHECK(line.t->received() == sent.size());
    line.peer->send("tail");
    CHECK(line.until([&] {
        line.t->read_now();
        return line.t->input_size() == 4;
    }));
    CHECK(line.t->received() == sent.size() + 4);
    CHECK(line.wakes == 0);
}

TEST_CASE("the peer's end is an end, its reset a failure, however it is met")
{
    enum class By { loop, read_now, read_into };
    for (const By by : {By::loop, By::read_now, By::read_into}) {
        for (const bool reset : {false, true}) {
            CAPTURE(static_cast<int>(by));
            CAPTURE(reset);
            Line line;
            Buffer out;
            if (by == By::loop) line.t->want_input(true);
            if (reset) line.peer->reset();
            else line.peer->close();
            CHECK(line.until([&] {
                if (by == By::read_now) line.t->read_now();
                if (by == By::read_into) line.t->read_into(out, 100);
                return line.t->ended() || line.t->failed();
            }));
            CHECK(line.t->failed() == reset);
            CHECK(line.t->ended() == !reset);
            CHECK(line.t->leaving() == !reset);
            // Whoever goes on asking gets nothing.
            line.t->want_input(true);
            line.t->read_now();
            CHECK(line.t->read_into(out, 100) == 0);
            CHECK(line.t->input_size() == 0);
        }
    }
}

TEST_CASE("bytes before the end can still be read, in whatever order both were noticed")
{
    Line line;
    if (!line.loop.reports_close()) return;
    line.t->want_input(true);
    line.t->want_input(false);
    line.peer->send("last words");
    line.peer->half_close();
    CHECK(line.until([&] { return line.t->leaving(); }));
    CHECK(line.wakes > 0);
    CHECK_FALSE(line.t->ended());
    line.t->want_input(true);
    CHECK(line.until([&] { return line.t->ended(); }));
    CHECK(line.all_input() == "last words");
}

TEST_CASE("a peer that left is told once, not in every turn")
{
    Line line;
    line.t->want_input(true);
    line.t->want_input(false);
    line.peer->send("unread");
    line.peer->close();
    line.turns(30);
    CHECK(line.wakes <= 1);
    CHECK(line.wakes == (line.loop.reports_close() ? 1 : 0));
}

// --- output ---------------------------------------------------------------------------------

TEST_CASE("what the socket takes is gone when send returns")
{
    Line line;
    iovec parts[] = {{const_cast<char*>("one "), 4}, {nullptr, 0}, {const_cast<char*>("two"), 3}};
    line.t->send(parts);
    CHECK(line.t->queued() == 0);
    CHECK(line.t->sent() == 7);
    CHECK(line.until([&] { return line.peer->read() == "one two"; }));
    CHECK(line.wakes == 0);
    CHECK(line.until([&] { return line.t->acknowledged() == 7; }));
}

TEST_CASE("bytes arrive in the order they were handed over, also when the socket is full")
{
    Line line(8192);
    std::string all = line.fill();
    CHECK(line.t->queued() > 0);
    const std::string borrowed(3000, 'b');
    iovec parts[] = {{const_cast<char*>("1"), 1}, {const_cast<char*>(borrowed.data()), borrowed.size()}};
    line.t->send(parts);
    Buffer moved;
    moved.append("2222");
    line.t->queue(moved);
    CHECK(moved.empty());
    line.t->queue("3333");
    line.t->send("4");
    line.t->flush();
    all += "1" + borrowed + "222233334";
    CHECK(line.t->handed() == all.size());
    CHECK(line.t->handed() - line.t->sent() == line.t->queued());
    CHECK(line.until([&] { return line.peer->read().size() == all.size(); }));
    CHECK(line.peer->got == all);
    CHECK(line.t->queued() == 0);
    CHECK(line.t->sent() == all.size());
    CHECK(line.wakes > 0);
}

TEST_CASE("what is queued waits for flush, and flush writes it at once")
{
    Line line;
    line.t->queue("abc");
    line.turns(5);
    CHECK(line.peer->read().empty());
    CHECK(line.t->queued() == 3);
    line.t->flush();
    CHECK(line.t->queued() == 0);
    CHECK(line.until([&] { return line.peer->read() == "abc"; }));
}

TEST_CASE("the owner hears when a full socket has room, and not in every turn after")
{
    Line line(8192);
    const std::size_t size = line.fill().size();
    const int before = line.wakes;
    line.turns(10);
    CHECK(line.wakes == before);
    CHECK(line.until([&] { return line.peer->read().size() == size; }));
    CHECK(line.t->queued() == 0);
    const int after = line.wakes;
    CHECK(after > before);
    line.turns(20);
    CHECK(line.wakes == after);
}

TEST_CASE("what the peer has not acknowledged does not count as progress")
{
    Line line(4096);
    line.fill();
    line.turns(20);
    const std::uint64_t stuck = line.t->acknowledged();
    CHECK(stuck < line.t->sent());
    line.turns(20);
    CHECK(line.t->acknowledged() == stuck);
    CHECK(line.until([&] {
        line.peer->read(1 << 20);
        return line.t->acknowledged() > stuck;
    }));
}

TEST_CASE("a Unix-domain socket never acknowledges more than was sent")
{
    // The kernel counts its own overhead there: more than the bytes themselves.
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    make_nonblocking(ends[0]);
    TestClient peer(ends[1]);
    struct Nobody final : Waker {
        void wake() override {}
    } nobody;
    Loop loop(event_backend());
    Transport t(loop, ends[0], nobody);
    for (int i = 0; i < 10; ++i) {
        t.send("x");
        CHECK(t.acknowledged() <= t.sent());
    }
    peer.read();
    CHECK(t.acknowledged() == 10);
}

TEST_CASE("writing to a peer that was reset is a failure, not a signal")
{
    for (const bool queued : {false, true}) {
        CAPTURE(queued);
        Line line;
        line.peer->reset();
        line.turns(3);
        CHECK(line.until([&] {
            if (queued) {
                line.t->queue("x");
                line.t->flush();
            } else {
                line.t->send("x");
            }
            return line.t->failed();
        }));
        line.t->send("more");
        line.t->flush();
        CHECK(line.t->failed());
    }
}

TEST_CASE("a peer that is reset while we wait for room fails the transport and wakes the owner")
{
    Line line(8192);
    line.fill();
    const int before = line.wakes;
    line.peer->reset();
    CHECK(line.until([&] { return line.t->failed(); }));
    CHECK(line.wakes > before);
}

// --- files ----------------------------------------------------------------------------------

TEST_CASE("one call sends no more of a file than it was allowed to")
{
    Scratch folder;
    OpenFile file(folder, std::string(5 << 20, 'x'));
    Line line;
    CHECK(line.until([&] {
        const std::uint64_t before = line.t->handed();
        const auto got = line.t->send_file(file, 10'000);
        CHECK(line.t->handed() - before <= 10'000);
        line.peer->read();
        return got != Transport::FileSent::some || file.range.length == 0;
    }));
    CHECK(line.t->handed() == file.range.offset);
}

TEST_CASE("a full socket is no end of file: the owner is woken when there is room again")
{
    Scratch folder;
    std::string content;
    for (int i = 0; content.size() < 6 << 20; ++i) append(content, i, ' ');
    OpenFile file(folder, content);
    Line line(8192);
    int later = 0;
    CHECK(line.until([&] {
        for (;;) {
            const auto got = line.t->send_file(file, 1 << 20);
            if (file.range.length == 0) return true;
            if (got == Transport::FileSent::some) continue;
            REQUIRE(got == Transport::FileSent::later);
            ++later;
            break;
        }
        const int before = line.wakes;
        line.turns(3);
        CHECK(line.wakes == before);
        while (line.wakes == before) {
            line.peer->read(1 << 18);
            line.turns(1);
        }
        return false;
    }));
    CHECK(later > 0);
    CHECK_FALSE(line.t->failed());
    CHECK_FALSE(line.t->ended());
    CHECK(line.until([&] { return line.peer->read().size() == content.size(); }));
    CHECK(line.peer->got == content);
}

TEST_CASE("a file that ends before its range is found out")
{
    Scratch folder;
    OpenFile file(folder, std::string(1000, 'x'));
    file.range.length = 5000;
    Line line;
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::some);
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::truncated);
    CHECK_FALSE(line.t->failed());
}

TEST_CASE("a file beyond 4 GiB is sent from the right place")
{
    Scratch folder;
    OpenFile file(folder, "");
    const std::uint64_t far = (std::uint64_t{1} << 32) + 12'345;
    REQUIRE(::pwrite(file.fd.get(), "far away", 8, static_cast<off_t>(far)) == 8);
    file.range = {file.fd.get(), far, 8};
    Line line;
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::some);
    CHECK(line.until([&] { return line.peer->read() == "far away"; }));
}

TEST_CASE("a file to a peer that is gone fails")
{
    Scratch folder;
    OpenFile file(folder, std::string(1 << 20, 'x'));
    Line line;
    line.peer->reset();
    line.turns(3);
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::failed);
    CHECK(line.t->failed());
}

// --- closing --------------------------------------------------------------------------------

TEST_CASE("shutting our side down leaves the other open")
{
    Line line;
    line.t->want_input(true);
    line.t->send("bye");
    line.t->shutdown_write();
    CHECK(line.until([&] { return line.peer->is_over(); }));
    CHECK(line.peer->got == "bye");
    CHECK(line.peer->ended);
    line.peer->send("thanks");
    CHECK(line.until([&] { return line.t->input_size() == 6; }));
}

TEST_CASE("the socket is closed with the transport: with FIN, or with RST when that is meant")
{
    for (const bool abort : {false, true}) {
        CAPTURE(abort);
        Line line;
        if (abort) line.t->make_close_abortive();
        line.t.reset();
        CHECK(line.until([&] { return line.peer->is_over(); }));
        CHECK(line.peer->was_reset == abort);
        CHECK(::fcntl(line.server_fd, F_GETFD) == -1);
    }
}

TEST_CASE("a transport with everything armed can be destroyed in the turn in which it is woken")
{
    Line line(8192);
    line.fill();
    line.t->want_input(true);
    line.t->want_input(false);
    line.t->want_input(true);
    line.peer->send("x");
    line.peer->read();
    CHECK(line.until([&] { return line.wakes > 0; }));
    line.t.reset();
    line.turns(5);
    CHECK(line.until([&] { return line.peer->is_over(); }));
}
