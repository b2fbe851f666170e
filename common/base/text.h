// text.h - small things with strings that the standard library lacks.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace ostler {

/// ASCII only: bytes above 0x7f are left alone, whatever the locale.
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The value of one hexadecimal digit, or -1.
constexpr int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Compares without regard to ASCII case.
constexpr bool same_ignoring_case(std::string_view a, std::string_view b)
{
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

/// Without leading and trailing space and tab (OWS of RFC 9110 section 5.6.3).
constexpr std::string_view trim(std::string_view s)
{
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

/// The folder of a file: "/run" of "/run/x.pid", "/" of "/x", "." of "x".
constexpr std::string_view folder_of(std::string_view file)
{
    const std::size_t slash = file.rfind('/');
    return slash == file.npos ? "." : file.substr(0, std::max<std::size_t>(slash, 1));
}

namespace detail {
inline void append_one(std::string& to, std::string_view s) { to += s; }
inline void append_one(std::string& to, const char* s) { to += s; }
inline void append_one(std::string& to, const std::string& s) { to += s; }
inline void append_one(std::string& to, char c) { to += c; }
template <std::integral N>
    requires(!std::same_as<N, char> && !std::same_as<N, bool>)
void append_one(std::string& to, N n)
{
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, n);
    to.append(digits, static_cast<std::size_t>(end - digits));
}
}  // namespace detail

/// Joins strings, characters and integers: cat("cgi: ", path, ": exit ", 3).
template <class... Parts> std::string cat(const Parts&... parts)
{
    std::string s;
    (detail::append_one(s, parts), ...);
    return s;
}

/// Appends strings, characters and integers to `to`.
template <class... Parts> void append(std::string& to, const Parts&... parts)
{
    (detail::append_one(to, parts), ...);
}

}  // namespace ostler
