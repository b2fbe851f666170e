// date_test.cc - HTTP dates (RFC 9110 section 5.6.7).
#include "common/http/date.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

namespace {

constexpr std::int64_t y2026 = 1'767'225'600;  // 2026-01-01 00:00:00

std::string formatted(std::int64_t seconds)
{
    std::string out(http_date_size + 1, '#');
    format_http_date(seconds, out.data());
    CHECK(out.back() == '#');
    out.pop_back();
    return out;
}

}  // namespace

TEST_CASE("a time is written as IMF-fixdate")
{
    struct Row {
        std::int64_t seconds;
        std::string_view text;
    };
    const Row rows[] = {
        {784'111'777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // the example of RFC 9110
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {951'782'400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {1'709'251'199, "Thu, 29 Feb 2024 23:59:59 GMT"},
        {2'147'483'648, "Tue, 19 Jan 2038 03:14:08 GMT"},
        {253'402'300'799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {253'402'300'800, "Fri, 31 Dec 9999 23:59:59 GMT"},  // later ones are clamped
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {-62'167'219'200, "Sat, 01 Jan 0000 00:00:00 GMT"},
        {INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.seconds);
        CHECK(formatted(row.seconds) == row.text);
    }
}

TEST_CASE("what is written can be read")
{
    for (std::int64_t t = -62'167'219'200; t < 253'402'300'799; t += 86'400 * 97 + 4'999)
        if (parse_http_date(formatted(t), 0) != t) FAIL(t);
}

TEST_CASE("the three forms of a date are read")
{
    struct Row {
        std::string_view text;
        std::int64_t seconds;
    };
    const Row rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784'111'777},   // IMF-fixdate
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784'111'777},  // RFC 850
        {"Sun Nov  6 08:49:37 1994", 784'111'777},        // asctime
        {"Wed Nov 16 08:49:37 1994", 784'975'777},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1'709'251'199},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1'483'228'800},  // a leap second
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sat, 01 Jan 0000 00:00:00 GMT", -62'167'219'200},
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784'111'777},  // the name of the day is not compared
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_http_date(row.text, y2026) == row.seconds);
    }
}

TEST_CASE("a two-digit year is the latest one not more than 50 years ahead")
{
    struct Row {
        std::int64_t now;
        std::string_view text, same_as;
    };
    const Row rows[] = {
        {y2026, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {y2026, "Friday, 01-Jan-26 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"},
        {y2026, "Friday, 31-Dec-75 23:59:59 GMT", "Tue, 31 Dec 2075 23:59:59 GMT"},
        {y2026, "Friday, 01-Jan-76 00:00:00 GMT", "Wed, 01 Jan 2076 00:00:00 GMT"},  // 50 exactly
        {y2026, "Friday, 01-Jan-76 00:00:01 GMT", "Thu, 01 Jan 1976 00:00:01 GMT"},
        {y2026, "Tuesday, 29-Feb-00 00:00:00 GMT", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {784'111'777, "Sunday, 06-Nov-44 08:49:37 GMT", "Sun, 06 Nov 2044 08:49:37 GMT"},
        {784'111'777, "Sunday, 06-Nov-44 08:49:38 GMT", "Mon, 06 Nov 1944 08:49:38 GMT"},
        {4'070'908'800 /* 2099 */, "Sunday, 06-Nov-01 00:00:00 GMT",
         "Sun, 06 Nov 2101 00:00:00 GMT"},
        {INT64_MAX, "Wednesday, 28-Feb-00 00:00:00 GMT", "Wed, 28 Feb 9900 00:00:00 GMT"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        REQUIRE(parse_http_date(row.same_as, 0));
        CHECK(parse_http_date(row.text, row.now) == parse_http_date(row.same_as, 0));
    }
}

TEST_CASE("anything else is no date")
{
    const std::string_view rows[] = {
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 gmt",  // 5.6.7: case-sensitive
        "SUN, 06 NOV 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=10",  // once sent by browsers
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 19940 08:49:37 GMT",
        "Sun, 06 Nov +994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 anF 1994 08:49:37 GMT",
        "Foo, 06 Nov 1994 08:49:37 GMT",
        "unM, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 29-Feb-23 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 EST",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994 ",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sunday Nov  6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
        std::string_view("Sun, 06 Nov 1994 08:49:37 GM\0", 29),
    };
    for (const std::string_view row : rows) {
        CAPTURE(row);
        CHECK_FALSE(parse_http_date(row, y2026));
    }
}
