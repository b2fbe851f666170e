// log_line.h - one log line under construction, and the escaping of what others sent.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ostler {

/// Writes into memory of the caller's and never past its end: what does not fit is cut.
class LogLine {
 public:
    LogLine(char* memory, std::size_t size) : begin_(memory), at_(memory), end_(memory + size) {}

    void put(char c)
    {
        if (at_ != end_) *at_++ = c;
    }
    void put(std::string_view text)
    {
        const std::size_t n = text.size() < room() ? text.size() : room();
        if (n) std::memcpy(at_, text.data(), n);
        at_ += n;
    }
    template <std::integral N>
    requires(!std::same_as<N, char> && !std::same_as<N, bool>) void put(N number)
    {
        char digits[24];
        const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
        put(std::string_view(digits, static_cast<std::size_t>(end - digits)));
    }
    /// With leading zeros up to `width` digits.
    void put_padded(unsigned number, int width);
    /// "2026-11-22T17:03:09.793+01:00": local time of microseconds since 1970 (RFC 3339).
    void put_iso_time(std::int64_t microseconds);

    /// UTF-8 stays; controls (C1 too) and bytes that are not UTF-8 become \xhh: for people.
    void put_text(std::string_view text, std::size_t max = no_limit);
    /// Like put_text(), and quotes, backslashes and everything above ASCII become \xhh as well:
    /// fits between the quotes of an NCSA log.
    void put_ascii(std::string_view text, std::size_t max = no_limit);
    /// What stands between the quotes of a JSON string.  A byte that is not UTF-8 becomes the
    /// four characters \xhh, so that the line is valid and nothing is lost.
    void put_json(std::string_view text, std::size_t max = no_limit);

    /// Takes characters away again, down to `size`.
    void cut(std::size_t size) { at_ = begin_ + size; }
    std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
    std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
    std::string_view view() const { return {begin_, size()}; }

    /// Limit of the put_ functions: at most so many characters are written for the whole text; an
    /// escape or a UTF-8 sequence is never cut in two, and "..." says that something is missing.
    static constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

 private:
    template <class Next> void put_escaped(std::string_view text, std::size_t max, Next next);

    char* begin_;
    char* at_;
    char* end_;
};

/// The length of the UTF-8 sequence `text` begins with (RFC 3629: nothing overlong, no surrogates);
/// 0 when there is none.
std::size_t utf8_length(std::string_view text);

/// What an error number means, in the lower case of our log.
std::string_view error_text(int error_number);

}  // namespace ostler
