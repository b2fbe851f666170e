// transport_tls_test.cc - the transport over TLS, a real OpenSSL client at the other end.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "server/transport.h"
#include "test/support/line.h"
#include "test/support/tls_peer.h"

using namespace ostler;
using namespace ostler::test;

namespace {

class TlsLine final : public BasicLine<TlsPeer> {
 public:
    explicit TlsLine(int receive_buffer = 0, int version = TLS1_3_VERSION)
        : context(make_server_context())
    {
        Sockets pair(receive_buffer);
        peer = std::make_unique<TlsPeer>(pair.client.release(), version);
        server_fd = pair.server.get();
        t = std::make_unique<Transport>(loop, pair.server.release(), owner(),
                                        accepting(context.get()));
    }
    /// The same with the handshake made and the tickets taken.
    static TlsLine open(int receive_buffer = 0, int version = TLS1_3_VERSION)
    {
        return TlsLine(receive_buffer, version, true);
    }
    bool shake_hands()
    {
        t->want_input(true);
        return until([&] { return peer->handshake() && !t->is_handshaking(); });
    }

    ContextOwner context;

 private:
    TlsLine(int receive_buffer, int version, bool) : TlsLine(receive_buffer, version)
    {
        REQUIRE(shake_hands());
        turns(3);
        peer->read();
        REQUIRE(peer->got.empty());
        t->want_input(false);
        wakes = 0;
    }
};

}  // namespace

// --- the handshake --------------------------------------------------------------------------

TEST_CASE("the handshake is made once input is wanted, and wakes nobody before there is something")
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        TlsLine line(0, version);
        CHECK(line.t->is_handshaking());
        line.peer->handshake();
        line.turns(5);
        CHECK_FALSE(line.peer->handshake());
        CHECK(line.shake_hands());
        line.turns(3);
        CHECK(line.wakes == 0);
        line.peer->send("abc");
        CHECK(line.until([&] { return line.t->input_size() == 3; }));
        CHECK(line.wakes == 1);
        CHECK(line.t->received() == 3);
    }
}

TEST_CASE("reading ahead of the loop leaves the handshake alone")
{
    TlsLine line;
    Buffer out;
    line.t->read_now();
    CHECK(line.t->read_into(out, 100) == 0);
    CHECK_FALSE(line.t->failed());
    CHECK(line.shake_hands());
}

TEST_CASE("plain HTTP instead of a handshake is told from other nonsense, and can be answered")
{
    for (const char* method : {"GET / HTTP/1.1\r\n\r\n", "POST /", "HEAD / H", "PUT /x H"}) {
        CAPTURE(method);
        TlsLine line;
        line.t->want_input(true);
        ::send(line.peer->fd(), method, std::strlen(method), 0);
        CHECK(line.until([&] { return line.t->failed(); }));
        CHECK(line.wakes > 0);
        CHECK(line.t->got_plain_http());
        REQUIRE(line.t->become_plain());
        CHECK_FALSE(line.t->failed());
        CHECK(line.t->tls() == nullptr);
        line.t->send("in the clear");
        char bytes[100] = {};
        CHECK(line.until([&] { return ::recv(line.peer->fd(), bytes, sizeof bytes, 0) == 12; }));
        CHECK(std::string_view(bytes) == "in the clear");
        line.t->want_input(true);
        ::send(line.peer->fd(), "more", 4, 0);
        CHECK(line.until([&] { return line.t->input_size() == 4; }));
    }
    for (const std::string_view nonsense :
         {"\x16\x03\x01\x00\x05hello", "SSH-2.0-x\r\n    ", "\0\0\0\0\0\0\0\0"}) {
        TlsLine line;
        line.t->want_input(true);
        ::send(line.peer->fd(), nonsense.data(), nonsense.size(), 0);
        line.peer->cut();
        CHECK(line.until([&] { return line.t->failed() || line.t->ended(); }));
        CHECK_FALSE(line.t->got_plain_http());
    }
}

TEST_CASE("a client that leaves during the handshake is an end or a failure, never a success")
{
    for (const bool reset : {false, true}) {
        TlsLine line;
        line.t->want_input(true);
        line.peer->handshake();
        if (reset)
            line.peer->reset();
        else
            line.peer->close();
        CHECK(line.until([&] { return line.t->failed() || line.t->ended(); }));
        CHECK(line.t->is_handshaking());
        CHECK(line.wakes > 0);
    }
}

// --- input ----------------------------------------------------------------------------------

TEST_CASE("over TLS nothing is read before it is wanted")
{
    TlsLine line = TlsLine::open();
    line.peer->send("abc");
    line.turns(5);
    CHECK(line.t->input_size() == 0);
    line.t->want_input(true);
    CHECK(line.until([&] { return line.t->input_size() == 3; }));
}

TEST_CASE("records that came along with others are found without news from the socket")
{
    // Read-ahead takes several records off the socket, which is not readable afterwards.
    for (const bool by_loop : {false, true}) {
        CAPTURE(by_loop);
        TlsLine line = TlsLine::open();
        for (int i = 0; i < 50; ++i) line.peer->send("0123456789");
        line.turns(2);
        if (!by_loop) {
            CHECK(line.until([&] {
                line.t->read_now();
                return line.t->input_size() > 0;
            }));
            CHECK(line.t->input_size() < 500);
        }
        line.t->want_input(true);
        CHECK(line.until([&] { return line.t->input_size() == 500; }));
        CHECK(line.wakes > 0);
        CHECK(line.t->received() == 500);
    }
}

TEST_CASE("what is left of a record is found by whoever wants input next")
{
    TlsLine line = TlsLine::open();
    const std::string sent = numbers(16'000);
    line.peer->send(sent);
    Buffer out;
    CHECK(line.until([&] { return line.t->read_into(out, 1000) > 0; }));
    CHECK(out.size() == 1000);
    line.turns(3);
    CHECK(line.wakes == 0);
    line.t->want_input(true);
    CHECK(line.wakes == 1);
    CHECK(line.t->input_size() == 15'000);
    CHECK(out.view() == sent.substr(0, 1000));
    CHECK(line.all_input() == sent.substr(1000));
    CHECK(line.t->received() == sent.size());
}

TEST_CASE("input over TLS goes on after it was not wanted for a while")
{
    // A read watermark of libevent's would stall here for ever.
    TlsLine line = TlsLine::open();
    const std::string sent = numbers(3'000'000);
    std::size_t gone = 0;
    std::string got;
    int pauses = 0;
    CHECK(line.until([&] {
        gone += line.peer->send(std::string_view(sent).substr(gone));
        line.t->want_input(line.t->input_size() < 20'000);
        if (line.t->input_size() >= 20'000) {
            ++pauses;
            CHECK(line.t->input_size() < 200'000);
            got += line.all_input();
            line.t->drop(line.t->input_size());
        }
        return got.size() + line.t->input_size() == sent.size();
    }));
    CHECK(pauses > 10);
    got += line.all_input();
    CHECK(got == sent);
}

TEST_CASE("with input not wanted, a peer that sends on is held back by the socket")
{
    TlsLine line = TlsLine::open();
    const std::string block(1 << 16, 'x');
    std::size_t gone = 0;
    for (int i = 0; i < 2000; ++i) {
        gone += line.peer->send(block);
        if (i % 50 == 0) line.turns(1);
    }
    CHECK(gone < 64u << 20);
    CHECK(line.t->input_size() == 0);
    CHECK(line.t->received() == 0);
}

TEST_CASE("reading past the loop over TLS: several records a call, and counted")
{
    TlsLine line = TlsLine::open();
    Buffer out;
    CHECK(line.t->read_into(out, 1000) == 0);
    const std::string sent = numbers(400'000);
    std::size_t gone = 0, largest = 0;
    CHECK(line.until([&] {
        gone += line.peer->send(std::string_view(sent).substr(gone));
        const std::size_t n = line.t->read_into(out, 64 * 1024);
        CHECK(n <= 64 * 1024);
        largest = std::max(largest, n);
        return out.size() == sent.size();
    }));
    CHECK(largest > 16 * 1024);
    CHECK(out.view() == sent);
    CHECK(line.t->received() == sent.size());
}

TEST_CASE("close_notify and a bare FIN are an end, a reset a failure, however they are met")
{
    enum class By { loop, read_now, read_into };
    enum class Way { notify, fin, reset };
    for (const By by : {By::loop, By::read_now, By::read_into}) {
        for (const Way way : {Way::notify, Way::fin, Way::reset}) {
            CAPTURE(static_cast<int>(by));
            CAPTURE(static_cast<int>(way));
            TlsLine line = TlsLine::open();
            Buffer out;
            if (by == By::loop) line.t->want_input(true);
            if (way == Way::notify) line.peer->half_close();
            if (way == Way::fin) line.peer->cut();
            if (way == Way::reset) line.peer->reset();
            CHECK(line.until([&] {
                if (by == By::read_now) line.t->read_now();
                if (by == By::read_into) line.t->read_into(out, 100);
                return line.t->ended() || line.t->failed();
            }));
            CHECK(line.t->failed() == (way == Way::reset));
            CHECK(line.t->ended() == (way != Way::reset));
            line.t->want_input(true);
            line.t->read_now();
            CHECK(line.t->read_into(out, 100) == 0);
            CHECK(line.t->input_size() == 0);
        }
    }
}

TEST_CASE("a peer that said close_notify still gets all of a long answer")
{
    // libevent stops writing when close_notify comes.
    for (const bool before : {false, true}) {
        CAPTURE(before);
        TlsLine line = TlsLine::open(8192);
        line.t->want_input(true);
        if (before) {
            line.peer->half_close();
            CHECK(line.until([&] { return line.t->ended(); }));
        }
        const std::string all = line.fill();
        if (!before) {
            line.peer->half_close();
            CHECK(line.until([&] { return line.t->ended(); }));
            CHECK(line.t->queued() > 0);
        }
        CHECK(line.until([&] { return line.peer->read().size() == all.size(); }));
        CHECK(line.t->queued() == 0);
        CHECK_FALSE(line.t->failed());
    }
}

TEST_CASE("a client of TLS 1.2 that asks for renegotiation is refused and may go on")
{
    TlsLine line = TlsLine::open(0, TLS1_2_VERSION);
    line.t->want_input(true);
    REQUIRE(SSL_renegotiate(line.peer->ssl()) == 1);
    line.peer->handshake();
    line.turns(5);
    line.peer->read();
    CHECK(line.peer->failed);
    CHECK(line.peer->why == "no renegotiation");
    CHECK(line.t->input_size() == 0);
}

TEST_CASE("nonsense after the handshake is a failure with a reason")
{
    TlsLine line = TlsLine::open();
    line.t->want_input(true);
    const std::string_view nonsense("\x17\x03\x03\x00\x20................................", 37);
    ::send(line.peer->fd(), nonsense.data(), nonsense.size(), 0);
    CHECK(line.until([&] { return line.t->failed(); }));
    CHECK(line.t->tls_fault() == "decryption failed or bad record mac");
    CHECK_FALSE(line.t->got_plain_http());
}

// --- output ---------------------------------------------------------------------------------

TEST_CASE("a head and a small body leave as one record, at once")
{
    TlsLine line = TlsLine::open();
    const std::string body(1000, 'b');
    iovec parts[] = {{const_cast<char*>("head "), 5},
                     {nullptr, 0},
                     {const_cast<char*>(body.data()), body.size()},
                     {nullptr, 0}};
    line.t->send(parts);
    CHECK(line.t->queued() == 0);
    CHECK(line.t->sent() == 1005);
    CHECK(line.until([&] { return line.peer->read() == "head " + body; }));
    CHECK(line.peer->records == 1);
    CHECK(line.wakes == 0);
    CHECK(line.until([&] { return line.t->acknowledged() == 1005; }));
}

TEST_CASE("what is longer than a record leaves in full ones, the head in the first")
{
    TlsLine line = TlsLine::open();
    const std::string body = numbers(50'000);
    iovec parts[] = {{const_cast<char*>("head "), 5},
                     {const_cast<char*>(body.data()), body.size()}};
    line.t->send(parts);
    CHECK(line.until([&] { return line.peer->read() == "head " + body; }));
    CHECK(line.peer->records == 4);
}

TEST_CASE("queued pieces are gathered into records, whatever pieces they are")
{
    TlsLine line = TlsLine::open();
    std::string all;
    for (int i = 0; i < 30; ++i) {
        Buffer chunk;
        const std::string content = numbers(2000);
        chunk.append(content);
        line.t->queue("7d0\r\n");
        line.t->queue(chunk);
        line.t->queue("\r\n");
        all += "7d0\r\n" + content + "\r\n";
        line.turns(1);
        CHECK(line.t->queued() == all.size());
        if (i == 29) line.t->flush();
    }
    CHECK(line.until([&] { return line.peer->read().size() == all.size(); }));
    CHECK(line.peer->got == all);
    CHECK(line.peer->records == all.size() / TlsWire::record_size + 1);
}

TEST_CASE("bytes arrive in the order they were handed over TLS, also when the socket is full")
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        TlsLine line = TlsLine::open(8192, version);
        std::string all = line.fill();
        CHECK(line.t->queued() > 0);
        CHECK(line.t->is_full());
        const std::string borrowed(3000, 'b');
        iovec parts[] = {{const_cast<char*>("1"), 1},
                         {const_cast<char*>(borrowed.data()), borrowed.size()}};
        line.t->send(parts);
        Buffer moved;
        moved.append("2222");
        line.t->queue(moved);
        line.t->queue("3333");
        line.t->send("4");
        line.t->flush();
        all += "1" + borrowed + "222233334";
        CHECK(line.t->handed() == all.size());
        CHECK(line.t->handed() - line.t->sent() == line.t->queued());
        CHECK(line.until([&] { return line.peer->read().size() == all.size(); }));
        CHECK(line.peer->got == all);
        CHECK(line.t->queued() == 0);
        CHECK_FALSE(line.t->is_full());
        CHECK(line.t->sent() == all.size());
        CHECK(line.wakes > 0);
    }
}

TEST_CASE("a slow reader's progress is seen record by record")
{
    TlsLine line = TlsLine::open(4096);
    const std::string block = numbers(16 << 20);
    line.t->send(block);
    std::uint64_t before = line.t->sent();
    CHECK(before < block.size());
    int steps = 0;
    CHECK(line.until([&] {
        line.peer->read(200'000);
        if (line.t->sent() > before) ++steps;
        before = line.t->sent();
        return line.t->queued() == 0;
    }));
    CHECK(steps > 5);
    CHECK(line.until([&] { return line.peer->read().size() == block.size(); }));
    CHECK(line.peer->got == block);
}

TEST_CASE("over TLS the owner hears when a full socket has room, and not in every turn after")
{
    TlsLine line = TlsLine::open(8192);
    const std::size_t size = line.fill().size();
    line.turns(5);
    const int before = line.wakes;
    line.turns(10);
    CHECK(line.wakes == before);
    CHECK(line.until([&] { return line.peer->read().size() == size; }));
    const int after = line.wakes;
    CHECK(after > before);
    line.turns(20);
    CHECK(line.wakes == after);
}

TEST_CASE("both directions at once, through full sockets")
{
    TlsLine line = TlsLine::open(8192);
    line.t->want_input(true);
    const std::string up = numbers(2'000'000);
    const std::string down = numbers(3'000'000);
    line.t->send(down);
    std::size_t gone = 0;
    std::string got;
    CHECK(line.until([&] {
        gone += line.peer->send(std::string_view(up).substr(gone));
        line.peer->read(100'000);
        got += line.all_input();
        line.t->drop(line.t->input_size());
        line.t->want_input(true);
        return got.size() == up.size() && line.peer->got.size() == down.size();
    }));
    CHECK(got == up);
    CHECK(line.peer->got == down);
}

TEST_CASE("writing over TLS to a peer that was reset is a failure, not a signal")
{
    for (const bool queued : {false, true}) {
        CAPTURE(queued);
        TlsLine line = TlsLine::open();
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
    TlsLine line = TlsLine::open(8192);
    line.fill();
    const int before = line.wakes;
    line.peer->reset();
    CHECK(line.until([&] { return line.t->failed(); }));
    CHECK(line.wakes > before);
}

// --- files ----------------------------------------------------------------------------------

TEST_CASE("a file over TLS comes in full records behind its head, no more a call than allowed")
{
    Scratch folder;
    OpenFile file(folder, numbers(150'000));
    TlsLine line = TlsLine::open();
    line.t->send("the head\r\n\r\n", true);
    CHECK(line.t->queued() == 12);
    CHECK_FALSE(line.t->is_full());
    CHECK(line.t->send_file(file, 100'000) == Transport::FileSent::some);
    CHECK(file.range.offset == 100'000);
    CHECK(line.t->handed() == 100'012);
    CHECK(line.until([&] { return !line.t->is_full(); }));
    CHECK(line.t->send_file(file, 100'000) == Transport::FileSent::some);
    CHECK(file.range.length == 0);
    CHECK(line.until([&] { return line.peer->read().size() == 150'012; }));
    CHECK(line.peer->got == "the head\r\n\r\n" + numbers(150'000));
    CHECK(line.peer->records <= 12);
}

TEST_CASE("a file over TLS goes on when a full socket has room again, with bounded memory")
{
    Scratch folder;
    const std::string content = numbers(6 << 20);
    OpenFile file(folder, content);
    TlsLine line = TlsLine::open(8192);
    int later = 0;
    CHECK(line.until([&] {
        while (file.range.length > 0) {
            const auto got = line.t->send_file(file, 1 << 20);
            CHECK(line.t->queued() <= 128 * 1024);
            if (got == Transport::FileSent::some) continue;
            REQUIRE(got == Transport::FileSent::later);
            ++later;
            break;
        }
        line.peer->read(1 << 18);
        return file.range.length == 0;
    }));
    CHECK(later > 0);
    CHECK(line.until([&] { return line.peer->read().size() == content.size(); }));
    CHECK(line.peer->got == content);
    CHECK_FALSE(line.t->failed());
}

TEST_CASE("over TLS a file that ends before its range is found out, and its head is sent")
{
    Scratch folder;
    OpenFile file(folder, std::string(1000, 'x'));
    file.range.length = 5000;
    TlsLine line = TlsLine::open();
    line.t->send("head", true);
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::truncated);
    CHECK_FALSE(line.t->failed());
    CHECK(line.until([&] { return line.peer->read().size() == 1004; }));
}

TEST_CASE("over TLS a file beyond 4 GiB is sent from the right place")
{
    Scratch folder;
    OpenFile file(folder, "");
    const std::uint64_t far = (std::uint64_t{1} << 32) + 12'345;
    REQUIRE(::pwrite(file.fd.get(), "far away", 8, static_cast<off_t>(far)) == 8);
    file.range = {file.fd.get(), far, 8};
    TlsLine line = TlsLine::open();
    CHECK(line.t->send_file(file, 1 << 20) == Transport::FileSent::some);
    CHECK(line.until([&] { return line.peer->read() == "far away"; }));
}

// --- closing --------------------------------------------------------------------------------

TEST_CASE("shutting our side down says close_notify and leaves the other open")
{
    TlsLine line = TlsLine::open();
    line.t->want_input(true);
    line.t->send("bye");
    line.t->shutdown_write();
    CHECK(line.until([&] { return line.peer->is_over(); }));
    CHECK(line.peer->got == "bye");
    CHECK(line.peer->ended);
    line.peer->send("thanks");
    CHECK(line.until([&] { return line.t->input_size() == 6; }));
}

TEST_CASE("the end of the transport says close_notify, unless something was left unsaid")
{
    enum class Way { clean, abortive, unsent };
    for (const Way way : {Way::clean, Way::abortive, Way::unsent}) {
        CAPTURE(static_cast<int>(way));
        TlsLine line = TlsLine::open(8192);
        if (way == Way::abortive) line.t->make_close_abortive();
        if (way == Way::unsent) line.fill();
        line.t.reset();
        CHECK(line.until([&] { return line.peer->is_over(); }));
        CHECK(line.peer->ended == (way == Way::clean));
        CHECK(line.peer->was_reset == (way == Way::abortive));
        CHECK(line.peer->was_cut == (way == Way::unsent));
        CHECK(line.until([&] { return ::fcntl(line.server_fd, F_GETFD) == -1; }));
    }
}
