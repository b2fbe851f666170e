// accesslog_format_test.cc - format strings: what each directive writes, what is refused and where.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "test/modules/accesslog_sample.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("combined is what goaccess reads as it is")
{
    Sample s;
    CHECK(s.line("combined") == "203.0.113.5 - - [22/Nov/2026:17:03:09 +0100] "
                                "\"GET /x?y=1 HTTP/1.1\" 200 512 \"ref\" \"ua\"");
    CHECK(s.line("common") == "203.0.113.5 - - [22/Nov/2026:17:03:09 +0100] "
                              "\"GET /x?y=1 HTTP/1.1\" 200 512");
    CHECK(s.line("vhost_combined") == "example.org:8080 203.0.113.5 - - "
                                      "[22/Nov/2026:17:03:09 +0100] \"GET /x?y=1 HTTP/1.1\" "
                                      "200 512 \"ref\" \"ua\"");
}

TEST_CASE("every directive")
{
    Sample s;
    s.x.request.fields.add("X-Trace", "t 1");
    s.x.response.fields.add("X-Cache", "hit");
    s.x.response.fields.set(FieldId::content_type, "text/html");
    s.x.set_log_variable("cgi_cpu", "12");
    s.x.set_log_variable("user", "alice");
    s.x.traffic.duration_us = 3'456'789;
    struct Row {
        const char *format, *line;
    };
    const Row rows[] = {
        {"%h|%a|%A|%p", "203.0.113.5|203.0.113.5|198.51.100.1|8080"},
        {"%l %u", "- alice"},
        {"%t", "[22/Nov/2026:17:03:09 +0100]"},
        {"%{iso}t", "2026-11-22T17:03:09.793+01:00"},
        {"%{sec}t %{msec}t", "1795363389 1795363389793"},
        {"%r", "GET /x?y=1 HTTP/1.1"},
        {"%m %U %q %H", "GET /x ?y=1 HTTP/1.1"},
        {"%v %V %L", "example.org example.org 7f3a91"},
        {"%s %>s", "200 200"},
        {"%b %B", "512 512"},
        {"%I %O", "100 700"},
        {"%D %T", "3456789 3"},
        {"%{s}T %{ms}T %{us}T", "3 3456 3456789"},
        {"%X", "+"},
        {"%{Referer}i %{user-agent}i %{x-trace}i", "ref ua t 1"},
        {"%{Content-Type}o %{X-Cache}o %{Age}o", "text/html hit -"},
        {"%{Accept}i", "-"},
        {"%{cgi_cpu}v %{other}v", "12 -"},
        {"100%% %s%%", "100% 200%"},
        {"a \"%s\"\tz", "a \"200\"\tz"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.format);
        CHECK(s.line(row.format) == row.line);
    }
}

TEST_CASE("how a request ended")
{
    Sample s;
    s.x.response.close = true;
    CHECK(s.line("%X %>s") == "- 200");
    s.x.traffic.complete = false;
    CHECK(s.line("%X %>s") == "X 200");
    s.x.traffic.sent = s.x.traffic.sent_body = 0;
    CHECK(s.line("%X %>s %b %B") == "X 499 - 0");
}

TEST_CASE("a request line that never parsed is \"-\"")
{
    Sample s;
    s.x.request.target = s.x.request.raw_path = s.x.request.path = {};
    s.x.request.has_query = false;
    s.x.response.status = Code::bad_request;
    CHECK(s.line("\"%r\" %>s %m %U%q %H") == "\"-\" 400 - - -");
}

TEST_CASE("what is not known is \"-\"; an empty query is shown")
{
    Sample s;
    s.x.request.host = s.x.request.id = s.x.request.query = {};
    s.x.request.peer.address = {};
    CHECK(s.line("%h %v %L %u %q|") == "- - - - ?|");
}

TEST_CASE("nothing a client sends leaves its quotes or its line")
{
    Sample s;
    s.x.request.target = "/\"\\\n\xc3\xbc";
    s.x.request.fields.set(FieldId::user_agent, "a\" 200 \"b\t\x7f");
    s.x.request.host = "h\"";
    s.x.set_log_variable("v", "\n");
    CHECK(
        s.line("combined") ==
        "203.0.113.5 - - [22/Nov/2026:17:03:09 +0100] \"GET /\\x22\\x5c\\x0a\\xc3\\xbc HTTP/1.1\" "
        "200 512 \"ref\" \"a\\x22 200 \\x22b\\x09\\x7f\"");
    CHECK(s.line("%v %{v}v") == "h\\x22 \\x0a");
}

TEST_CASE("what would let a reader of the log be somebody else is redacted")
{
    Sample s;
    for (const char* name : {"Cookie", "Authorization", "Proxy-Authorization"})
        s.x.request.fields.add(name, "secret");
    s.x.response.fields.add("Set-Cookie", "sid=secret");
    CHECK(s.line("%{Cookie}i %{cookie}i %{AUTHORIZATION}i %{Proxy-Authorization}i") ==
          "redacted redacted redacted redacted");
    CHECK(s.line("%{Set-Cookie}o %{set-cookie}o") == "redacted redacted");
    CHECK(s.line("%{Set-Cookie}i %{Cookie}o") == "- -");
}

TEST_CASE("cookies are redacted, but for those that were named")
{
    Sample s;
    s.x.request.fields.add("Cookie", "sid=secret; visitor=\"v 1\"; lang=");
    std::string error;
    const auto format = compile_access_format("%{sid}C|%{visitor}C|%{lang}C|%{x}C", false, error,
                                              {"visitor", "lang", "x"});
    REQUIRE_MESSAGE(format, error);
    CHECK(s.line(*format) == "redacted|v 1|-|-");
    CHECK(s.line("%{sid}C %{visitor}C %{SID}C %{absent}C") == "redacted redacted - -");
}

TEST_CASE("endless values are cut so that the rest of the line is still there")
{
    Sample s;
    const std::string long_value(100'000, '"');
    s.x.request.target = long_value;
    s.x.request.fields.set(FieldId::referer, long_value);
    s.x.request.fields.set(FieldId::user_agent, long_value);
    const std::string line = s.line("combined");
    CHECK(line.size() < access_line_size);
    CHECK(line.find("... HTTP/1.1\" 200 512 \"") != std::string::npos);
    CHECK(line.substr(line.size() - 4) == "...\"");
    CHECK(s.line("%r%r%r%r%r%r%r%r%r").size() <= access_line_size);
}

TEST_CASE("a format that is wrong is refused with the column and the reason")
{
    struct Row {
        const char *format, *error;
    };
    const Row rows[] = {
        {"", "neither combined, common, vhost_combined, json or terminal nor a string with "
             "% directives"},
        {"combine", "neither combined, common, vhost_combined, json or terminal nor a string with "
                    "% directives"},
        {"%h %z", "column 4 of the format: unknown directive %z"},
        {"%h %", "column 4 of the format: a directive is missing after %; a percent sign is "
                 "written %%"},
        {"%h %{Referer", "column 4 of the format: %{ without }"},
        {"%{Referer}", "column 1 of the format: a directive is missing after %; a percent sign is "
                       "written %%"},
        {"%{}i", "column 1 of the format: %{} needs a name between the braces"},
        {"%%%i", "column 3 of the format: %i needs a name: %{NAME}i"},
        {"%o", "column 1 of the format: %o needs a name: %{NAME}o"},
        {"%{a b}i", "column 1 of the format: %{a b}i: not the name of a field"},
        {"%C", "column 1 of the format: %C needs a name: %{NAME}C"},
        {"%{a=b}C", "column 1 of the format: %{a=b}C: not the name of a cookie"},
        {"%{x}h", "column 1 of the format: unknown directive %{x}h"},
        {"%>h", "column 1 of the format: unknown directive %>h"},
        {"%{%d}t", "column 1 of the format: %{%d}t is unknown; there are %t, %{iso}t, %{sec}t and "
                   "%{msec}t"},
        {"%{min}T", "column 1 of the format: %{min}T is unknown; there are %T, %{s}T, %{ms}T and "
                    "%{us}T"},
        {"%{Referer}>i", "column 1 of the format: unknown directive %{Referer}>i"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.format);
        std::string error;
        CHECK(compile_access_format(row.format, false, error) == nullptr);
        CHECK(error == row.error);
    }
}
