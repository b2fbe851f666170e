// cookie_date_test.cc - dates in Expires, as servers of thirty years write them.
#include "common/http/cookie_date.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("dates of Expires attributes")
{
    constexpr std::int64_t moment = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
    constexpr std::int64_t none = -1;
    const struct {
        const char* fact;
        const char* text;
        std::int64_t seconds;
    } rows[] = {
        {"RFC 9110 5.6.7", "Sun, 06 Nov 1994 08:49:37 GMT", moment},
        {"Netscape's", "Sun, 06-Nov-1994 08:49:37 GMT", moment},
        {"RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", moment},
        {"asctime", "Sun Nov  6 08:49:37 1994", moment},
        {"no zone is another zone", "06 Nov 1994 08:49:37 +0900", moment},
        {"any order", "1994 08:49:37 Nov 06", moment},
        {"time first", "8:49:37 6 november 1994", moment},
        {"RFC 6265bis 5.1.1: delimiters", "06/Nov/1994@08:49:37", moment},
        {"junk is skipped", "foo 6 bar nov 1994 x 8:49:37z", moment},
        {"the first of each counts", "6 7 Nov Dec 1994 8:49:37 9:00:00", moment},
        {"two digits: 70 to 99", "Thu, 01-Jan-70 00:00:00 GMT", 0},
        {"two digits: 00 to 69", "Tue, 01-Jan-69 00:00:00 GMT", 3124224000},
        {"a leap day", "29 Feb 2024 00:00:00", 1709164800},
        {"no leap day", "29 Feb 2023 00:00:00", none},
        {"day 0", "0 Nov 1994 08:49:37", none},
        {"day 32", "32 Nov 1994 08:49:37", none},
        {"hour 24", "6 Nov 1994 24:00:00", none},
        {"minute 60", "6 Nov 1994 08:60:00", none},
        {"second 60", "6 Nov 1994 08:00:60", none},
        {"before 1601", "6 Nov 1600 08:49:37", none},
        {"1601", "1 Jan 1601 00:00:00", -11644473600},
        {"no time", "6 Nov 1994", none},
        {"no day", "Nov 1994 08:49:37", none},
        {"no month", "6 1994 08:49:37", none},
        {"no year", "6 Nov 08:49:37", none},
        {"five digits are no year", "6 Nov 19945 08:49:37", none},
        {"a number that would overflow", "6 Nov 99999999999999999999 08:49:37", none},
        {"0", "0", none},
        {"nothing", "", none},
        {"Session", "Session", none},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        CHECK(parse_cookie_date(row.text).value_or(none) == row.seconds);
    }
}
