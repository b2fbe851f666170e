// h1_head_test.cc - what a request head means (RFC 9112 sections 2 to 6, RFC 9110).
#include "common/http/h1_head.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace ostler;
using namespace std::string_literals;

namespace {

/// A head, parsed; the parts live as long as this does.
struct Parsed {
    explicit Parsed(std::string text, const HeadLimits& limits = {})
        : head(std::move(text)), request(arena)
    {
        const auto error = parse_head(head, limits, arena, request, framing);
        if (!error) return;
        status = error->status;
        why = error->why;
        CHECK(why != "");
    }
    const std::string head;
    Arena arena;
    Request request;
    Framing framing;
    Code status = Code::ok;
    std::string why;
};

/// A request line with a Host.
std::string line(const std::string& text) { return text + "\r\nHost: h\r\n\r\n"; }
/// A GET with these fields and a Host.
std::string with(const std::string& fields)
{
    return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string with_old(const std::string& fields) { return "GET / HTTP/1.0\r\n" + fields + "\r\n"; }

struct Row {
    std::string head;
    Code status;
};
void check(const Row* begin, const Row* end)
{
    for (const Row* row = begin; row != end; ++row) {
        CAPTURE(row->head);
        const Parsed parsed(row->head);
        INFO(parsed.why);
        CHECK(parsed.status == row->status);
    }
}
template <std::size_t N> void check(const Row (&rows)[N]) { check(rows, rows + N); }

}  // namespace

TEST_CASE("a request is taken apart")
{
    const Parsed p("\r\nPOST /a%20b/../c%41/?x=%20&y HTTP/1.1\r\n"
                   "Host: Example.ORG.:8080\r\nContent-Length: 12\r\nX-One:  a \tb\t \r\nEmpty:\r\n"
                   "Expect: 100-Continue\r\n\r\n");
    CHECK(p.why == "");
    const Request& r = p.request;
    CHECK(r.method == Method::post);
    CHECK(r.method_name == "POST");
    CHECK(r.target == "/a%20b/../c%41/?x=%20&y");
    CHECK(r.scheme == "http");
    CHECK(r.host == "example.org");
    CHECK(r.port == 8080);
    CHECK(r.path == "/cA/");
    CHECK(r.raw_path == "/a%20b/../c%41/");
    CHECK(r.query == "x=%20&y");
    CHECK(r.has_query);
    CHECK(r.minor_version == 1);
    CHECK(r.fields.size() == 5);
    CHECK(r.fields.get("x-one") == "a \tb");
    REQUIRE(r.fields.find("Empty"));
    CHECK(r.fields.get("Empty") == "");
    CHECK(r.content_length == 12);
    CHECK(p.framing.content_length == 12);
    CHECK_FALSE(p.framing.chunked);
    CHECK(p.framing.keep_alive);
    CHECK_FALSE(p.framing.echo_keep_alive);
    CHECK(p.framing.expect_continue);
}

TEST_CASE("a plain request is parsed in place")
{
    const Parsed p(line("GET /index.html?q HTTP/1.1"));
    const auto inside = [&p](std::string_view view) {
        return view.data() >= p.head.data() &&
               view.data() + view.size() <= p.head.data() + p.head.size();
    };
    CHECK(inside(p.request.method_name));
    CHECK(inside(p.request.target));
    CHECK(inside(p.request.path));
    CHECK(inside(p.request.query));
    CHECK(inside(p.request.host));
    CHECK(p.request.path == "/index.html");
}

TEST_CASE("a request line is method, target and version, one space between (RFC 9112 section 3)")
{
    const Row rows[] = {
        {line("GET / HTTP/1.1"), Code::ok},
        {line("GET  / HTTP/1.1"), Code::bad_request},
        {line("GET /  HTTP/1.1"), Code::bad_request},
        {line("GET / HTTP/1.1 "), Code::bad_request},
        {line(" GET / HTTP/1.1"), Code::bad_request},
        {line("GET\t/ HTTP/1.1"), Code::bad_request},
        {line("GET /a\tb HTTP/1.1"), Code::bad_request},
        {line("GET /a b HTTP/1.1"), Code::bad_request},
        {line("GET  HTTP/1.1"), Code::bad_request},
        {line("GET HTTP/1.1"), Code::bad_request},
        {line("GET /"), Code::bad_request},
        {line("GET"), Code::bad_request},
        {line(" "), Code::bad_request},
        {line("  "), Code::bad_request},
        {line(""), Code::bad_request},
        {line("G\xc3\x89T / HTTP/1.1"), Code::bad_request},
        {line("GE(T / HTTP/1.1"), Code::bad_request},
        {line("GET /" + std::string(8 * 1024 - 14, 'x') + " HTTP/1.1"), Code::ok},
        {line("GET /" + std::string(8 * 1024 - 13, 'x') + " HTTP/1.1"), Code::uri_too_long},
        {"\r\n" + line("GET / HTTP/1.1"), Code::ok},
        {"\r\n\r\n" + line("GET / HTTP/1.1"), Code::bad_request},
    };
    check(rows);
}

TEST_CASE("a version is 1.0 or 1.1, or is treated as 1.1 (RFC 9110 section 2.5)")
{
    const Row rows[] = {
        {line("GET / HTTP/1.0"), Code::ok},
        {line("GET / HTTP/1.2"), Code::ok},
        {line("GET / HTTP/1.9"), Code::ok},
        {line("GET / HTTP/0.9"), Code::bad_request},
        {line("GET / HTTP/0.1"), Code::http_version_not_supported},
        {line("GET / HTTP/2.0"), Code::http_version_not_supported},
        {line("GET / HTTP/3.0"), Code::http_version_not_supported},
        {"PRI * HTTP/2.0\r\n\r\n", Code::http_version_not_supported},
        {line("FOO / HTTP/2.0"), Code::http_version_not_supported},
        {line("GET / HTTP/1"), Code::bad_request},
        {line("GET / HTTP/1."), Code::bad_request},
        {line("GET / HTTP/1.10"), Code::bad_request},
        {line("GET / HTTP/01.1"), Code::bad_request},
        {line("GET / HTTP/1,1"), Code::bad_request},
        {line("GET / HTTP/ 1.1"), Code::bad_request},
        {line("GET / http/1.1"), Code::bad_request},
        {line("GET / HTTP/x.y"), Code::bad_request},
        {line("GET / HTTPS/1.1"), Code::bad_request},
    };
    check(rows);
    CHECK(Parsed(line("GET / HTTP/1.0")).request.minor_version == 0);
    CHECK(Parsed(line("GET / HTTP/1.1")).request.minor_version == 1);
    CHECK(Parsed(line("GET / HTTP/1.7")).request.minor_version == 1);
}

TEST_CASE("a method is a known token (RFC 9110 section 9)")
{
    const Row rows[] = {
        {line("PUT / HTTP/1.1"), Code::ok},
        {line("TRACE / HTTP/1.1"), Code::ok},  // whether it is allowed is for the dispatcher
        {line("PROPFIND / HTTP/1.1"), Code::ok},
        {line("get / HTTP/1.1"), Code::not_implemented},
        {line("BREW / HTTP/1.1"), Code::not_implemented},
        {line(std::string(32, 'A') + " / HTTP/1.1"), Code::not_implemented},
        {line(std::string(33, 'A') + " / HTTP/1.1"), Code::not_implemented},
        {line("! / HTTP/1.1"), Code::not_implemented},
    };
    check(rows);
    const Parsed p(line("BREW /pot HTTP/1.1"));  // for the log
    CHECK(p.request.method == Method::unknown);
    CHECK(p.request.method_name == "BREW");
    CHECK(p.request.target == "/pot");
}

TEST_CASE("field lines are name, colon and value (RFC 9112 section 5)")
{
    const Row rows[] = {
        {with("A:b\r\n"), Code::ok},
        {with("A: \xff\t~\r\n"), Code::ok},
        {with("!#$%&'*+-.^_`|~1aA: b\r\n"), Code::ok},
        {with("A: b:c\r\n"), Code::ok},
        {with("A : b\r\n"), Code::bad_request},  // 5.1: no space before the colon
        {with("A\t: b\r\n"), Code::bad_request},
        {with(" A: b\r\n"), Code::bad_request},
        {with("A: b\r\n c\r\n"), Code::bad_request},  // 5.2: obs-fold
        {with("A: b\r\n\tc\r\n"), Code::bad_request},
        {with("A: b\r\n \r\n"), Code::bad_request},
        {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", Code::bad_request},  // 2.2
        {with(": b\r\n"), Code::bad_request},
        {with("A\r\n"), Code::bad_request},
        {with("A(b): c\r\n"), Code::bad_request},
        {with("A b: c\r\n"), Code::bad_request},
        {with("\xc3\xa9: c\r\n"), Code::bad_request},
        {with("A: b\0c\r\n"s), Code::bad_request},
        {with("A: b\x7f\r\n"), Code::bad_request},
        {with("A: b\nB: c\r\n"), Code::bad_request},
        {with("A: b\rB: c\r\n"), Code::bad_request},
        {with("A: b\r\r\n"), Code::bad_request},
        {with("A: " + std::string(8 * 1024 - 3, 'x') + "\r\n"), Code::ok},
        {with("A: " + std::string(8 * 1024 - 2, 'x') + "\r\n"),
         Code::request_header_fields_too_large},
    };
    check(rows);
}

TEST_CASE("all fields together have limits (RFC 6585 section 5)")
{
    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "A:\r\n";
    CHECK(Parsed(with(fields)).status == Code::ok);
    CHECK(Parsed(with(fields + "A:\r\n")).status == Code::request_header_fields_too_large);

    std::string large;  // 4 x 8 KiB, and the Host is too much
    for (int i = 0; i < 4; ++i) large += "A: " + std::string(8 * 1024 - 3, 'x') + "\r\n";
    CHECK(Parsed(with(large)).status == Code::request_header_fields_too_large);
    CHECK(Parsed(with_old(large)).status == Code::ok);
}

TEST_CASE("bytes that are no complete head are refused")
{
    const Row rows[] = {
        {"", Code::bad_request},
        {"\r\n", Code::bad_request},
        {"GET / HTTP/1.0", Code::bad_request},
        {"GET / HTTP/1.0\r\n", Code::bad_request},
        {"GET / HTTP/1.0\r\nA: b\r\n", Code::bad_request},
        {"GET / HTTP/1.0\r\n\r\nx", Code::bad_request},
        {"GET / HTTP/1.0\n\n", Code::bad_request},
    };
    check(rows);
}

TEST_CASE("Content-Length is one number below 2^63 (RFC 9112 section 6.3)")
{
    const Row rows[] = {
        {with("Content-Length: 0\r\n"), Code::ok},
        {with("Content-Length: \t7 \r\n"), Code::ok},
        {with("Content-Length: 007\r\n"), Code::ok},
        {with("Content-Length: 9223372036854775807\r\n"), Code::ok},
        {with("Content-Length: 9223372036854775808\r\n"), Code::bad_request},
        {with("Content-Length: 18446744073709551617\r\n"), Code::bad_request},  // 1, cut to 64 bits
        {with("Content-Length: 99999999999999999999999999\r\n"), Code::bad_request},
        {with("Content-Length:\r\n"), Code::bad_request},
        {with("Content-Length: +7\r\n"), Code::bad_request},
        {with("Content-Length: -7\r\n"), Code::bad_request},
        {with("Content-Length: 0x7\r\n"), Code::bad_request},
        {with("Content-Length: 7a\r\n"), Code::bad_request},
        {with("Content-Length: 7.0\r\n"), Code::bad_request},
        {with("Content-Length: 1 0\r\n"), Code::bad_request},
        {with("Content-Length: 1_0\r\n"), Code::bad_request},
        {with("Content-Length: \"7\"\r\n"), Code::bad_request},
        {with("Content-Length: 7, 7\r\n"), Code::bad_request},
        {with("Content-Length: 7,\r\n"), Code::bad_request},
        {with("Content-Length: 7\r\nContent-Length: 7\r\n"), Code::bad_request},
        {with("Content-Length: 7\r\ncontent-LENGTH: 8\r\n"), Code::bad_request},
        {with("Content-Length : 7\r\n"), Code::bad_request},
        {with("Content_Length: x\r\n"), Code::ok},  // another field
    };
    check(rows);
    CHECK(Parsed(with("Content-Length: 007\r\n")).framing.content_length == 7);
    CHECK(Parsed(with("Content-Length: 0\r\n")).request.content_length == 0);
    CHECK(Parsed(with("Content-Length: 9223372036854775807\r\n")).request.content_length ==
          9223372036854775807u);
    CHECK_FALSE(Parsed(with("")).request.content_length);
    CHECK_FALSE(Parsed(with("")).framing.content_length);
}

TEST_CASE("Transfer-Encoding is chunked, alone, and not in HTTP/1.0 (RFC 9112 section 6.1)")
{
    const Row rows[] = {
        {with("Transfer-Encoding: chunked\r\n"), Code::ok},
        {with("Transfer-Encoding: \t CHUNKED \r\n"), Code::ok},
        {with("Transfer-Encoding: gzip, chunked\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunked, chunked\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunked, identity\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: identity\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: xchunked\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunke\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: \"chunked\"\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunked;a=b\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunked,\r\n"), Code::not_implemented},
        {with("Transfer-Encoding:\r\n"), Code::not_implemented},
        {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Code::bad_request},
        {with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), Code::bad_request},
        {with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), Code::bad_request},
        {with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Code::bad_request},
        {with("Content-Length: 5\r\nTransfer-Encoding: x\r\n"), Code::bad_request},
        {with_old("Transfer-Encoding: chunked\r\n"), Code::bad_request},
        {with_old("Transfer-Encoding: identity\r\n"), Code::bad_request},
        {with("Transfer-Encoding : chunked\r\n"), Code::bad_request},
        {with("Transfer-Encoding: chunked\x0b\r\n"), Code::bad_request},
        {with("Transfer_Encoding: chunked\r\n"), Code::ok},  // another field
    };
    check(rows);
    CHECK(Parsed(with("Transfer-Encoding: chunked\r\n")).framing.chunked);
    CHECK_FALSE(Parsed(with("Transfer-Encoding: chunked\r\n")).request.content_length);
    CHECK_FALSE(Parsed(with("Transfer_Encoding: chunked\r\n")).framing.chunked);
}

TEST_CASE("a connection is kept as the client asks (RFC 9112 section 9.3)")
{
    struct Keep {
        std::string head;
        bool keep, echo;
    };
    const Keep rows[] = {
        {with(""), true, false},
        {with("Connection: keep-alive\r\n"), true, false},
        {with("Connection: close\r\n"), false, false},
        {with("Connection: CLOSE\r\n"), false, false},
        {with("Connection: keep-alive, close\r\n"), false, false},
        {with("Connection: upgrade\r\nConnection: close\r\n"), false, false},
        {with("Connection: closed\r\n"), true, false},
        {with("Keep-Alive: close\r\n"), true, false},
        {with_old(""), false, false},
        {with_old("Connection: Keep-Alive\r\n"), true, true},
        {with_old("Connection: x, keep-alive\r\n"), true, true},
        {with_old("Connection: keep-alive, close\r\n"), false, false},
        {with_old("Connection: keep-alive\r\nConnection: close\r\n"), false, false},
    };
    for (const Keep& row : rows) {
        CAPTURE(row.head);
        const Parsed p(row.head);
        CHECK(p.status == Code::ok);
        CHECK(p.framing.keep_alive == row.keep);
        CHECK(p.framing.echo_keep_alive == row.echo);
    }
}

TEST_CASE("the only expectation is 100-continue (RFC 9110 section 10.1.1)")
{
    const Row rows[] = {
        {with("Expect: 100-continue\r\n"), Code::ok},
        {with("Expect: 100-CONTINUE\r\nExpect: 100-continue\r\n"), Code::ok},
        {with("Expect: 200-ok\r\n"), Code::expectation_failed},
        {with("Expect: 100-continue, x\r\n"), Code::expectation_failed},
        {with("Expect: 100-continue\r\nExpect: x\r\n"), Code::expectation_failed},
        {with("Expect:\r\n"), Code::expectation_failed},
        {with_old("Expect: 100-continue\r\n"), Code::ok},
        {with_old("Expect: x\r\n"), Code::expectation_failed},
    };
    check(rows);
    const std::string expect = "Expect: 100-continue\r\n";
    CHECK(Parsed(with(expect + "Content-Length: 1\r\n")).framing.expect_continue);
    CHECK(Parsed(with("Transfer-Encoding: chunked\r\n" + expect)).framing.expect_continue);
    CHECK_FALSE(Parsed(with(expect + "Content-Length: 0\r\n")).framing.expect_continue);
    CHECK_FALSE(Parsed(with(expect)).framing.expect_continue);  // nothing to continue with
    CHECK_FALSE(Parsed(with_old(expect + "Content-Length: 1\r\n")).framing.expect_continue);
    CHECK_FALSE(Parsed(with("Content-Length: 1\r\n")).framing.expect_continue);
}

TEST_CASE("what was understood before an error is there for the log")
{
    const Parsed p(with("User-Agent: x\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n"));
    CHECK(p.status == Code::not_implemented);
    CHECK(p.request.target == "/");
    CHECK(p.request.fields.get(FieldId::user_agent) == "x");
    CHECK_FALSE(p.framing.keep_alive);
    // A 404 knows everything but the path.
    const Parsed slash("POST /a%2Fb?q HTTP/1.1\r\nHost: H:1\r\nContent-Length: 5\r\n\r\n");
    CHECK(slash.status == Code::not_found);
    CHECK(slash.request.host == "h");
    CHECK(slash.request.query == "q");
    CHECK(slash.request.raw_path == "/a%2Fb");
    CHECK(slash.framing.content_length == 5);
    CHECK(slash.framing.keep_alive);
}
