// range_test.cc - Range fields against representations of known size.
#include "common/http/range.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"

using namespace ostler;
using Kind = RangeRequest::Kind;

namespace {

/// "2-4,7-9" of the parts; "whole" or "416".
std::string outcome(std::string_view value, std::uint64_t size)
{
    const RangeRequest r = parse_range(value, size);
    if (r.kind == Kind::whole) return "whole";
    if (r.kind == Kind::unsatisfiable) return "416";
    std::string text;
    for (const ByteRange& part : r.parts())
        append(text, text.empty() ? "" : ",", part.first, "-", part.last());
    return text;
}

}  // namespace

TEST_CASE("what a Range field selects")
{
    constexpr std::uint64_t big = std::uint64_t{1} << 40;
    const struct {
        const char* value;
        std::uint64_t size;
        const char* outcome;
    } rows[] = {
        // RFC 9110 section 14.1.2: int-range
        {"bytes=0-499", 10000, "0-499"},
        {"bytes=500-999", 10000, "500-999"},
        {"bytes=9500-", 10000, "9500-9999"},
        {"bytes=0-0", 10000, "0-0"},
        {"bytes=9999-9999", 10000, "9999-9999"},
        {"bytes=0-", 10000, "0-9999"},  // players ask so and want a 206
        {"bytes=0-9999", 10000, "0-9999"},
        {"bytes=9000-20000", 10000, "9000-9999"},
        {"bytes=10000-", 10000, "416"},
        {"bytes=10000-10001", 10000, "416"},
        {"bytes=00000000000000000000007-8", 10, "7-8"},
        // suffix-range
        {"bytes=-500", 10000, "9500-9999"},
        {"bytes=-1", 10000, "9999-9999"},
        {"bytes=-20000", 10000, "0-9999"},  // longer than the file: all of it
        {"bytes=-0", 10000, "416"},
        // an empty representation: no int-range is satisfiable, a suffix is but has no bytes
        {"bytes=0-", 0, "416"},
        {"bytes=0-0", 0, "416"},
        {"bytes=-5", 0, "whole"},
        {"bytes=-0", 0, "416"},
        // 64 bits
        {"bytes=1099511627775-", big, "1099511627775-1099511627775"},
        {"bytes=4294967296-4294967297", big, "4294967296-4294967297"},
        {"bytes=18446744073709551615-", big, "416"},
        {"bytes=18446744073709551616-18446744073709551617", big, "416"},
        {"bytes=0-99999999999999999999999999", 10, "0-9"},
        {"bytes=-99999999999999999999999999", 10, "0-9"},
        // section 14.1: the unit is case-insensitive; unknown ones are ignored (section 14.2)
        {"Bytes=0-1", 10, "0-1"},
        {"items=0-1", 10, "whole"},
        {"bytes", 10, "whole"},
        {"", 10, "whole"},
        // bad syntax is ignored
        {"bytes=", 10, "whole"},
        {"bytes=-", 10, "whole"},
        {"bytes=,", 10, "whole"},
        {"bytes=a-b", 10, "whole"},
        {"bytes=0-a", 10, "whole"},
        {"bytes=5", 10, "whole"},
        {"bytes=5-3", 10, "whole"},      // last before first: invalid
        {"bytes=0-1,5-3", 10, "whole"},  // one bad range spoils the field
        {"bytes=+0-1", 10, "whole"},
        {"bytes=0x0-1", 10, "whole"},
        {"bytes=0--1", 10, "whole"},
        {"bytes=--1", 10, "whole"},
        {"bytes=0 - 1", 10, "whole"},
        {"bytes = 0-1", 10, "whole"},
        {" bytes=0-1", 10, "whole"},
        {"bytes=0-1 2-3", 10, "whole"},
        {"bytes=0-1;2-3", 10, "whole"},
        {"bytes=\xd9\xa1-2", 10, "whole"},  // a digit of another script
        // lists (section 5.6.1)
        {"bytes=0-1,4-5", 10, "0-1,4-5"},
        {"bytes= 0-1 ,\t4-5 ", 10, "0-1,4-5"},
        {"bytes=,0-1,,4-5,", 10, "0-1,4-5"},
        {"bytes=4-5,0-1", 10, "4-5,0-1"},  // the client's order (section 15.3.7.2)
        {"bytes=0-1,20-30", 10, "0-1"},    // an unsatisfiable one is left out
        {"bytes=20-30,40-", 10, "416"},
        {"bytes=20-,-0", 10, "416"},
        // those that touch or overlap become one, at the place of the first
        {"bytes=0-2,2-4", 10, "0-4"},
        {"bytes=0-1,2-3", 10, "0-3"},
        {"bytes=0-0,-1", 10, "0-0,9-9"},
        {"bytes=8-8,0-1,3-4,2-2", 100, "8-8,0-4"},
        {"bytes=0-1,8-8,2-3", 100, "0-3,8-8"},
        {"bytes=10-19,30-39,50-59,15-55", 1000, "10-59"},
        {"bytes=5-5,5-5,5-5", 10, "5-5"},
        // as much as the whole, or more: the whole (section 14.2, amplification)
        {"bytes=0-4,5-9", 10, "whole"},
        {"bytes=0-,0-", 10, "whole"},
        {"bytes=0-5,0-5", 10, "whole"},
        {"bytes=1-9,1-1", 10, "whole"},
        // more than 16: the whole
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-"
         "30",
         1000,
         "0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30"},
        {"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 1000,
         "whole"},
        {"bytes=9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,9999-,"
         "9999-,9999-,9999-,0-0",
         1000, "whole"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.value));
        CHECK(outcome(row.value, row.size) == row.outcome);
    }
}

TEST_CASE("Content-Range values (RFC 9110 section 14.4)")
{
    char out[content_range_size];
    const auto text = [&](std::size_t n) { return std::string(out, n); };
    CHECK(text(write_content_range({0, 500}, 1234, out)) == "bytes 0-499/1234");
    CHECK(text(write_content_range({1233, 1}, 1234, out)) == "bytes 1233-1233/1234");
    CHECK(text(write_content_range({0, ~std::uint64_t{0}}, ~std::uint64_t{0}, out)) ==
          "bytes 0-18446744073709551614/18446744073709551615");
    CHECK(text(write_unsatisfied_range(1234, out)) == "bytes */1234");
    CHECK(text(write_unsatisfied_range(0, out)) == "bytes */0");
}
