// h1_target_test.cc - whom and what a request is for (RFC 9112 section 3.2).
#include <doctest/doctest.h>

#include <string>

#include "common/http/h1_head.h"

using namespace ostler;

namespace {

struct Parsed {
    explicit Parsed(std::string text) : head(std::move(text)), request(arena)
    {
        const HeadLimits limits;
        if (const auto error = parse_head(head, limits, arena, request, framing))
            status = error->status;
    }
    const std::string head;
    Arena arena;
    Request request;
    Framing framing;
    Code status = Code::ok;
};

std::string request(const std::string& method_and_target, const std::string& host = "h")
{
    return method_and_target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

}  // namespace

TEST_CASE("Host is there once and valid (RFC 9112 section 3.2)")
{
    struct Row {
        std::string head;
        Code status;
        std::string_view host = {};
        int port = 0;
    };
    const Row rows[] = {
        {"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", Code::ok, "example.org"},
        {"GET / HTTP/1.1\r\nHOST:EXAMPLE.org.:8080 \r\n\r\n", Code::ok, "example.org", 8080},
        {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", Code::ok, "[::1]", 80},
        {"GET / HTTP/1.1\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: \t\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r\nHost: ../etc\r\n\r\n", Code::bad_request},
        // HTTP/1.0 need not say it, but not wrongly
        {"GET / HTTP/1.0\r\n\r\n", Code::ok, ""},
        {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", Code::ok, "a"},
        {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Code::bad_request},
        {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", Code::bad_request},
    };
    for (const Row& row : rows) {
        CAPTURE(row.head);
        const Parsed p(row.head);
        CHECK(p.status == row.status);
        if (row.status != Code::ok) continue;
        CHECK(p.request.host == row.host);
        CHECK(p.request.port == row.port);
    }
}

TEST_CASE("a target has one of four forms (RFC 9112 section 3.2)")
{
    struct Row {
        std::string line;
        std::string_view host, path, raw_path;
        int port = 0;
    };
    const Row rows[] = {
        // 3.2.1: origin-form
        {"GET /", "h", "/", "/"},
        {"GET //a", "h", "/a", "//a"},
        {"GET /http://x/", "h", "/http:/x/", "/http://x/"},
        {"GET /a?b?c/../d", "h", "/a", "/a"},
        {"GET /gr\xc3\xbc", "h", "/gr\xc3\xbc", "/gr\xc3\xbc"},
        {"GET /a\\b\"<>", "h", "/a\\b\"<>", "/a\\b\"<>"},
        {"OPTIONS /", "h", "/", "/"},
        // 3.2.2: absolute-form, whose authority wins
        {"GET http://EXAMPLE.org/a/../b", "example.org", "/b", "/a/../b"},
        {"GET HTTP://example.org:81/", "example.org", "/", "/", 81},
        {"GET https://example.org/", "example.org", "/", "/"},
        {"GET http://example.org", "example.org", "/", "/"},
        {"GET http://example.org?q", "example.org", "/", "/"},
        {"GET http://[::1]:8080/a", "[::1]", "/a", "/a", 8080},
        {"GET http://example.org//a", "example.org", "/a", "//a"},
        // 3.2.4: asterisk-form, also as an absolute URI without a path
        {"OPTIONS *", "h", "*", "*"},
        {"OPTIONS http://example.org", "example.org", "*", "*"},
        {"OPTIONS http://example.org/", "example.org", "/", "/"},
        {"OPTIONS http://example.org?q", "example.org", "/", "/"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.line);
        const Parsed p(request(row.line));
        CHECK(p.status == Code::ok);
        CHECK(p.request.host == row.host);
        CHECK(p.request.port == row.port);
        CHECK(p.request.path == row.path);
        CHECK(p.request.raw_path == row.raw_path);
        CHECK(p.request.target == row.line.substr(row.line.find(' ') + 1));
    }
}

TEST_CASE("a target of another form is refused")
{
    struct Row {
        std::string line;
        Code status = Code::bad_request;
    };
    const Row rows[] = {
        {"GET *"},
        {"POST *"},
        {"OPTIONS **"},
        {"OPTIONS */"},
        {"GET a"},
        {"GET example.org:80"},
        {"GET ?q"},
        {"GET ../a"},
        {"GET \\a"},
        {"GET %2Fa"},
        {"GET ftp://example.org/"},
        {"GET file:///etc/passwd"},
        {"GET javascript:alert(1)"},
        {"GET http:/example.org/"},
        {"GET http:example.org/"},
        {"GET http://"},
        {"GET http:///a"},  // RFC 9110 section 4.2.1: an empty host is invalid
        {"GET http://:80/a"},
        {"GET http://user@example.org/"},  // RFC 9110 section 4.2.4
        {"GET http://user:secret@example.org/"},
        {"GET http://example.org:x/"},
        {"GET http://example.org\\@h/"},
        {"GET http://ex%61mple.org/"},
        {"GET http://h/%00"},
        {"GET http://h/../a"},
        {"GET /a#b"},  // no fragment is ever sent
        {"GET /a?b#c"},
        {"GET http://h/#"},
        {"GET #"},
        {"GET /%"},
        {"GET /.."},
        {"GET /%2e%2e/a"},
        {"GET /a%0d%0ab"},
        {"GET /a%2fb", Code::not_found},
        {"GET http://h/a%2fb", Code::not_found},
        // RFC 9110 section 9.3.6: CONNECT has a form of its own, and no resource
        {"CONNECT example.org:443", Code::method_not_allowed},
        {"CONNECT [::1]:443", Code::method_not_allowed},
        {"CONNECT example.org"},
        {"CONNECT example.org:"},
        {"CONNECT example.org:0"},
        {"CONNECT /"},
        {"CONNECT *"},
        {"CONNECT http://example.org/"},
        {"CONNECT u@example.org:443"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.line);
        CHECK(Parsed(request(row.line)).status == row.status);
    }
}

TEST_CASE("Host must be valid even where the target says the host")
{
    CHECK(Parsed(request("GET http://a/", "b c")).status == Code::bad_request);
    CHECK(Parsed(request("GET http://a/", "")).status == Code::bad_request);
    CHECK(Parsed("GET http://a/ HTTP/1.1\r\n\r\n").status == Code::bad_request);
    CHECK(Parsed("GET http://a/ HTTP/1.0\r\n\r\n").status == Code::ok);
    // The port of Host is not the port of the authority.
    CHECK(Parsed(request("GET http://a/", "a:8080")).request.port == 0);
}

TEST_CASE("an empty query is not an absent one")
{
    const Parsed none(request("GET /a"));
    CHECK_FALSE(none.request.has_query);
    CHECK(none.request.query == "");
    const Parsed empty(request("GET /a?"));
    CHECK(empty.request.has_query);
    CHECK(empty.request.query == "");
    CHECK(empty.request.raw_path == "/a");
    const Parsed raw(request("GET /a?%zz%00%2F\\/../"));
    CHECK(raw.status == Code::ok);  // a query is the script's to decode
    CHECK(raw.request.query == "%zz%00%2F\\/../");
}

TEST_CASE("how a request arrived is not the client's to say")
{
    CHECK(Parsed(request("GET https://h/")).request.scheme == "http");
}
