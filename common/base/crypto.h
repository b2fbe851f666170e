// crypto.h - the few things that need a library or the system's random source.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ostler {

/// SHA-256 (FIPS 180-4).
std::array<unsigned char, 32> sha256(std::string_view bytes);

/// Fills `bytes` from the system's random source; aborts when there is none.
void fill_random(std::span<unsigned char> bytes);
/// `bytes` random bytes as base64url: four characters for three of them.
std::string random_text(std::size_t bytes);

/// RFC 4648 section 5, without padding.
std::string base64url(std::span<const unsigned char> bytes);
/// True for one or more characters of that alphabet.
bool is_base64url(std::string_view text);

/// Compares in a time that depends on the sizes alone.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace ostler
