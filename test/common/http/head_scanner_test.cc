// head_scanner_test.cc - where a request head ends, and when it never can (RFC 9112 section 2).
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "common/http/h1_head.h"

using namespace ostler;
using namespace std::string_literals;
using Found = HeadScanner::Found;

namespace {

struct Scan {
    Found found = Found::more;
    std::size_t length = 0;
    Code status = Code::ok;
    std::string why;
    bool operator==(const Scan&) const = default;
};

Scan finish(HeadScanner& scanner, Found found)
{
    if (found == Found::bad) return {found, 0, scanner.error().status, scanner.error().why};
    return {found, found == Found::complete ? scanner.length() : 0, Code::ok, ""};
}

/// Cut after `cut` bytes, then every `piece` bytes.
Scan scan(std::string_view input, std::size_t cut, std::size_t piece, const HeadLimits& limits = {})
{
    HeadScanner scanner(limits);
    Found found = scanner.feed(input.substr(0, cut));
    while (found == Found::more && cut < input.size()) {
        found = scanner.feed(input.substr(cut, piece));
        cut += std::min(piece, input.size() - cut);
    }
    return finish(scanner, found);
}
Scan scan(std::string_view input, const HeadLimits& limits = {})
{
    return scan(input, input.size(), 1, limits);
}

const std::string get = "GET / HTTP/1.1\r\n";

}  // namespace

TEST_CASE("a head is complete at its empty line")
{
    const std::string heads[] = {
        get + "\r\n",
        get + "Host: a\r\n\r\n",
        get + "Host: a\r\nAccept:\t*/*\r\nX:\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",  // which version it is, is for parse_head
        "\r\n" + get + "\r\n",     // RFC 9112 section 2.2: one empty line
        "OPTIONS * HTTP/1.0\r\nX: \xff\x80\r\n\r\n",
        get + " odd\r\n:\r\n\r\n",                                     // fields are for parse_head
        "G " + std::string(8 * 1024 - 11, 'x') + " HTTP/1.1\r\n\r\n",  // exactly at the limit
        get + std::string(8 * 1024, 'x') + "\r\n\r\n",
    };
    for (const std::string& head : heads) {
        CAPTURE(head);
        CHECK(scan(head) == Scan{Found::complete, head.size(), Code::ok, ""});
        CHECK(scan(head + "GET") == Scan{Found::complete, head.size(), Code::ok, ""});
        CHECK(scan(head.substr(0, head.size() - 1)).found == Found::more);
    }
}

TEST_CASE("what can never become a head is refused at its first wrong byte")
{
    struct Row {
        std::string good, wrong;
        Code status;
    };
    const Row rows[] = {
        // RFC 9112 section 2.2: CRLF only
        {"", "\n", Code::bad_request},
        {"\r\n", "\n", Code::bad_request},
        {"GET / HTTP/1.1", "\n", Code::bad_request},
        {"GET / HTTP/1.1\r", "\r\n", Code::bad_request},
        {"GET / HTTP/1.1\r", "Host: a", Code::bad_request},
        {get, "\n", Code::bad_request},
        {get + "Host: a", "\n", Code::bad_request},
        {get + "Host: a\r", "X: b", Code::bad_request},
        {get + "Host: a\r\n\r", "\r", Code::bad_request},
        {get + "Host: a\r\n\r", "G", Code::bad_request},
        {"\r\n\r", "\n", Code::bad_request},  // one empty line, not two
        {"\r", "\r\n", Code::bad_request},
        // controls
        {get + "Host: ", "\0"s, Code::bad_request},
        {get + "Host: a", "\x0b", Code::bad_request},
        {get + "Host: a", "\x7f", Code::bad_request},
        {get + "Host: a", "\x1b[31m", Code::bad_request},
        {"GET", "\t/ HTTP/1.1", Code::bad_request},
        {"GET /", "\0"s, Code::bad_request},
        // other protocols
        {"", "\x16\x03\x01\x02", Code::bad_request},  // a TLS ClientHello
        {"", "\x80\x2e\x01", Code::bad_request},      // an SSL 2 one
        {"", "\0\0\0\x10"s, Code::bad_request},
        {"", " / HTTP/1.1", Code::bad_request},
        {"", "{\"json\"", Code::bad_request},
        {"", "\"", Code::bad_request},
        // HTTP/0.9: nothing would follow
        {"GET /\r", "\n", Code::bad_request},
        {"GET\r", "\n", Code::bad_request},
        {"SSH-2.0-OpenSSH_9.2\r", "\n", Code::bad_request},
        {"GET / HTTP\r", "\n", Code::bad_request},
        {"GET / HTTP/1\r", "\n", Code::bad_request},
        {"GET / HTTP/1.\r", "\n", Code::bad_request},
        {"GET / HTTP/1.10\r", "\n", Code::bad_request},
        {"GET / HTTP/11.1\r", "\n", Code::bad_request},
        {"GET / HTTP/1.1 \r", "\n", Code::bad_request},
        {"GET / http/1.1\r", "\n", Code::bad_request},
        {"GET /HTTP/1.1\r", "\n", Code::bad_request},
        {"GET / HTTP/1.1 HTTP/1.x\r", "\n", Code::bad_request},
        // RFC 9112 section 3, RFC 6585 section 5: limits
        {"GET /" + std::string(8 * 1024 - 5, 'x'), "x", Code::uri_too_long},
        {get + "X: " + std::string(8 * 1024 - 3, 'x'), "x", Code::request_header_fields_too_large},
        {get + "X: " + std::string(8 * 1024 - 3, '\t'), "\t",
         Code::request_header_fields_too_large},
    };
    for (const Row& row : rows) {
        CAPTURE(row.good);
        CAPTURE(row.wrong);
        CHECK(scan(row.good).found == Found::more);
        const Scan whole = scan(row.good + row.wrong);
        CHECK(whole.found == Found::bad);
        CHECK(whole.status == row.status);
        CHECK(whole.why != "");
    }
}

TEST_CASE("limits are exact")
{
    const HeadLimits limits{
        .request_line = 20, .field_line = 10, .all_fields = 25, .field_count = 4};
    struct Row {
        std::string head;
        Code status;  // ok: complete
    };
    const Row rows[] = {
        {"GET /234567 HTTP/1.1\r\n\r\n", Code::ok},
        {"GET /2345678 HTTP/1.1\r\n\r\n", Code::uri_too_long},
        {"\r\nGET /234567 HTTP/1.1\r\n\r\n", Code::ok},  // the empty line is no part of it
        {get + "A:34567890\r\n\r\n", Code::ok},
        {get + "A:345678901\r\n\r\n", Code::request_header_fields_too_large},
        {get + "A:34567890\r\nB:34567890\r\nC:345\r\n\r\n", Code::ok},
        {get + "A:34567890\r\nB:34567890\r\nC:3456\r\n\r\n", Code::request_header_fields_too_large},
        {get + "A:34567890\r\nB:34567890\r\nC:345\r\nD", Code::request_header_fields_too_large},
        {get + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n", Code::ok},
        {get + "A:\r\nB:\r\nC:\r\nD:\r\nE", Code::request_header_fields_too_large},
    };
    for (const Row& row : rows) {
        CAPTURE(row.head);
        const Scan whole = scan(row.head, limits);
        CHECK(whole.found == (row.status == Code::ok ? Found::complete : Found::bad));
        CHECK(whole.status == row.status);
        for (std::size_t cut = 0; cut <= row.head.size(); ++cut)
            CHECK(scan(row.head, cut, 1, limits) == whole);
    }
}

TEST_CASE("cut anywhere, a head is scanned the same")
{
    const std::string heads[] = {
        "\r\nGET /a/b?c HTTP/1.1\r\nHost: example.org\r\nAccept:\t*/*\r\nX:\r\n\r\nGET / HTTP/1.1",
        "POST / HTTP/1.0\r\nA: b\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n",
        "GET / HTTP/1.1 HTTP/1.1\r\nA: b\r\n\r\n",
        "GET / HTTP/1.1 HTTP/\r\nA: b\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \x7f\r\n\r\n",
        "\x16\x03\x01\x02\x05\x01",
    };
    for (const std::string& head : heads) {
        CAPTURE(head);
        const Scan whole = scan(head);
        for (std::size_t cut = 0; cut <= head.size(); ++cut) {
            CAPTURE(cut);
            CHECK(scan(head, cut, head.size()) == whole);
            CHECK(scan(head, cut, 1) == whole);
            if (cut) CHECK(scan(head, 0, cut) == whole);
        }
    }
}

TEST_CASE("a connection is untouched until a byte counts")
{
    const HeadLimits limits;
    HeadScanner scanner(limits);
    CHECK(scanner.untouched());
    CHECK(scanner.feed("") == Found::more);
    CHECK(scanner.untouched());
    CHECK(scanner.feed("\r\n") == Found::more);
    CHECK(scanner.untouched());  // RFC 9112 section 2.2: what old clients send after a POST
    CHECK(scanner.feed("G") == Found::more);
    CHECK_FALSE(scanner.untouched());
    CHECK(scanner.feed("ET / HTTP/1.1\r\n") == Found::more);
    CHECK_FALSE(scanner.untouched());
}

TEST_CASE("a scanner that is reset begins anew")
{
    const HeadLimits limits;
    HeadScanner scanner(limits);
    CHECK(scanner.feed("\r\n" + get + "A: b\r\n\r\n") == Found::complete);
    scanner.reset();
    CHECK(scanner.untouched());
    CHECK(scanner.feed("GET /\r\n") == Found::bad);
    scanner.reset();
    CHECK(scanner.feed("\r\n" + get + "\r\n") == Found::complete);
    CHECK(scanner.length() == 2 + get.size() + 2);
}
