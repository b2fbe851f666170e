// chars.h - classes of bytes in HTTP syntax, for the parsers in this folder.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ostler {

namespace detail {
constexpr std::array<bool, 256> make_tchars()
{
    std::array<bool, 256> is{};
    for (unsigned c = '0'; c <= '9'; ++c) is[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) is[c] = is[c - 32] = true;
    for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        is[static_cast<unsigned char>(c)] = true;
    return is;
}
inline constexpr std::array<bool, 256> tchars = make_tchars();
}  // namespace detail

/// A character of a token (RFC 9110 section 5.6.2).
constexpr bool is_tchar(char c) { return detail::tchars[static_cast<unsigned char>(c)]; }

/// 0x00 to 0x1F and DEL; HTAB, CR and LF are controls, too.
constexpr bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
}

/// The first control byte in [at, end), or `end`.
inline const char* find_control(const char* at, const char* end)
{
    // Eight bytes at a time: a byte below 0x20 borrows its top bit, as does DEL turned into 0.
    // A borrow can invent a hit, but only in a byte after a true one.
    constexpr std::uint64_t ones = 0x0101010101010101u;
    for (; end - at >= 8; at += 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        const std::uint64_t del = word ^ (ones * 0x7f);
        const std::uint64_t hits =
            (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & (ones * 0x80);
        if (!hits) continue;
        if constexpr (std::endian::native == std::endian::little)
            return at + std::countr_zero(hits) / 8;
        break;
    }
    while (at != end && !is_control(*at)) ++at;
    return at;
}

}  // namespace ostler
