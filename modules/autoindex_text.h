// autoindex_text.h - names, sizes and dates as a page shows them.
//
// A name is bytes.  What is shown is UTF-8 without controls; what is linked has every byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ostler {

/// Appends `text` for HTML content or a quoted attribute.  Bytes that are not UTF-8 and
/// characters that change the direction of the text become U+FFFD, controls become their pictures.
void append_html(std::string& to, std::string_view text);
/// The same for the inside of a JSON string.
void append_json(std::string& to, std::string_view text);
/// Percent-encodes every byte but the unreserved ones: one path segment, or a value in a query.
void append_segment(std::string& to, std::string_view name);
/// The inverse for a value in a query: '+' is a space, a '%' that starts nothing stays.
std::string decode_query_value(std::string_view value);

/// "0 B", "1023 B", "1.5 KiB", "17 MiB".
void append_size(std::string& to, std::uint64_t bytes);
/// Seconds since 1970 in UTC as "2026-11-22 17:03".
void append_date(std::string& to, std::int64_t seconds);
/// The same as "2026-11-22T17:03:09Z".
void append_iso_date(std::string& to, std::int64_t seconds);

/// Without the difference between upper and lower case, for ASCII, Latin, Greek and Cyrillic.
std::string fold_case(std::string_view name);
/// Bytes that compare as people sort names: without regard to case, "f2" before "f10".  Equal for
/// names that differ in case or in leading zeros only.
void append_sort_key(std::string& to, std::string_view name);

}  // namespace ostler
