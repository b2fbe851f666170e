// units.cc - sizes and times as they are written in the configuration.
#include "common/base/units.h"

#include <charconv>
#include <span>

#include "common/base/text.h"

namespace ostler {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first: the formatters take the first that divides.
constexpr Unit size_units[] = {{"T", std::uint64_t{1} << 40},
                               {"G", std::uint64_t{1} << 30},
                               {"M", std::uint64_t{1} << 20},
                               {"k", std::uint64_t{1} << 10},
                               {"", 1}};
constexpr Unit time_units[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

constexpr std::uint64_t largest_size = (std::uint64_t{1} << 63) - 1;
constexpr std::uint64_t longest_time = std::uint64_t{100} * 366 * 86'400'000;

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units,
                                   std::uint64_t limit, bool any_case)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (any_case ? !same_ignoring_case(name, unit.name) : name != unit.name) continue;
        if (number > limit / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::string format(std::uint64_t number, std::span<const Unit> units, const Unit& zero)
{
    if (number == 0) return cat(0, zero.name);
    for (const Unit& unit : units)
        if (number % unit.factor == 0) return cat(number / unit.factor, unit.name);
    return cat(number);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    return parse(text, size_units, largest_size, true);
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text)
{
    const auto ms = parse(text, time_units, longest_time, false);
    if (!ms) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
}

std::string format_size(std::uint64_t bytes) { return format(bytes, size_units, {"", 1}); }

std::string format_time(std::chrono::milliseconds time)
{
    const std::int64_t ms = time.count() < 0 ? 0 : time.count();
    return format(static_cast<std::uint64_t>(ms), time_units, {"s", 1000});
}

}  // namespace ostler
