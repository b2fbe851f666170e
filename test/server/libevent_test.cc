// libevent_test.cc - what libevent 2.1 does, and that our connections behave rightly all the same.
//
// The facts are those of ARCHITECTURE.md.  Where the test of a part says it best, it is there:
//   all that concern TLS                                                transport_tls_test.cc, h1_tls_test.cc
//   the stock listener spins on EMFILE and drains the whole backlog     listener_test.cc
//   timeouts are inactivity timers: one byte a second never fires them  h1_test.cc, h1_watch_test.cc
//   with EV_READ off, a client that leaves is not seen                  transport_test.cc, h1_watch_test.cc
//   EVENT_* variables change the backend                                loop_test.cc
//   EVLOOP_NONBLOCK does not end while anything is ready                loop_test.cc
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <string>

#include "server/signals.h"
#include "test/support/connection.h"
#include "test/support/content.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

// --- files: sendfile(2) that would block looks like the end; one call is unbounded; mmap ----------


namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A part of a file, sent by the transport itself or pulled.
class PlainFile final : public Body {
 public:
    PlainFile(int fd, std::uint64_t size) : range_{fd, 0, size} {}
    Pull pull(Buffer& out, std::size_t max) override
    {
        ++pulls;
        std::string part(static_cast<std::size_t>(std::min<std::uint64_t>(max, range_.length)), '\0');
        const ssize_t n = ::pread(range_.fd, part.data(), part.size(), static_cast<off_t>(range_.offset));
        if (n <= 0) return Pull::fail;
        out.append(std::string_view(part).substr(0, static_cast<std::size_t>(n)));
        sent(static_cast<std::uint64_t>(n));
        return range_.length == 0 ? Pull::end : Pull::more;
    }
    std::optional<std::uint64_t> size() const override { return range_.length; }
    const FileRange* file() const override { return &range_; }
    void sent(std::uint64_t count) override
    {
        range_.offset += count;
        range_.length -= count;
        largest = std::max(largest, count);
    }
    int pulls = 0;
    std::uint64_t largest = 0;

 private:
    FileRange range_;
};

struct TestFile {
    explicit TestFile(std::size_t size)
    {
        std::string content;
        for (std::size_t i = 0; content.size() < size; ++i) append(content, i, ' ');
        content.resize(size);
        scratch.write("file", content);
        fd = Fd(::open(scratch.path("file").c_str(), O_RDWR));
        text = content;
    }
    Scratch scratch;
    std::string text;
    Fd fd;
};

}  // namespace

TEST_CASE("a file goes out whole and unpulled, segment by segment, through a socket that is full")
{
    TestFile file(9'000'000);
    Rig rig;
    PlainFile body(file.fd.get(), file.text.size());
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect(8192);
    peer.send(get);
    rig.settle();
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].body == file.text);
    CHECK(body.pulls == 0);
    CHECK(body.largest <= 1 << 20);
    CHECK_FALSE(replies[0].closes());
}

TEST_CASE("a file that became shorter while it is sent ends the connection, and nothing else")
{
    TestFile file(9'000'000);
    Rig rig;
    PlainFile body(file.fd.get(), file.text.size());
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect(8192);
    peer.send(get);
    rig.settle();
    REQUIRE(::ftruncate(file.fd.get(), 100) == 0);
    CHECK(rig.until([&] { return peer.is_over(); }));
    ReplyReader reader;
    const auto replies = reader.read(peer.got, {}, peer.ended);
    REQUIRE(replies.size() == 1);
    CHECK_FALSE(replies[0].complete);
    CHECK(rig.clients().count() == 0);
}

TEST_CASE("an empty file is an empty answer")
{
    TestFile file(0);
    Rig rig;
    PlainFile body(file.fd.get(), 0);
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect();
    const Reply r = rig.ask(peer, get);
    CHECK(r.get("Content-Length") == "0");
    CHECK(r.complete);
    CHECK_FALSE(peer.is_over());
}

TEST_CASE("a client as fast as the socket gets at most a segment of a file in one turn")
{
    // libevent's own chain of a file moved 48 MB in one call, and the loop stood still for 200 ms.
    TestFile file(30'000'000);
    Rig rig;
    PlainFile body(file.fd.get(), file.text.size());
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect();
    peer.send(get);
    std::uint64_t left = file.text.size();
    CHECK(rig.until([&] {
        CHECK(left - body.size().value() <= 1 << 20);
        left = body.size().value();
        peer.read();
        return peer.got.size() > file.text.size();
    }));
    CHECK(rig.replies(peer, 1).at(0).complete);
}

// --- closing: bufferevent_free() drops what is unsent, and unread input makes it an RST ----------

TEST_CASE("an answer that is not out yet is not cut by the close that follows it")
{
    for (const std::string_view version : {"1.0", "1.1"}) {
        CAPTURE(version);
        static const std::string large(8'000'000, 'x');
        Rig rig;
        rig.hooks().content = say(large);
        TestClient peer = rig.connect(8192);
        peer.send(cat("GET / HTTP/", version, "\r\nHost: a\r\nConnection: close\r\n\r\n"));
        rig.settle();
        CHECK(rig.clients().count() == 1);
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].body.size() == large.size());
        CHECK(rig.until([&] { return peer.is_over(); }));
        CHECK(peer.ended);
    }
}

TEST_CASE("an answer that closes while the client still sends reaches it, with FIN")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) {
        x.response.close = true;
        return x.reply(Code::forbidden);
    };
    TestClient peer = rig.connect();
    peer.send(post("Content-Length: 1000000\r\n", std::string(100'000, 'x')));
    int sent = 0;
    CHECK(rig.until([&] {
        if (++sent < 20) peer.send(std::string(10'000, 'x'));
        return peer.is_over();
    }));
    CHECK(peer.ended);
    CHECK_FALSE(peer.was_reset);
    CHECK(peer.got.starts_with("HTTP/1.1 403 "));
    peer.close();
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

// --- reading: 4 KiB at a time, and for as long as EV_READ is on -----------------------------------

TEST_CASE("a client that sends without pause keeps neither us nor the others from working")
{
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = std::uint64_t{1} << 40; });
    rig.hooks().content = [](Exchange& x) {
        if (x.request.is_get_or_head()) return say("hi")(x);
        return Step::wait;  // never pulls
    };
    TestClient loud = rig.connect(), modest = rig.connect();
    loud.send(post("Content-Length: 1000000000000\r\n"));
    const std::string flood(1 << 20, 'x');
    std::size_t taken = 0;
    for (int round = 0; round < 10; ++round) {
        modest.got.clear();
        modest.send(get);
        CHECK(rig.until([&] {
            taken += loud.send(flood);
            return modest.read().ends_with("hi");
        }));
    }
    CHECK(taken < 32 << 20);
}

// --- SIGPIPE is not masked by libevent ------------------------------------------------------------

TEST_CASE("a worker survives writing to a client that was reset, by every way of writing")
{
    TestFile file(5'000'000);
    const int pid = fork_child(ForkSignals::left_to_master);
    REQUIRE(pid >= 0);
    if (pid == 0) {
        alarm(60);
        for (int way = 0; way < 3; ++way) {
            struct sigaction now;
            sigaction(SIGPIPE, nullptr, &now);
            if (now.sa_handler != SIG_IGN) _exit(2);
            Rig rig;
            EndlessBody endless(1 << 30);
            PlainFile plain(file.fd.get(), file.text.size());
            static const std::string large(5'000'000, 'x');
            if (way == 0) rig.hooks().content = answer_with(endless);
            if (way == 1) rig.hooks().content = answer_with(plain);
            if (way == 2) rig.hooks().content = say(large);
            TestClient peer = rig.connect(8192);
            peer.send(get);
            if (!rig.until([&] { return !peer.read(1).empty(); })) _exit(3);
            rig.settle();
            peer.reset();
            if (!rig.until([&] { return rig.clients().count() == 0; })) _exit(4);
        }
        _exit(0);
    }
    int status = -1;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
