// h1_test.cc - the life of a connection: heads in, deadlines, leaving, winding down.
#include "server/h1.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "test/support/connection.h"
#include "test/support/content.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Answers with the path, so that the order of answers can be seen.
Step say_path(Exchange& x)
{
    x.response.body = x.arena.make<BytesBody>(x.request.path);
    return x.reply(Code::ok);
}

std::string get_path(std::string_view path, std::string_view fields = {})
{
    return cat("GET ", path, " HTTP/1.1\r\nHost: a\r\n", fields, "\r\n");
}

}  // namespace

// --- keep-alive and close ----------------------------------------------------------------------

TEST_CASE("a connection stays open or not as request and version have it")
{
    struct Row { std::string_view version, field; bool open; std::optional<std::string> says; };
    const Row rows[] = {
        {"1.1", "", true, {}},
        {"1.1", "Connection: keep-alive\r\n", true, {}},
        {"1.1", "Connection: close\r\n", false, "close"},
        {"1.1", "Connection: foo, CLOSE\r\n", false, "close"},
        {"1.1", "Connection: keep-alive, close\r\n", false, "close"},
        {"1.0", "", false, "close"},
        {"1.0", "Connection: keep-alive\r\n", true, "keep-alive"},
        {"1.0", "Connection: Keep-Alive\r\n", true, "keep-alive"},
        {"1.0", "Connection: keep-alive, close\r\n", false, "close"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.version);
        CAPTURE(row.field);
        Rig rig;
        rig.hooks().content = say("hi");
        TestClient peer = rig.connect();
        const Reply r = rig.ask(peer, cat("GET / HTTP/", row.version, "\r\nHost: a\r\n", row.field, "\r\n"));
        CHECK(r.status == 200);
        CHECK(r.body == "hi");
        CHECK(r.get("Connection") == row.says);
        rig.settle();
        CHECK(peer.is_over() == !row.open);
        CHECK(rig.clients().count() == (row.open ? 1 : 0));
        if (row.open) CHECK(rig.ask(peer, get).body == "hi");
    }
}

TEST_CASE("after as many requests as are allowed on one connection it closes")
{
    Rig rig;
    rig.hooks().content = say("hi");
    rig.http([](HttpConf& c) { c.keep_alive_requests = 3; });
    TestClient peer = rig.connect();
    CHECK_FALSE(rig.ask(peer, get).closes());
    CHECK_FALSE(rig.ask(peer, get).closes());
    CHECK(rig.ask(peer, get).closes());
    CHECK(rig.until([&] { return peer.ended; }));
}

TEST_CASE("a client that is told to close gets the answer and a FIN, although it sent more")
{
    // The second request was on its way when the first was answered with close: its bytes in our
    // socket would turn the close into an RST (RFC 9112 section 9.6).
    Rig rig;
    rig.hooks().content = say("hi");
    rig.http([](HttpConf& c) { c.keep_alive_requests = 1; });
    TestClient peer = rig.connect();
    const Reply r = rig.ask(peer, get);
    CHECK(r.closes());
    peer.send(get);
    rig.settle();
    peer.send(get);
    rig.settle();
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.ended);
    CHECK_FALSE(peer.was_reset);
    peer.close();
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

// --- pipelining --------------------------------------------------------------------------------

TEST_CASE("pipelined requests are answered in order, however they are cut")
{
    std::string wire;
    std::vector<std::string> methods;
    for (int i = 0; i < 7; ++i) {
        wire += get_path(cat("/", i));
        methods.push_back("GET");
        wire += cat("POST /p", i, " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
        methods.push_back("POST");
        wire += cat("HEAD /h", i, " HTTP/1.1\r\nHost: a\r\n\r\n");
        methods.push_back("HEAD");
    }
    for (std::size_t cut : {std::size_t{1}, std::size_t{3}, std::size_t{29}, std::size_t{100}, wire.size()}) {
        CAPTURE(cut);
        Rig rig;
        rig.hooks().content = say_path;
        TestClient peer = rig.connect();
        for (std::size_t at = 0; at < wire.size(); at += cut) {
            peer.send(std::string_view(wire).substr(at, cut));
            if (cut < 100) rig.loop.turn(false);
        }
        const auto replies = rig.replies(peer, methods.size(), methods);
        REQUIRE(replies.size() == methods.size());
        for (std::size_t i = 0; i < replies.size(); i += 3) {
            CHECK(replies[i].body == cat("/", i / 3));
            CHECK(replies[i + 1].body == cat("/p", i / 3));
            CHECK(replies[i + 2].get("Content-Length") == "3");
        }
        rig.settle();
        CHECK(rig.clients().count() == 1);
    }
}

TEST_CASE("a pipelined request cut at every byte gets the same answers")
{
    const std::string wire = cat(get_path("/a"),
                                 "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n",
                                 get_path("/c"));
    for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
        CAPTURE(cut);
        Rig rig;
        rig.hooks().content = say_path;
        TestClient peer = rig.connect();
        peer.send(std::string_view(wire).substr(0, cut));
        for (int i = 0; i < 3; ++i) rig.loop.turn(false);
        peer.send(std::string_view(wire).substr(cut));
        const auto replies = rig.replies(peer, 3);
        REQUIRE(replies.size() == 3);
        CHECK(replies[0].body == "/a");
        CHECK(replies[1].body == "/b");
        CHECK(replies[2].body == "/c");
    }
}

TEST_CASE("many pipelined requests are all answered, and others get their turn between them")
{
    Rig rig;
    rig.hooks().content = say_path;
    TestClient greedy = rig.connect(), modest = rig.connect();
    std::string wire;
    constexpr std::size_t count = 500;
    for (std::size_t i = 0; i < count; ++i) wire += get_path(cat("/", i));
    greedy.send(wire);
    modest.send(get);
    std::size_t answered_before = count;
    CHECK(rig.until([&] {
        if (modest.read().empty()) return false;
        answered_before = static_cast<std::size_t>(rig.clients().requests);
        return true;
    }));
    CHECK(answered_before < count / 2);
    const auto replies = rig.replies(greedy, count);
    REQUIRE(replies.size() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK(replies[i].body == cat("/", i));
}

TEST_CASE("the next request waits while an answer is pending, and memory for it is bounded")
{
    Rig rig;
    Suspended module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    peer.send(get);
    CHECK(rig.until([&] { return module.x != nullptr; }));
    // More than any buffer of the kernel's: what the server does not read, the client keeps.
    std::size_t taken = 0;
    std::string flood;
    while (flood.size() < 1 << 20) flood += get;
    for (int i = 0; i < 300; ++i) {
        taken += peer.send(flood);
        rig.loop.turn(false);
    }
    CHECK(taken < std::size_t{64} << 20);
    CHECK(peer.read().empty());
    CHECK(rig.clients().count() == 1);
    module.x->reply(Code::no_content);
    module.x->resume(Step::done);
    CHECK(rig.replies(peer, 1).at(0).status == 204);
}

TEST_CASE("after close the rest of what was pipelined is ignored")
{
    Rig rig;
    rig.hooks().content = say_path;
    TestClient peer = rig.connect();
    peer.send(cat(get_path("/a", "Connection: close\r\n"), get_path("/b")));
    const auto replies = rig.replies(peer, 2);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].body == "/a");
    CHECK(peer.ended);
    CHECK_FALSE(peer.was_reset);
}

TEST_CASE("one empty line before a request is ignored")
{
    Rig rig;
    rig.hooks().content = say_path;
    TestClient peer = rig.connect();
    CHECK(rig.ask(peer, cat("\r\n", get_path("/a"))).body == "/a");
    CHECK(rig.ask(peer, cat("\r\n", get_path("/b"))).body == "/b");
}

// --- heads that are refused -----------------------------------------------------------------

TEST_CASE("a head that is refused gets its answer, a FIN and no RST, however much follows")
{
    struct Row { std::string_view start; char filler; int status; };
    const Row rows[] = {
        {"GET / HTTP/1.1\nHost: a\n\n", 'x', 400},
        {"GET /", 'a', 414},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: ", 'b', 431},
        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 'x', 501},
        {"GET / HTTP/2.0\r\n\r\n", 'x', 505},
    };
    for (const Row& row : rows) {
        CAPTURE(row.start);
        Rig rig;
        int logged = 0;
        rig.hooks().log = [&](const Exchange& x) {
            ++logged;
            CHECK(to_int(x.response.status) == row.status);
            CHECK(x.traffic.complete);
        };
        TestClient peer = rig.connect();
        peer.send(cat(row.start, std::string(200'000, row.filler)));
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == row.status);
        CHECK(replies[0].closes());
        CHECK(replies[0].complete);
        CHECK(rig.until([&] { return peer.is_over(); }));
        CHECK(peer.ended);
        CHECK_FALSE(peer.was_reset);
        CHECK(logged == 1);
        peer.close();
        CHECK(rig.until([&] { return rig.clients().count() == 0; }));
        CHECK(logged == 1);
    }
}

TEST_CASE("an answer to a refused head repeats no byte of the request")
{
    Rig rig;
    TestClient peer = rig.connect();
    const Reply r = rig.ask(peer, "GET /<script>marker HTTP/1.1\r\nHost: marker.example\r\nmarker\r\n\r\n");
    CHECK(r.status == 400);
    CHECK(peer.got.find("marker") == std::string::npos);
}

// --- deadlines -------------------------------------------------------------------------------

TEST_CASE("a slow head gets 408, and no byte of it moves the deadline")
{
    Rig rig;
    rig.http([](HttpConf& c) { c.head_timeout = 100s; });
    TestClient peer = rig.connect();
    const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789";
    for (std::size_t i = 0; i < 8; ++i) {
        peer.send(head.substr(i, 1));
        rig.skip(10s);
        CHECK(peer.read().empty());
    }
    peer.send("x");
    rig.skip(21s);
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 408);
    CHECK(replies[0].closes());
}

TEST_CASE("a connection that never says anything is closed without a word")
{
    Rig rig;
    TestClient peer = rig.connect();
    rig.skip(5s);
    CHECK_FALSE(peer.is_over());
    rig.skip(6s);
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.ended);
    CHECK(peer.got.empty());
    CHECK(rig.clients().count() == 0);
}

TEST_CASE("an idle connection is closed without a word, after the keep-alive time and not before")
{
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient peer = rig.connect();
    rig.ask(peer, get);
    const std::size_t so_far = peer.got.size();
    rig.skip(50s);
    CHECK_FALSE(peer.is_over());
    rig.skip(11s);
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.ended);
    CHECK(peer.got.size() == so_far);
}

TEST_CASE("an empty line on an idle connection is no request: no 408 for it")
{
    // Some clients send CRLF after the content of a POST.
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient peer = rig.connect();
    rig.ask(peer, get);
    const std::size_t so_far = peer.got.size();
    peer.send("\r\n");
    rig.skip(15s);
    CHECK_FALSE(peer.is_over());
    rig.skip(50s);
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.got.size() == so_far);
}

TEST_CASE("a request that is here when the idle time ends is answered")
{
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient peer = rig.connect();
    rig.ask(peer, get);
    peer.got.clear();
    rig.settle();
    peer.send(get);
    rig.loop.skip(61s);
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].body == "hi");
}

// --- winding down ------------------------------------------------------------------------------

TEST_CASE("winding down lets an idle connection have one more answer, with close")
{
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient peer = rig.connect();
    rig.ask(peer, get);
    rig.settle();
    rig.clients().wind_down(false);
    rig.settle();
    CHECK_FALSE(peer.is_over());
    const Reply r = rig.ask(peer, get);
    CHECK(r.body == "hi");
    CHECK(r.closes());
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.ended);
    CHECK(rig.until([&] {
        peer.close();
        return rig.clients().count() == 0;
    }));
}

TEST_CASE("winding down for good closes idle connections, and lets answers under way finish")
{
    Rig rig;
    Suspended module;
    rig.hooks().content = module.hook();
    TestClient idle = rig.connect(), busy = rig.connect(), half = rig.connect();
    rig.hooks().content = say("hi");
    rig.ask(idle, get);
    rig.hooks().content = module.hook();
    busy.send(get);
    half.send("GET /");
    CHECK(rig.until([&] { return module.alive == 1; }));
    rig.settle();
    rig.clients().wind_down(true);
    CHECK(rig.until([&] { return idle.is_over(); }));
    CHECK_FALSE(busy.is_over());
    CHECK_FALSE(half.is_over());
    module.x->reply(Code::no_content);
    module.x->resume(Step::done);
    const auto replies = rig.replies(busy, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].closes());
}

TEST_CASE("winding down for good does not lose a request that is already here")
{
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient fresh = rig.connect(), used = rig.connect();
    rig.ask(used, get);
    rig.settle();
    used.got.clear();
    fresh.send(get);
    used.send(get);
    rig.clients().wind_down(true);
    for (TestClient* peer : {&fresh, &used}) {
        const auto replies = rig.replies(*peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].body == "hi");
        CHECK(replies[0].closes());
    }
}

TEST_CASE("winding down for good leaves a moment to who has just come")
{
    Rig rig;
    rig.hooks().content = say("hi");
    TestClient late = rig.connect(), silent = rig.connect();
    rig.settle();
    rig.clients().wind_down(true);
    rig.settle();
    CHECK_FALSE(late.is_over());
    late.send(get);
    const auto replies = rig.replies(late, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].body == "hi");
    CHECK(replies[0].closes());
    rig.skip(1s);
    CHECK(rig.until([&] { return silent.is_over(); }));
}

// --- many ----------------------------------------------------------------------------------------

TEST_CASE("two hundred connections at once are all answered, and none is left behind")
{
    Rig rig;
    rig.hooks().content = say_path;
    std::vector<TestClient> peers;
    for (int i = 0; i < 200; ++i) peers.push_back(rig.connect());
    CHECK(rig.clients().count() == 200);
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < peers.size(); ++i) {
            peers[i].got.clear();
            peers[i].send(get_path(cat("/", round, "/", i)));
        }
        for (std::size_t i = 0; i < peers.size(); ++i)
            CHECK(rig.replies(peers[i], 1).at(0).body == cat("/", round, "/", i));
    }
    peers.clear();
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}

TEST_CASE("closing everything cancels and logs what is under way, once")
{
    Rig rig;
    Suspended module;
    int logged = 0;
    rig.hooks().content = module.hook();
    rig.hooks().log = [&](const Exchange&) { ++logged; };
    TestClient busy = rig.connect(), idle = rig.connect();
    busy.send(get);
    CHECK(rig.until([&] { return module.alive == 1; }));
    rig.clients().close_all();
    CHECK(module.alive == 0);
    CHECK(logged == 1);
    CHECK(rig.clients().count() == 0);
    CHECK(rig.until([&] { return busy.is_over() && idle.is_over(); }));
}
