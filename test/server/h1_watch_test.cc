// h1_watch_test.cc - clients that are slow, stall, close their side or leave during an exchange.
#include <doctest/doctest.h>

#include <string>

#include "test/support/connection.h"
#include "test/support/content.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string get_path(std::string_view path) { return cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"); }

Step say_path(Exchange& x)
{
    x.response.body = x.arena.make<BytesBody>(x.request.path);
    return x.reply(Code::ok);
}

}  // namespace

// --- clients that leave ----------------------------------------------------------------------

TEST_CASE("a client that sent its request and closed its side gets the whole answer")
{
    Rig rig;
    static const std::string large(3'000'000, 'x');
    rig.hooks().content = say(large);
    TestClient peer = rig.connect();
    peer.send(get);
    peer.half_close();
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].complete);
    CHECK(replies[0].body.size() == large.size());
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

TEST_CASE("a client that pipelined and closed its side gets every answer")
{
    Rig rig;
    Suspended module;
    rig.hooks().content = [&](Exchange& x) {
        return x.request.path == "/a" ? module.hook()(x) : say_path(x);
    };
    TestClient peer = rig.connect();
    peer.send(cat(get_path("/a"), get_path("/b"), get_path("/c")));
    peer.half_close();
    CHECK(rig.until([&] { return module.alive == 1; }));
    rig.settle();
    module.x->resume(say_path(*module.x));
    const auto replies = rig.replies(peer, 3);
    REQUIRE(replies.size() == 3);
    CHECK(replies[2].body == "/c");
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

TEST_CASE("half a head and then the end is closed without a word")
{
    Rig rig;
    TestClient peer = rig.connect();
    peer.send("GET / HT");
    peer.half_close();
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.got.empty());
    CHECK(rig.clients().count() == 0);
}

TEST_CASE("a client that vanishes cancels its exchange, whose state is destroyed")
{
    for (const bool politely : {true, false}) {
        CAPTURE(politely);
        Rig rig;
        Suspended module;
        int logged = 0;
        rig.hooks().content = module.hook();
        rig.hooks().log = [&](const Exchange& x) {
            ++logged;
            CHECK_FALSE(x.traffic.complete);
        };
        TestClient peer = rig.connect();
        peer.send(get);
        CHECK(rig.until([&] { return module.alive == 1; }));
        if (politely) peer.close();
        else peer.reset();
        CHECK(rig.until([&] {
            rig.skip(1s);
            return module.alive == 0;
        }));
        CHECK(logged == 1);
        CHECK(rig.clients().count() == 0);
    }
}

TEST_CASE("a client that vanishes with unread pipelined bytes cancels its exchange, too")
{
    Rig rig;
    if (!rig.loop.reports_close()) return;  // nothing else could tell
    Suspended module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    std::string flood;
    while (flood.size() < 90'000) flood += get;  // more, and the FIN would not get in
    CHECK(rig.send(peer, flood));
    CHECK(rig.until([&] { return module.alive == 1; }));
    rig.settle();
    peer.close();
    CHECK(rig.until([&] {
        rig.skip(1s);
        return module.alive == 0;
    }));
    CHECK(rig.clients().count() == 0);
}

TEST_CASE("a client that was reset before we looked is forgotten at once")
{
    Rig rig;
    Sockets pair;
    TestClient peer(pair.client.release());
    peer.reset();
    rig.adopt(pair.server.release());
    rig.settle();
    CHECK(rig.clients().count() == 0);
}

// --- slow clients -----------------------------------------------------------------------------------

TEST_CASE("a body that does not come gets 408, whenever its first pull was")
{
    for (const bool late : {false, true}) {
        CAPTURE(late);
        Rig rig;
        Exchange* waiting = nullptr;
        rig.hooks().content = [&](Exchange& x) {
            if (!late || waiting) return echo()(x);
            waiting = &x;  // a session is looked up first, say
            return Step::wait;
        };
        TestClient peer = rig.connect();
        peer.send(post("Content-Length: 10\r\n", "abc"));
        rig.settle();
        if (late) {
            rig.skip(100s);
            waiting->resume(echo()(*waiting));
        }
        rig.skip(20s);
        CHECK(peer.read().empty());
        rig.skip(11s);
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == 408);
        CHECK(replies[0].closes());
    }
}

TEST_CASE("a body slower than the least rate gets 408, one that keeps it does not")
{
    for (const std::size_t per_10s : {std::size_t{10}, std::size_t{2000}}) {
        CAPTURE(per_10s);
        Rig rig;
        rig.hooks().content = echo();
        TestClient peer = rig.connect();
        const std::string content = pattern(20'000);
        peer.send(post(cat("Content-Length: ", content.size(), "\r\n")));
        for (std::size_t at = 0; at < content.size() && peer.read().empty(); at += per_10s) {
            peer.send(std::string_view(content).substr(at, per_10s));
            rig.skip(10s);
        }
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == (per_10s == 10 ? 408 : 200));
    }
}

TEST_CASE("the time a module takes between pulls is not the client's")
{
    Rig rig;
    Puller module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    peer.send(post("Content-Length: 300000\r\n"));
    CHECK(rig.until([&] { return module.x != nullptr; }));
    CHECK(module.pull(1000) == Pull::wait);
    for (int i = 0; i < 10; ++i) {
        rig.skip(5s);  // the client's turn
        const int wakes = module.wakes;
        CHECK(rig.send(peer, std::string(1000, 'x')));
        CHECK(rig.until([&] { return module.wakes > wakes; }));
        rig.settle();
        rig.loop.skip(29s);  // the module's
        rig.settle();
        Pull got;
        while ((got = module.pull(1000)) == Pull::more) {}
        REQUIRE(got == Pull::wait);
    }
    CHECK(module.text.size() == 10'000);
    rig.skip(31s);  // the bytes above count for this interval
    rig.skip(31s);
    CHECK(module.wakes == 11);
    CHECK(module.pull(1000) == Pull::fail);
    CHECK(module.x->body_error == Code::request_timeout);
}

// --- slow readers --------------------------------------------------------------------------------------

TEST_CASE("a client that does not take the answer is dropped, one that takes it slowly is not")
{
    for (const std::size_t per_10s : {std::size_t{0}, std::size_t{20'000}}) {
        CAPTURE(per_10s);
        Rig rig;
        EndlessBody body(20 << 20);
        rig.hooks().content = answer_with(body);
        TestClient peer = rig.connect(4096);
        peer.send(get);
        rig.settle();
        int rounds = 0;
        while (rounds < 20 && rig.clients().count() == 1) {
            ++rounds;
            peer.read(per_10s);
            rig.skip(10s);
        }
        CHECK(rig.clients().count() == (per_10s == 0 ? 0 : 1));
        if (per_10s == 0) CHECK(rounds > 2);
    }
}

TEST_CASE("a client slower than the least rate is dropped, and can tell that it got a part")
{
    Rig rig;
    EndlessBody body(20 << 20);
    rig.http([](HttpConf& c) { c.send_rate = 1 << 20; });
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect(4096);
    peer.send(get);
    CHECK(rig.until([&] {
        rig.skip(10s);
        peer.read(20'000);
        return rig.clients().count() == 0;
    }));
    CHECK(rig.until([&] { return peer.is_over(); }));
    ReplyReader reader;
    const auto replies = reader.read(peer.got, {}, peer.ended);
    CHECK((replies.empty() || !replies[0].complete));
}

TEST_CASE("an answer has its full time, however long the request took before it")
{
    static const std::string large(30 << 20, 'x');
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = 64 << 20; });
    rig.hooks().content = [&](Exchange& x) {
        x.attach<Collector>(x, std::size_t{4096}, [](Exchange& e, Collector&) { return say(large)(e); });
        return Step::wait;
    };
    TestClient peer = rig.connect(4096);
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n");
    for (int i = 0; i < 9; ++i) {
        peer.send(std::string(3000, 'x'));
        rig.skip(6600ms);
    }
    peer.send(std::string(3000, 'x'));
    rig.skip(20s);
    CHECK(rig.clients().count() == 1);
    rig.skip(11s);
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

TEST_CASE("a slow module is not a slow reader")
{
    Rig rig;
    FedBody body;
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect();
    peer.send(get);
    CHECK(rig.until([&] { return !peer.read().empty(); }));
    for (int i = 0; i < 5; ++i) {
        rig.skip(100s);
        body.feed("tick ");
        CHECK(rig.until([&] { return peer.read().ends_with("tick \r\n"); }));
    }
    body.end();
    CHECK(rig.replies(peer, 1).at(0).complete);
}

// --- slow modules ---------------------------------------------------------------------------

TEST_CASE("while a module takes its time nobody is timed out")
{
    Rig rig;
    Suspended module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    peer.send(get);
    CHECK(rig.until([&] { return module.x != nullptr; }));
    for (int i = 0; i < 20; ++i) rig.skip(50s);
    CHECK(module.alive == 1);
    module.x->reply(Code::no_content);
    module.x->resume(Step::done);
    CHECK(rig.replies(peer, 1).at(0).status == 204);
}

// --- waiting costs nothing ------------------------------------------------------------------------

TEST_CASE("while a connection waits for anything the loop is quiet")
{
    struct Row {
        const char* what;
        std::string wire;
        bool half_close = false;
        bool leave = false;
    };
    const std::string upload = post("Content-Length: 1000000\r\n", std::string(90'000, 'x'));
    const Row rows[] = {
        {"a first request", ""},
        {"the next request", get_path("/say")},
        {"an empty line, then a request", "\r\n"},
        {"the rest of a head", "GET / HT"},
        {"a module", get_path("/wait")},
        {"a module, more requests behind it", get_path("/wait") + get_path("/say")},
        {"a module, the client done talking", get_path("/wait"), true},
        {"a module, unread content", upload},
        {"a module, unread content, the client done talking", upload, true},
        {"a module, unread content, the client gone", upload, false, true},
        {"content", post("Content-Length: 10\r\n", "abc")},
        {"chunks", post("Transfer-Encoding: chunked\r\n", "3\r\nab")},
        {"content that is not wanted", "GET /say HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"},
        {"the client's close", "GARBAGE\r\n\r\n"},
        {"room for bytes", get_path("/large")},
        {"room for what is pulled", get_path("/endless")},
        {"room, the client done talking", get_path("/large"), true},
        {"a body", get_path("/fed")},
        {"a body, the client done talking", get_path("/fed"), true},
    };
    static const std::string large(8'000'000, 'x');
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        EndlessBody endless(std::uint64_t{1} << 40);
        FedBody fed;
        rig.hooks().content = [&](Exchange& x) {
            const std::string_view path = x.request.path;
            if (path == "/p" && x.request.content_length.value_or(0) < 1000) return echo()(x);
            if (path == "/say") return say("hi")(x);
            if (path == "/large") return say(large)(x);
            if (path == "/endless") return answer_with(endless)(x);
            if (path == "/fed") return answer_with(fed)(x);
            return Step::wait;
        };
        TestClient peer = rig.connect(4096);
        if (!row.wire.empty()) CHECK(rig.send(peer, row.wire));
        if (row.half_close) peer.half_close();
        if (row.leave) peer.close();
        for (int i = 0; i < 8; ++i) rig.settle();
        CHECK(rig.quiet_turns(30) >= 25);
        CHECK(rig.clients().count() == 1);
    }
}
