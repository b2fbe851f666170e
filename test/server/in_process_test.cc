// in_process_test.cc - addresses as people write them, and answers without a socket.
#include "server/in_process.h"

#include <doctest/doctest.h>

#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("an address is a URL or a path")
{
    struct Row {
        std::string_view url, host, target;
        bool tls;
    };
    const Row rows[] = {
        {"/", "localhost", "/", false},
        {"/a?b#c", "localhost", "/a?b", false},
        {"*", "localhost", "*", false},
        {"http://example.org", "example.org", "/", false},
        {"HTTPS://example.org:8443/a?b", "example.org:8443", "/a?b", true},
        {"http://[::1]:80/x", "[::1]:80", "/x", false},
        {"http://example.org?q", "example.org", "/?q", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.url);
        Asked asked;
        REQUIRE(set_url(asked, row.url));
        CHECK(asked.host == row.host);
        CHECK(asked.target == row.target);
        CHECK(asked.tls == row.tls);
    }
    for (const std::string_view bad : {"", "a", "ftp://example.org/", "http://", "http:///a"}) {
        CAPTURE(bad);
        Asked asked;
        CHECK_FALSE(set_url(asked, bad));
    }
}

TEST_CASE("a request is answered as in the server, without one")
{
    Scratch scratch;
    scratch.write("a.txt", "hello");
    std::vector<Problem> problems;
    const auto configuration =
        load_configuration_text("static: { root = \".\"; };", "test", scratch.path(), problems);
    REQUIRE(configuration);
    InProcess server(*configuration);
    Asked asked;
    asked.target = "/a.txt";

    SUBCASE("with its content")
    {
        const Answered a = server.ask(asked);
        CHECK(a.status == Code::ok);
        CHECK(a.complete);
        CHECK(a.content == "hello");
        const auto is_length = [](const auto& f) { return f.first == "Content-Length"; };
        const auto found = std::find_if(a.fields.begin(), a.fields.end(), is_length);
        REQUIRE(found != a.fields.end());
        CHECK(found->second == "5");
    }
    SUBCASE("a HEAD has none")
    {
        asked.method = "HEAD";
        const Answered a = server.ask(asked);
        CHECK(a.status == Code::ok);
        CHECK(a.content.empty());
    }
    SUBCASE("what the parser refuses is refused, with the reason")
    {
        asked.target = "/a b";
        const Answered a = server.ask(asked);
        CHECK(a.status == Code::bad_request);
        CHECK(a.why == "space in the request line");
    }
    SUBCASE("a field cannot smuggle a second request in")
    {
        asked.fields = {{"A", "b\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: x"}};
        CHECK(server.ask(asked).status == Code::bad_request);
    }
}
