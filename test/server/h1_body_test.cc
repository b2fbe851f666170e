// h1_body_test.cc - request content over a real connection: counted, chunked, limits, 100-continue.
#include "server/h1_body.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "test/support/connection.h"
#include "test/support/content.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/// Answers to GET with its path, to everything else with its own content.
std::function<Step(Exchange&)> echo_posts(std::size_t step = 4096)
{
    return [step](Exchange& x) {
        if (x.request.method == Method::get) {
            x.response.body = x.arena.make<BytesBody>(x.request.path);
            return x.reply(Code::ok);
        }
        return echo(step)(x);
    };
}

}  // namespace

// --- content arrives whole --------------------------------------------------------------------

TEST_CASE("content arrives as it was sent, in any framing, cut and pulled in any way")
{
    const std::string content = pattern(20'000);
    struct Row { std::string wire; std::size_t cut, step; };
    const Row rows[] = {
        {counted(content), 1 << 20, 1 << 20}, {counted(content), 1000, 4096},
        {counted(content), 777, 10},          {chunked(content, 1), 1 << 20, 4096},
        {chunked(content, 7), 501, 3},        {chunked(content, 5000), 1 << 20, 1 << 20},
        {chunked(content, 20'000), 999, 64},
    };
    for (const Row& row : rows) {
        CAPTURE(row.cut);
        CAPTURE(row.step);
        Rig rig;
        rig.hooks().content = echo_posts(row.step);
        TestClient peer = rig.connect();
        for (std::size_t at = 0; at < row.wire.size(); at += row.cut) {
            CHECK(rig.send(peer, std::string_view(row.wire).substr(at, row.cut)));
            rig.loop.turn(false);
        }
        peer.send(get);
        const auto replies = rig.replies(peer, 2);
        REQUIRE(replies.size() == 2);
        CHECK(replies[0].body == content);
        CHECK(replies[1].body == "/next");
    }
}

TEST_CASE("a chunked request cut at every byte has the same content")
{
    const std::string wire = chunked("hello, world", 5) + std::string(get);
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        CAPTURE(cut);
        Rig rig;
        rig.hooks().content = echo_posts(3);
        TestClient peer = rig.connect();
        peer.send(std::string_view(wire).substr(0, cut));
        for (int i = 0; i < 4; ++i) rig.loop.turn(false);
        peer.send(std::string_view(wire).substr(cut));
        const auto replies = rig.replies(peer, 2);
        REQUIRE(replies.size() == 2);
        CHECK(replies[0].body == "hello, world");
        CHECK(replies[1].body == "/next");
    }
}

TEST_CASE("content comes in big pieces when it is pulled in big pieces")
{
    // libevent reads 4 KiB at a time; a body that did the same would cost 16 times the calls.
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = 64 << 20; });
    std::size_t largest = 0;
    rig.hooks().content = [&](Exchange& x) {
        x.attach<Collector>(x, std::size_t{64} * 1024, [&](Exchange& e, Collector& c) {
            largest = c.largest;
            e.response.body = e.arena.make<BytesBody>(e.arena.copy(cat(c.text.size())));
            return e.reply(Code::ok);
        });
        return Step::wait;
    };
    TestClient peer = rig.connect();
    CHECK(rig.send(peer, counted(pattern(8 << 20))));
    CHECK(rig.replies(peer, 1).at(0).body == cat(8 << 20));
    CHECK(largest > 16 * 1024);
}

TEST_CASE("an empty body is no body, or ends at once")
{
    Rig rig;
    rig.hooks().content = echo_posts();
    TestClient peer = rig.connect();
    CHECK(rig.ask(peer, post("Content-Length: 0\r\n")).status == 204);
    CHECK(rig.ask(peer, post("")).status == 204);
    const Reply r = rig.ask(peer, post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    CHECK(r.status == 200);
    CHECK(r.body.empty());
}

// --- back-pressure ------------------------------------------------------------------------------

TEST_CASE("what a module does not pull stays with the client")
{
    for (const bool in_pieces : {false, true}) {
        CAPTURE(in_pieces);
        Rig rig;
        rig.http([](HttpConf& c) { c.max_body = 256 << 20; });
        Puller module;
        rig.hooks().content = module.hook();
        TestClient peer = rig.connect();
        const std::string content = pattern(32 << 20);
        const std::string head = in_pieces ? post("Transfer-Encoding: chunked\r\n", "2000000\r\n")
                                           : post(cat("Content-Length: ", content.size(), "\r\n"));
        CHECK(rig.send(peer, head));
        CHECK(rig.until([&] { return module.x != nullptr; }));
        std::string_view rest = content;
        const auto push = [&] {
            for (int i = 0; i < 100; ++i) {
                rest.remove_prefix(peer.send(rest));
                rig.loop.turn(false);
            }
        };
        push();
        const std::size_t swallowed = content.size() - rest.size();
        CHECK(swallowed < 16 << 20);  // the kernel's buffers and 64 KiB of ours
        // As much as is pulled is taken, and no more.
        for (int i = 0; i < 16; ++i)
            while (module.text.size() < static_cast<std::size_t>(i) << 17 &&
                   module.pull(64 * 1024) == Pull::more) {}
        push();
        CHECK(content.size() - rest.size() < swallowed + module.text.size() + (4 << 20));
        CHECK(std::string_view(content).starts_with(module.text));
    }
}

TEST_CASE("a module that waits for content is woken when it comes, once a wait")
{
    Rig rig;
    Puller module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    peer.send(post("Content-Length: 6\r\n"));
    CHECK(rig.until([&] { return module.x != nullptr; }));
    CHECK(module.pull(100) == Pull::wait);
    rig.settle();
    CHECK(module.wakes == 0);
    peer.send("abc");
    CHECK(rig.until([&] { return module.wakes == 1; }));
    CHECK(module.pull(2) == Pull::more);
    CHECK(module.pull(2) == Pull::more);
    CHECK(module.pull(2) == Pull::wait);
    CHECK(module.text == "abc");
    peer.send("def");
    CHECK(rig.until([&] { return module.wakes == 2; }));
    CHECK(module.pull(100) == Pull::end);
    CHECK(module.pull(100) == Pull::end);
    CHECK(module.text == "abcdef");
    module.answer();
    CHECK_FALSE(rig.replies(peer, 1).at(0).closes());
}

TEST_CASE("the size of counted content is known, and shrinks; that of chunked content is not")
{
    Rig rig;
    Puller module;
    rig.hooks().content = module.hook();
    TestClient peer = rig.connect();
    peer.send(counted("abcdef"));
    CHECK(rig.until([&] { return module.x != nullptr; }));
    CHECK(module.x->request.body->size() == 6);
    module.pull(2);
    CHECK(module.x->request.body->size() == 4);
    TestClient other = rig.connect();
    module.x = nullptr;
    other.send(chunked("abcdef", 2));
    CHECK(rig.until([&] { return module.x != nullptr; }));
    CHECK_FALSE(module.x->request.body->size().has_value());
}

// --- content nobody wants -------------------------------------------------------------------------

TEST_CASE("content that nobody pulled is taken off, and the next request is found")
{
    for (const std::size_t size : {1u, 1000u, 60'000u}) {
        for (const std::string& wire : {counted(pattern(size)), chunked(pattern(size), 500)}) {
            CAPTURE(size);
            Rig rig;
            rig.hooks().content = say("ok");
            TestClient peer = rig.connect();
            CHECK(rig.send(peer, wire));
            CHECK(rig.send(peer, get));
            const auto replies = rig.replies(peer, 2);
            REQUIRE(replies.size() == 2);
            CHECK_FALSE(replies[0].closes());
            CHECK(replies[1].body == "ok");
        }
    }
}

TEST_CASE("content that nobody pulled and that comes late is taken off as well")
{
    Rig rig;
    rig.hooks().content = say("ok");
    TestClient peer = rig.connect();
    const std::string content = pattern(30'000);
    peer.send(post("Content-Length: 30000\r\n"));
    CHECK(rig.replies(peer, 1).at(0).body == "ok");
    for (std::size_t at = 0; at < content.size(); at += 10'000) {
        rig.settle();
        CHECK(rig.send(peer, content.substr(at, 10'000)));
    }
    CHECK(rig.send(peer, get));
    CHECK(rig.replies(peer, 2).size() == 2);
}

TEST_CASE("too much content that nobody pulled: the client can read the answer, then FIN, no RST")
{
    for (const bool counts : {true, false}) {
        CAPTURE(counts);
        Rig rig;
        rig.hooks().content = say("ok");
        TestClient peer = rig.connect();
        const std::string content = pattern(400'000);
        CHECK(rig.send(peer, counts ? counted(content) : chunked(content, 4000)));
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].body == "ok");
        if (counts) CHECK(replies[0].closes());
        CHECK(rig.until([&] { return peer.is_over(); }));
        CHECK(peer.ended);
        CHECK_FALSE(peer.was_reset);
        peer.close();
        CHECK(rig.until([&] { return rig.clients().count() == 0; }));
    }
}

TEST_CASE("draining and lingering end by themselves when the client neither sends nor leaves")
{
    struct Row { const char* what; std::string wire; };
    const Row rows[] = {
        {"drain", post("Content-Length: 100\r\n", "abc")},
        {"drain chunked", post("Transfer-Encoding: chunked\r\n", "5\r\nabc")},
        {"linger", post("Content-Length: 500000\r\n", "abc")},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        rig.hooks().content = say("ok");
        TestClient peer = rig.connect();
        peer.send(row.wire);
        CHECK(rig.replies(peer, 1).at(0).body == "ok");
        rig.settle();
        CHECK(rig.clients().count() == 1);
        rig.skip(6s);
        CHECK(rig.clients().count() == 0);
    }
}

TEST_CASE("a chunked body that turns out malformed while it is drained is not read without end")
{
    Rig rig;
    rig.hooks().content = say("ok");
    TestClient peer = rig.connect();
    peer.send(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nnonsense"));
    CHECK(rig.replies(peer, 1).at(0).body == "ok");
    const std::string flood(1 << 20, 'x');
    std::size_t taken = 0;
    for (int i = 0; i < 2000 && !peer.send_failed; ++i) {
        taken += peer.send(flood);
        rig.loop.turn(false);
    }
    CHECK(taken < 32 << 20);
}

TEST_CASE("content of GET and HEAD is taken off and never shown, nor taken for a request")
{
    const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const std::string method : {"GET", "HEAD"}) {
        for (const bool counts : {true, false}) {
            CAPTURE(method);
            CAPTURE(counts);
            Rig rig;
            std::vector<std::string> paths;
            rig.hooks().content = [&](Exchange& x) {
                CHECK(x.request.body == nullptr);
                paths.emplace_back(x.request.path);
                return x.reply(Code::no_content);
            };
            TestClient peer = rig.connect();
            peer.send(cat(method, " /a HTTP/1.1\r\nHost: a\r\n",
                          counts ? cat("Content-Length: ", smuggled.size(), "\r\n\r\n", smuggled)
                                 : cat("Transfer-Encoding: chunked\r\n\r\n", in_chunks(smuggled, 10)),
                          get));
            CHECK(rig.replies(peer, 2, {method, "GET"}).size() == 2);
            rig.settle();
            CHECK(paths == std::vector<std::string>{"/a", "/next"});
        }
    }
}

TEST_CASE("more content on a GET than is worth taking: 413 and close")
{
    Rig rig;
    rig.hooks().content = say("ok");
    TestClient peer = rig.connect();
    const Reply r = rig.ask(peer, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n");
    CHECK(r.status == 413);
    CHECK(r.closes());
}

// --- limits -----------------------------------------------------------------------------------------

TEST_CASE("a counted body over the limit is refused from its head: 413, no 100, close")
{
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = 1000; });
    rig.hooks().content = echo_posts();
    TestClient peer = rig.connect();
    const Reply r = rig.ask(peer, post("Content-Length: 1001\r\nExpect: 100-continue\r\n"));
    CHECK(r.status == 413);
    CHECK(r.closes());
    CHECK(rig.interim == 0);
    TestClient other = rig.connect();
    CHECK(rig.ask(other, counted(pattern(1000))).status == 200);
}

TEST_CASE("a chunked body over the limit fails its pull, and the answer is 413 and close")
{
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = 1000; });
    rig.hooks().content = echo_posts();
    TestClient fits = rig.connect(), over = rig.connect();
    CHECK(rig.ask(fits, chunked(pattern(1000), 10)).status == 200);
    CHECK(rig.send(over, chunked(pattern(1001), 10)));
    CHECK(rig.send(over, get));
    const auto replies = rig.replies(over, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 413);
    CHECK(replies[0].closes());
    CHECK(rig.until([&] { return over.is_over(); }));
    CHECK_FALSE(over.was_reset);
}

TEST_CASE("a body that breaks off or breaks the rules fails its pull: 400 and close")
{
    struct Row { std::string wire; bool then_end; };
    const Row rows[] = {
        {post("Content-Length: 10\r\n", "abc"), true},
        {post("Transfer-Encoding: chunked\r\n", "5\r\nabc"), true},
        {post("Transfer-Encoding: chunked\r\n", "5\r\nabcde\r\n"), true},
        {post("Transfer-Encoding: chunked\r\n", "5\r\nabcdefg\r\n"), false},
        {post("Transfer-Encoding: chunked\r\n", "0x5\r\nabcde\r\n0\r\n\r\n"), false},
        {post("Transfer-Encoding: chunked\r\n", "5\nabcde\n0\n\n"), false},
        {post("Transfer-Encoding: chunked\r\n", "0\r\nbad trailer\r\n\r\n"), false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.wire);
        Rig rig;
        rig.hooks().content = echo_posts();
        TestClient peer = rig.connect();
        peer.send(row.wire);
        if (row.then_end) peer.half_close();
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == 400);
        CHECK(replies[0].closes());
    }
}

// --- 100-continue -----------------------------------------------------------------------------------

TEST_CASE("100 is sent when content is pulled and none has come, and only then")
{
    struct Row { const char* what; std::string wire; bool pulled; int interim; int status; };
    const Row rows[] = {
        {"pulled, nothing here", post("Content-Length: 3\r\nExpect: 100-continue\r\n"), true, 1, 200},
        {"chunked", post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"), true, 1, 200},
        {"already here", post("Content-Length: 3\r\nExpect: 100-continue\r\n", "abc"), true, 0, 200},
        {"not asked for", post("Content-Length: 3\r\n"), true, 0, 200},
        {"not pulled", post("Content-Length: 3\r\nExpect: 100-continue\r\n"), false, 0, 200},
        {"HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", true, 0, 200},
        {"no content", post("Expect: 100-continue\r\n"), true, 0, 204},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        rig.hooks().content = row.pulled ? echo_posts() : say("ok");
        TestClient peer = rig.connect();
        peer.send(row.wire);
        rig.settle();
        ReplyReader reader;
        reader.read(peer.read(), {}, false);
        CHECK(reader.interim() == row.interim);
        if (row.pulled && row.status == 200 && row.wire.ends_with("\r\n\r\n"))
            peer.send(row.wire.find("chunked") != std::string::npos ? "3\r\nabc\r\n0\r\n\r\n" : "abc");
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == row.status);
        CHECK(rig.interim == row.interim);
        // Whether the content comes after an answer without 100 is the client's choice: close.
        CHECK(replies[0].closes() == (!row.pulled || std::string_view(row.what) == "HTTP/1.0"));
    }
}

TEST_CASE("no 100 after the final head: a body pulled that late gets none")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) {
        x.response.body = x.request.body;  // the echo of one who does not wait
        return x.reply(Code::ok);
    };
    TestClient peer = rig.connect();
    peer.send(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"));
    rig.settle();
    peer.send("3\r\nabc\r\n0\r\n\r\n");
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(rig.interim == 0);
    CHECK(replies[0].complete);
    CHECK(replies[0].body == "abc");
}

// --- both directions at once --------------------------------------------------------------------------

TEST_CASE("content can be sent back while it comes in, however much it is")
{
    Rig rig;
    rig.http([](HttpConf& c) { c.max_body = 256 << 20; });
    rig.hooks().content = [](Exchange& x) {
        x.response.body = x.request.body;
        return x.reply(Code::ok);
    };
    for (const bool counts : {true, false}) {
        CAPTURE(counts);
        TestClient peer = rig.connect();
        const std::string content = pattern(3'000'000);
        CHECK(rig.send(peer, counts ? counted(content) : chunked(content, 30'000)));
        CHECK(rig.send(peer, post("Content-Length: 2\r\n", "ab")));
        const auto replies = rig.replies(peer, counts ? 1 : 2);
        REQUIRE(!replies.empty());
        CHECK(replies[0].get("Content-Length").has_value() == counts);
        CHECK(replies[0].body == content);
        // With so much of it to come when the head left, nobody could promise to take it all.
        CHECK(replies[0].closes() == counts);
        if (!counts) CHECK(replies.at(1).body == "ab");
    }
}

TEST_CASE("a body that fails while it is sent back leaves an answer that is visibly cut")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) {
        x.response.body = x.request.body;
        return x.reply(Code::ok);
    };
    TestClient peer = rig.connect();
    peer.send(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nnonsense"));
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK_FALSE(replies[0].complete);
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
}
