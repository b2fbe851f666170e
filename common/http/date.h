// date.h - HTTP dates (RFC 9110 section 5.6.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ostler {

constexpr std::size_t http_date_size = 29;

/// Writes "Sun, 06 Nov 1994 08:49:37 GMT", exactly http_date_size bytes, without a final NUL.
/// `seconds` since 1970, UTC; years 0 to 9999, others are clamped.
void format_http_date(std::int64_t seconds, char* out);

/// Reads any of the three forms; nothing for anything else.  A two-digit year more than 50
/// years after `now` (seconds since 1970) is in the past.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now);

}  // namespace ostler
