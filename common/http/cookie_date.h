// cookie_date.h - dates in Expires attributes of cookies (RFC 6265bis section 5.1.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ostler {

/// Reads a date as browsers do: a time, a day, a month and a year in any order, between nearly any
/// delimiters; what else stands there does not count.  Seconds since 1970; nothing when one of the
/// four is missing or there is no such date.
std::optional<std::int64_t> parse_cookie_date(std::string_view text);

}  // namespace ostler
