// accesslog_terminal_test.cc - the line of `ostler serve`, with and without colours.
#include <doctest/doctest.h>

#include <string>

#include "test/modules/accesslog_sample.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("a line for a person: time, method, target, status, size, duration")
{
    Sample s;
    CHECK(s.line("terminal") == "17:03:09 GET  /x?y=1 200 512 B 1.2 ms");
    s.x.traffic.complete = false;
    CHECK(s.line("terminal") == "17:03:09 GET  /x?y=1 200 512 B 1.2 ms incomplete");
    s.x.request.target = {};
    CHECK(s.line("terminal") == "17:03:09 -    - 200 512 B 1.2 ms incomplete");
}

TEST_CASE("colours tell the status")
{
    Sample s;
    CHECK(s.line("terminal", true) ==
          "\x1b[2m17:03:09\x1b[0m GET  /x?y=1 \x1b[32m200\x1b[0m 512 B 1.2 ms");
    s.x.response.status = Code::not_modified;
    CHECK(s.line("terminal", true).find("\x1b[36m304") != std::string::npos);
    s.x.response.status = Code::not_found;
    CHECK(s.line("terminal", true).find("\x1b[33m404") != std::string::npos);
    s.x.response.status = Code::bad_gateway;
    CHECK(s.line("terminal", true).find("\x1b[1;31m502") != std::string::npos);
}

TEST_CASE("nobody paints on the terminal from outside; names in any language are readable")
{
    Sample s;
    s.x.request.target = "/\x1b[31m\xc2\x9b"
                         "1m\xff\xc3\xbc";
    CHECK(s.line("terminal", true).find("GET  /\\x1b[31m\\xc2\\x9b1m\\xff\xc3\xbc ") !=
          std::string::npos);
}

TEST_CASE("sizes and durations are rounded to what one wants to read")
{
    struct Row {
        std::uint64_t bytes;
        std::int64_t us;
        const char* text;
    };
    const Row rows[] = {
        {0, 0, " 0 B 0.0 ms"},
        {1023, 49, " 1023 B 0.0 ms"},
        {1024, 50, " 1.0 KiB 0.1 ms"},
        {10 * 1024, 9'949, " 10 KiB 9.9 ms"},
        {1024 * 1024 - 1, 12'499, " 1024 KiB 12 ms"},
        {5 * 1024 * 1024 + 600'000, 999'999, " 5.6 MiB 1000 ms"},
        {std::uint64_t{3} << 30, 1'500'000, " 3.0 GiB 1.5 s"},
        {std::uint64_t{3} << 40, 61'000'000, " 3072 GiB 61 s"},
    };
    for (const Row& row : rows) {
        Sample s;
        s.x.traffic.sent_body = row.bytes;
        s.x.traffic.duration_us = row.us;
        CHECK(s.line("terminal") == std::string("17:03:09 GET  /x?y=1 200") + row.text);
    }
}
