// units.h - sizes and times as they are written in the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ostler {

/// "512", "16k", "10M", "2G", "1T": powers of 1024, either case; nothing when it is not one of
/// these or does not fit into 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "250ms", "30s", "5m", "2h", "7d"; nothing when it is not one of these or is longer than
/// 100 years.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

/// With the largest unit that loses nothing: parse_size(format_size(n)) == n.
std::string format_size(std::uint64_t bytes);
/// With the largest unit that loses nothing: parse_time(format_time(t)) == t.
std::string format_time(std::chrono::milliseconds time);

}  // namespace ostler
