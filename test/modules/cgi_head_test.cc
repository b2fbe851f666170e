// cgi_head_test.cc - header sections of scripts.
#include "modules/cgi_head.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;
using State = CgiHeadParser::State;

namespace {

struct Parsed {
    State state;
    std::string why;
    std::string shown;   // what came of it, as text
    std::string rest;    // what follows the section
    bool operator==(const Parsed&) const = default;
};

std::string show(const CgiHead& head)
{
    std::string s = head.status ? std::to_string(to_int(*head.status)) : "-";
    s += head.content_length ? " " + std::to_string(*head.content_length) : " -";
    s += head.location ? " " + std::string(*head.location) : " -";
    s += head.sendfile ? " " + std::string(*head.sendfile) : " -";
    for (const Field& f : head.fields)
        s += "|" + std::string(f.name) + "=" + std::string(f.value);
    return s;
}

/// Feeds `text` in pieces of `step` bytes.
Parsed parse(std::string_view text, std::size_t step = static_cast<std::size_t>(-1), bool nph = false)
{
    Arena arena;
    CgiHeadParser parser(arena, nph);
    std::string pending;
    while (!text.empty()) {
        const std::size_t n = std::min(step, text.size());
        pending += text.substr(0, n);
        text.remove_prefix(n);
        const State state = parser.feed(pending);
        pending.erase(0, parser.used());
        if (state == State::invalid) return {state, parser.why(), "", ""};
        if (state == State::complete)
            return {state, "", show(parser.head()), pending + std::string(text)};
    }
    return {State::more, parser.why_ended(), "", ""};
}

}  // namespace

TEST_CASE("header sections that are good")
{
    struct Row {
        const char* text;
        const char* shown;
        const char* rest;
    };
    const Row rows[] = {
        {"Content-Type: text/plain\n\nhi", "- - - -|Content-Type=text/plain", "hi"},
        {"Content-Type: text/plain\r\n\r\nhi", "- - - -|Content-Type=text/plain", "hi"},
        {"Content-Type: text/plain\r\n\nhi", "- - - -|Content-Type=text/plain", "hi"},
        {"content-TYPE:text/plain\n\n", "- - - -|Content-Type=text/plain", ""},
        {"Status: 404 Not Found\n\n", "404 - - -", ""},
        {"Status: 200\n\n", "200 - - -", ""},
        {"Status:599 x\n\n", "599 - - -", ""},
        {"Location: /a?b\n\n", "- - /a?b -", ""},
        {"Location: https://example.org/\nStatus: 301\n\n", "301 - https://example.org/ -", ""},
        {"Content-Type: a/b\nContent-Length: 007\n\n", "- 7 - -|Content-Type=a/b", ""},
        {"X-Sendfile: /srv/x\n\n", "- - - /srv/x", ""},
        {"Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n",
         "- - - -|Content-Type=a/b|Set-Cookie=a=1|Set-Cookie=b=2", ""},
        {"Content-Type: a/b\nX-Empty:\n\n", "- - - -|Content-Type=a/b|X-Empty=", ""},
        {"Content-Type: a/b\nX-Utf8: \xc3\xa4\n\n", "- - - -|Content-Type=a/b|X-Utf8=\xc3\xa4", ""},
        // For one hop only: not the client's.
        {"Content-Type: a/b\nConnection: close\nKeep-Alive: 5\nUpgrade: x\nTrailer: y\nTE: z\n"
         "Proxy-Connection: a\n\n",
         "- - - -|Content-Type=a/b", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const Parsed whole = parse(row.text);
        CHECK(whole.state == State::complete);
        CHECK(whole.shown == row.shown);
        CHECK(whole.rest == row.rest);
        for (const std::size_t step : {1u, 2u, 3u, 7u}) CHECK(parse(row.text, step) == whole);
    }
}

TEST_CASE("header sections that are refused, with the reason")
{
    struct Row {
        std::string text;
        const char* why;
    };
    const Row rows[] = {
        {"\n\n", "begins with an empty line"},
        {"\r\nContent-Type: a/b\r\n\r\n", "begins with an empty line"},
        {"Hello world\n", "not \"name: value\""},
        {"<html>\n<a href=\"x:y\">\n", "not \"name: value\""},
        {"X-A: 1\n\nhi", "no Content-Type, Location or Status"},
        {"Content-Type : a/b\n\n", "not \"name: value\""},
        {": x\n\n", "not \"name: value\""},
        {" Content-Type: a/b\n\n", "not \"name: value\""},
        {"Content-Type: a/b\n folded\n\n", "not \"name: value\""},  // obsolete folding
        {"Content-Type: a/b\rSet-Cookie: x=y\n\n", "control character"},
        {std::string("Content-Type: a/b\nX: a\0b\n\n", 26), "control character"},
        {"Content-Type: a\x7f/b\n\n", "control character"},
        {"Status: 999\n\n", "200 to 599"},
        {"Status: 600\n\n", "200 to 599"},
        {"Status: 101 Switching\n\n", "200 to 599"},
        {"Status: 199\n\n", "200 to 599"},
        {"Status: abc\n\n", "200 to 599"},
        {"Status: 2000\n\n", "200 to 599"},
        {"Status: -20\n\n", "200 to 599"},
        {"Status:\n\n", "200 to 599"},
        {"Status: 200\nStatus: 200\n\n", "two Status"},
        {"Content-Length: 5\nContent-Length: 5\n\n", "two Content-Length"},
        {"Content-Length: 5, 5\n\n", "Content-Length is not a number"},
        {"Content-Length: +5\n\n", "Content-Length is not a number"},
        {"Content-Length: 0x5\n\n", "Content-Length is not a number"},
        {"Content-Length:\n\n", "Content-Length is not a number"},
        {"Content-Length: 99999999999999999999\n\n", "Content-Length is not a number"},
        {"Content-Type: a/b\nContent-Type: c/d\n\n", "two Content-Type"},
        {"Location: /a\nLocation: /b\n\n", "two Location"},
        {"X-Sendfile: /a\nX-Sendfile: /b\n\n", "two X-Sendfile"},
        {"Transfer-Encoding: chunked\n\n", "Transfer-Encoding"},
        {"Content-Type: a/b\nX: " + std::string(40'000, 'x') + "\n\n", "larger than 32 KiB"},
        {std::string(40'000, 'x'), "larger than 32 KiB"},
        {[] {
             std::string s;
             for (int i = 0; i < 101; ++i) s += "X: y\n";
             return s;
         }(),
         "more than 100 fields"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text.substr(0, 60));
        const Parsed whole = parse(row.text);
        CHECK(whole.state == State::invalid);
        CHECK(whole.why.find(row.why) != std::string::npos);
        if (row.text.size() < 1000)
            for (const std::size_t step : {1u, 2u, 5u}) CHECK(parse(row.text, step) == whole);
    }
}

TEST_CASE("output that ends too early says where")
{
    CHECK(parse("").why == "it ended without an answer");
    CHECK(parse("Content-Type: a/b\n").why ==
          "it ended before the empty line that ends the header section");
    CHECK(parse("Content-Type: a/b\nX").state == State::more);
}

TEST_CASE("the output of an nph- script begins with a status line")
{
    const auto nph = [](std::string_view text) { return parse(text, 4096, true); };
    CHECK(nph("HTTP/1.1 203 Fine\r\nX: y\r\n\r\nbody").shown == "203 - - -|X=y");
    CHECK(nph("HTTP/1.0 200 OK\n\n").shown == "200 - - -");
    CHECK(nph("HTTP/1.1 200\n\n").shown == "200 - - -");
    CHECK(nph("HTTP/1.1 100 Continue\n\n").state == State::invalid);
    CHECK(nph("HTTP/2 200 OK\n\n").state == State::invalid);
    CHECK(nph("Content-Type: a/b\n\n").state == State::invalid);
    CHECK(nph("\n").state == State::invalid);
    CHECK(nph("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n").state == State::invalid);
    // Status is a field like any other there.
    CHECK(nph("HTTP/1.1 200 OK\nStatus: 404\n\n").shown == "200 - - -|Status=404");
}
