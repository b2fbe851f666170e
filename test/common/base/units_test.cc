// units_test.cc - sizes and times as they are written.
#include "common/base/units.h"

#include <doctest/doctest.h>

using namespace ostler;
using namespace std::chrono_literals;

TEST_CASE("a size is a number and a unit, powers of 1024")
{
    const std::pair<const char*, std::optional<std::uint64_t>> rows[] = {
        {"0", 0},
        {"512", 512},
        {"1k", 1024},
        {"1K", 1024},
        {"16k", 16384},
        {"10M", 10 << 20},
        {"10m", 10 << 20},
        {"2G", std::uint64_t{2} << 30},
        {"3T", std::uint64_t{3} << 40},
        {"9223372036854775807", 9223372036854775807u},
        {"9223372036854775808", std::nullopt},
        {"8589934591G", std::uint64_t{8589934591} << 30},
        {"8589934592G", std::nullopt},
        {"99999999999999999999", std::nullopt},
        {"", std::nullopt},
        {"k", std::nullopt},
        {"-1", std::nullopt},
        {"+1", std::nullopt},
        {"1.5M", std::nullopt},
        {"1 M", std::nullopt},
        {" 1M", std::nullopt},
        {"1M ", std::nullopt},
        {"10MB", std::nullopt},
        {"0x10", std::nullopt},
        {"1s", std::nullopt},
    };
    for (const auto& [text, size] : rows) {
        const std::string shown(text);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(parse_size(text) == size);
    }
}

TEST_CASE("a time is a number and a unit")
{
    const std::pair<const char*, std::optional<std::chrono::milliseconds>> rows[] = {
        {"0s", 0ms},
        {"250ms", 250ms},
        {"30s", 30s},
        {"5m", 5min},
        {"2h", 2h},
        {"7d", 168h},
        {"36600d", 878400h},
        {"36601d", std::nullopt},
        {"99999999999999999999s", std::nullopt},
        {"0", std::nullopt},
        {"30", std::nullopt},
        {"", std::nullopt},
        {"s", std::nullopt},
        {"-1s", std::nullopt},
        {"1.5s", std::nullopt},
        {"30S", std::nullopt},
        {"1M", std::nullopt},
        {"1 s", std::nullopt},
        {"1h30m", std::nullopt},
        {"30 seconds", std::nullopt},
    };
    for (const auto& [text, time] : rows) {
        const std::string shown(text);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(parse_time(text) == time);
    }
}

TEST_CASE("what is formatted has the largest unit that loses nothing, and can be read")
{
    const std::pair<std::uint64_t, const char*> sizes[] = {
        {0, "0"},
        {1, "1"},
        {1023, "1023"},
        {1024, "1k"},
        {1025, "1025"},
        {1536, "1536"},
        {1 << 20, "1M"},
        {10 << 20, "10M"},
        {std::uint64_t{1} << 40, "1T"},
        {5000000000, "5000000000"},
    };
    for (const auto& [bytes, text] : sizes) {
        CHECK(format_size(bytes) == text);
        CHECK(parse_size(text) == bytes);
    }
    const std::pair<std::chrono::milliseconds, const char*> times[] = {
        {0ms, "0s"},  {1ms, "1ms"}, {1500ms, "1500ms"}, {30s, "30s"}, {60s, "1m"},
        {90s, "90s"}, {1h, "1h"},   {24h, "1d"},        {25h, "25h"}, {8784h, "366d"},
    };
    for (const auto& [time, text] : times) {
        CHECK(format_time(time) == text);
        CHECK(parse_time(text) == time);
    }
}
