// h1_respond_test.cc - answers out: framing by version and method, cut answers, slow readers.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "test/support/connection.h"
#include "test/support/content.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_1_0 = "GET / HTTP/1.0\r\n\r\n";
constexpr std::string_view get_1_0_keep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
constexpr std::string_view head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

// --- framing ------------------------------------------------------------------------------------

TEST_CASE("an answer of known length is counted, one of unknown length chunked or ended by close")
{
    struct Row {
        const char* what;
        std::string_view request;
        std::optional<std::uint64_t> length;
        bool counted, chunked, closes;
    };
    const Row rows[] = {
        {"1.1, known", get, 5, true, false, false},
        {"1.1, unknown", get, {}, false, true, false},
        {"1.0, known", get_1_0, 5, true, false, true},
        {"1.0, unknown", get_1_0, {}, false, false, true},
        {"1.0 keep-alive, known", get_1_0_keep, 5, true, false, false},
        {"1.0 keep-alive, unknown", get_1_0_keep, {}, false, false, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        FedBody body;
        body.text = "hello";
        body.length = row.length;
        body.ended = true;
        rig.hooks().content = answer_with(body);
        TestClient peer = rig.connect();
        const Reply r = rig.ask(peer, row.request);
        CHECK(rig.until([&] { return peer.is_over() == row.closes; }));
        CHECK(r.body == "hello");
        CHECK(r.get("Content-Length").has_value() == row.counted);
        CHECK(r.get("Transfer-Encoding").has_value() == row.chunked);
        CHECK(r.closes() == row.closes);
        CHECK_FALSE(peer.was_reset);
    }
}

TEST_CASE("HEAD gets the head that GET gets, and no content")
{
    struct Row { const char* what; std::function<Step(Exchange&)> hook; std::optional<std::string> length; };
    FedBody unknown;
    unknown.ended = true;
    const Row rows[] = {
        {"known", say("hello"), "5"},
        {"unknown", answer_with(unknown), {}},
        {"nothing opened", [](Exchange& x) {
             x.response.content_length = 1234;
             return x.reply(Code::ok);
         }, "1234"},
        {"nothing known", [](Exchange& x) { return x.reply(Code::ok); }, {}},
        {"an error", [](Exchange& x) { return x.reply(Code::forbidden); }, "?"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        rig.hooks().content = row.hook;
        TestClient peer = rig.connect();
        peer.send(std::string(head) + std::string(head));
        const auto replies = rig.replies(peer, 2, {"HEAD", "HEAD"});
        REQUIRE(replies.size() == 2);
        for (const Reply& r : replies) {
            CHECK(r.body.empty());
            CHECK_FALSE(r.closes());
            CHECK_FALSE(r.get("Transfer-Encoding"));
            if (row.length == "?") CHECK(r.get("Content-Length"));
            else CHECK(r.get("Content-Length") == row.length);
        }
    }
}

TEST_CASE("204 and 304 have neither content nor its framing, whatever a module made")
{
    for (const Code status : {Code::no_content, Code::not_modified}) {
        for (const std::string_view request : {get, head, get_1_0_keep}) {
            CAPTURE(to_int(status));
            CAPTURE(request);
            Rig rig;
            FedBody body;
            body.text = "must not be sent";
            body.ended = true;
            rig.hooks().content = answer_with(body, status);
            TestClient peer = rig.connect();
            peer.send(cat(request, request));
            const auto replies = rig.replies(peer, 2);
            REQUIRE(replies.size() == 2);
            for (const Reply& r : replies) {
                CHECK(r.status == to_int(status));
                CHECK(r.body.empty());
                CHECK_FALSE(r.get("Content-Length"));
                CHECK_FALSE(r.get("Transfer-Encoding"));
            }
            CHECK(body.pulls == 0);
        }
    }
}

TEST_CASE("an answer without a body is an empty one")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) { return x.reply(Code::created); };
    TestClient peer = rig.connect();
    CHECK(rig.ask(peer, get).get("Content-Length") == "0");
}

TEST_CASE("an empty body of unknown length is a last chunk and nothing else")
{
    Rig rig;
    FedBody body;
    body.ended = true;
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect();
    CHECK(rig.ask(peer, get).complete);
    CHECK(peer.got.ends_with("\r\n\r\n0\r\n\r\n"));
}

TEST_CASE("a body is sent as it comes, piece by piece")
{
    for (const std::string_view request : {get, get_1_0}) {
        CAPTURE(request);
        Rig rig;
        FedBody body;
        rig.hooks().content = answer_with(body);
        TestClient peer = rig.connect();
        peer.send(request);
        CHECK(rig.until([&] { return peer.read().ends_with("\r\n\r\n"); }));
        for (const std::string_view part : {"one", "two", "three"}) {
            body.feed(part);
            CHECK(rig.until([&] { return peer.read().find(part) != std::string::npos; }));
        }
        body.end();
        const auto replies = rig.replies(peer, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].body == "onetwothree");
        CHECK(replies[0].complete);
    }
}

TEST_CASE("a waiting body is not asked again and again")
{
    Rig rig;
    FedBody body;
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect();
    peer.send(get);
    CHECK(rig.until([&] { return body.pulls > 0; }));
    for (int i = 0; i < 10; ++i) rig.settle();
    CHECK(body.pulls <= 2);
}

// --- back-pressure --------------------------------------------------------------------------------

TEST_CASE("a client that does not read stops the pulling")
{
    Rig rig;
    EndlessBody body(std::uint64_t{10} << 30);
    rig.hooks().content = answer_with(body);
    TestClient peer = rig.connect(4096);
    peer.send(get);
    for (int i = 0; i < 10; ++i) rig.settle();
    const std::uint64_t before = body.pulled;
    CHECK(before < 16 << 20);  // the kernel's buffers and 192 KiB of ours
    CHECK(body.largest <= 64 * 1024);
    for (int i = 0; i < 10; ++i) rig.settle();
    CHECK(body.pulled == before);
    CHECK(rig.until([&] {
        peer.read(1 << 16);
        peer.got.clear();
        return body.pulled > before + (4 << 20);
    }));
}

TEST_CASE("one endless answer does not keep others waiting")
{
    Rig rig;
    EndlessBody body(std::uint64_t{10} << 30);
    rig.hooks().content = [&](Exchange& x) {
        return x.request.path == "/long" ? answer_with(body)(x) : say("short")(x);
    };
    TestClient greedy = rig.connect(), modest = rig.connect();
    greedy.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto feed = [&] {
        greedy.read();
        greedy.got.clear();
    };
    CHECK(rig.until([&] { feed(); return body.pulled > 1 << 20; }));
    modest.send(get);
    const std::uint64_t before = body.pulled;
    CHECK(rig.until([&] { feed(); return !modest.read().empty(); }));
    CHECK(body.pulled < before + (64 << 20));
}

// --- answers that break off -------------------------------------------------------------------------

TEST_CASE("a body that fails half-way: the client can tell, however it was framed")
{
    struct Row { const char* what; std::string_view request; std::optional<std::uint64_t> length; };
    const Row rows[] = {
        {"chunked", get, {}}, {"counted", get, 100}, {"ended by close", get_1_0, {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        FedBody body;
        body.text = "first part";
        body.length = row.length;
        int logged = 0;
        rig.hooks().content = answer_with(body);
        rig.hooks().log = [&](const Exchange& x) {
            ++logged;
            CHECK_FALSE(x.traffic.complete);
        };
        TestClient peer = rig.connect();
        peer.send(row.request);
        CHECK(rig.until([&] { return peer.read().find("first part") != std::string::npos; }));
        body.fail();
        CHECK(rig.until([&] { return peer.is_over(); }));
        ReplyReader reader;
        const auto replies = reader.read(peer.got, {}, peer.ended);
        CHECK(reader.error().empty());
        REQUIRE(replies.size() == 1);
        CHECK_FALSE(replies[0].complete);
        if (std::string_view(row.what) == "ended by close") CHECK(peer.was_reset);
        CHECK(logged == 1);
        CHECK(rig.clients().count() == 0);
    }
}

TEST_CASE("a body that is shorter or longer than it said cannot shift the next answer")
{
    // Ours to get right, a module's to get wrong: the client must be able to tell, and nothing
    // may be taken for the start of another response.
    for (const std::uint64_t said : {0u, 3u, 7u}) {
        CAPTURE(said);
        Rig rig;
        FedBody body;
        body.text = "hello";
        body.length = said;
        body.ended = true;
        rig.hooks().content = [&](Exchange& x) {
            return x.request.path == "/" ? answer_with(body)(x) : say("next")(x);
        };
        TestClient peer = rig.connect();
        peer.send(cat(get, "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
        const auto replies = rig.replies(peer, 2);
        if (said == 7) {
            REQUIRE(replies.size() == 1);
            CHECK_FALSE(replies[0].complete);
        } else {
            REQUIRE(replies.size() == 2);
            CHECK(replies[0].body == std::string_view("hello").substr(0, said));
            CHECK(replies[1].body == "next");
        }
    }
}

// --- what the log gets ----------------------------------------------------------------------------------

TEST_CASE("the log knows the bytes of an answer, with and without framing")
{
    struct Row { const char* what; std::string_view request; std::optional<std::uint64_t> length; std::uint64_t body; };
    const Row rows[] = {
        {"counted", get, 10, 10}, {"chunked", get, {}, 10}, {"close", get_1_0, {}, 10}, {"head", head, 10, 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        FedBody body;
        body.text = "0123456789";
        body.length = row.length;
        body.ended = true;
        Traffic seen;
        int logged = 0;
        rig.hooks().content = answer_with(body);
        rig.hooks().log = [&](const Exchange& x) {
            ++logged;
            seen = x.traffic;
        };
        TestClient peer = rig.connect();
        rig.ask(peer, row.request, row.request == head ? "HEAD" : "GET");
        CHECK(rig.until([&] { return logged > 0; }));
        rig.settle();
        peer.read();
        CHECK(seen.complete);
        CHECK(seen.sent == peer.got.size());
        CHECK(seen.sent_body == row.body);
        CHECK(seen.received == row.request.size());
        CHECK(seen.duration_us >= 0);
        peer.close();
        rig.settle();
        CHECK(logged == 1);
    }
}

TEST_CASE("the log counts each of several pipelined requests for itself")
{
    Rig rig;
    std::vector<Traffic> seen;
    rig.hooks().content = echo();
    rig.hooks().log = [&](const Exchange& x) { seen.push_back(x.traffic); };
    TestClient peer = rig.connect();
    const std::string one = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    const std::string two = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde";
    peer.send(one + two);
    CHECK(rig.replies(peer, 2).size() == 2);
    CHECK(rig.until([&] { return seen.size() == 2; }));
    CHECK(seen[0].received == one.size());
    CHECK(seen[1].received == two.size());
    CHECK(seen[0].sent_body == 3);
    CHECK(seen[1].sent_body == 5);
    CHECK(seen[0].sent + seen[1].sent == peer.got.size());
}

TEST_CASE("a response hook that waits delays the head, not the connection")
{
    Rig rig;
    Exchange* held = nullptr;
    rig.hooks().content = say("saved");
    rig.hooks().response = [&](Exchange& x) {
        held = &x;
        return Step::wait;
    };
    TestClient peer = rig.connect();
    peer.send(get);
    CHECK(rig.until([&] { return held != nullptr; }));
    rig.skip(100s);
    CHECK(peer.read().empty());
    held->response.fields.add("X-Saved", "yes");
    held->resume(Step::next);
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].get("X-Saved") == "yes");
    CHECK(replies[0].body == "saved");
}
