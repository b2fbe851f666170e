// autoindex_text.h - names, sizes and dates as a page shows them.
//
// A name is bytes.  What is shown is UTF-8 without controls; what is linked has every byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ostler {

/// Appends `text` for HTML content or a quoted attribute.  Bytes that are not UTF-8 and
/// characters that change the direction of the text become U+FFFD, controls become their pictures.
void append_html(std::string& to, std::string_view text);
/// The same to where `to` points, which has room for html_room bytes for each of `text`; returns
/// the end of what was written.
char* write_html(char* to, std::string_view text);
constexpr std::size_t html_room = 6;  // "&quot;"
/// The same for the inside of a JSON string.
void append_json(std::string& to, std::string_view text);
/// Percent-encodes every byte but the unreserved ones: one path segment, or a value in a query.
void append_segment(std::string& to, std::string_view name);
/// The same to where `to` points, with room for segment_room bytes for each of `name`.
char* write_segment(char* to, std::string_view name);
constexpr std::size_t segment_room = 3;
/// The inverse for a value in a query: '+' is a space, a '%' that starts nothing stays.
std::string decode_query_value(std::string_view value);

/// "0 B", "1023 B", "1.5 KiB", "17 MiB".
void append_size(std::string& to, std::uint64_t bytes);
/// The same to where `to` points, with room for size_room bytes; returns the end.
char* write_size(char* to, std::uint64_t bytes);
constexpr std::size_t size_room = 24;

/// Writes dates one after the other: neighbours often share their day, whose text is kept.
class DateText {
 public:
    static constexpr std::size_t length = 20;
    /// Seconds since 1970 in UTC as "2026-11-22T17:03:09Z" to where `to` points; returns the end.
    char* write(char* to, std::int64_t seconds);

 private:
    std::int64_t day_ = 0;  // since 1970
    char text_[11] = "1970-01-01";
};

/// Without the difference between upper and lower case, for ASCII, Latin, Greek and Cyrillic.
std::string fold_case(std::string_view name);
/// Writes bytes that compare as people sort names, without regard to case, "f2" before "f10", to
/// where `to` points, with room for sort_key_room bytes for each of `name`; returns the end.
/// They are equal for names that differ in case or in leading zeros only.
char* write_sort_key(char* to, std::string_view name);
constexpr std::size_t sort_key_room = 3;

}  // namespace ostler
