// text_test.cc - small things with strings.
#include "common/base/text.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace ostler;

TEST_CASE("lower changes ASCII capitals and nothing else")
{
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const char want = i >= 'A' && i <= 'Z' ? static_cast<char>(i + 32) : c;
        CHECK(lower(c) == want);
    }
}

TEST_CASE("a hexadecimal digit has its value, everything else is -1")
{
    int digits = 0;
    for (int i = 0; i < 256; ++i) {
        const int value = hex_value(static_cast<char>(i));
        if (value < 0) continue;
        ++digits;
        CHECK(std::string_view("0123456789abcdef")[static_cast<std::size_t>(value)] ==
              lower(static_cast<char>(i)));
    }
    CHECK(digits == 22);
}

TEST_CASE("comparison ignores the case of ASCII letters only")
{
    CHECK(same_ignoring_case("Content-Type", "cONTENT-tYPE"));
    CHECK(same_ignoring_case("", ""));
    CHECK_FALSE(same_ignoring_case("a", "ab"));
    CHECK_FALSE(same_ignoring_case("a", "b"));
    CHECK_FALSE(same_ignoring_case("[", "{"));      // differ by 0x20, are no letters
    CHECK_FALSE(same_ignoring_case("@", "`"));
    CHECK_FALSE(same_ignoring_case("\xc4", "\xe4"));
}

TEST_CASE("trim takes spaces and tabs off both ends, and only those")
{
    struct { std::string_view in, out; } rows[] = {
        {"", ""}, {" \t ", ""}, {"a", "a"}, {"\t a b \t", "a b"}, {"\ra\n", "\ra\n"}, {"\va", "\va"},
    };
    for (const auto& row : rows) CHECK(trim(row.in) == row.out);
}

TEST_CASE("cat joins strings, characters and integers of every size")
{
    CHECK(cat().empty());
    CHECK(cat("a", std::string("b"), std::string_view("c"), 'd', 5) == "abcd5");
    CHECK(cat(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(cat(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(cat(std::uint8_t{200}, ' ', static_cast<signed char>(-3)) == "200 -3");
    std::string to = "x";
    append(to, 1, "y");
    CHECK(to == "x1y");
}
