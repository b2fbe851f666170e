// crypto.cc - OpenSSL's libcrypto for what is arithmetic, the system for what is chance.
#include "common/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif
#include <unistd.h>

#include <algorithm>

#include "common/base/check.h"

namespace ostler {

namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// getentropy() gives no more at once.
constexpr std::size_t most_at_once = 256;

}  // namespace

std::array<unsigned char, 32> sha256(std::string_view bytes)
{
    static_assert(SHA256_DIGEST_LENGTH == 32);
    std::array<unsigned char, 32> hash;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
    return hash;
}

void fill_random(std::span<unsigned char> bytes)
{
    while (!bytes.empty()) {
        const std::size_t n = std::min(bytes.size(), most_at_once);
        CHECK_THAT(getentropy(bytes.data(), n) == 0);
        bytes = bytes.subspan(n);
    }
}

std::string random_text(std::size_t bytes)
{
    std::string raw(bytes, '\0');
    const std::span all(reinterpret_cast<unsigned char*>(raw.data()), raw.size());
    fill_random(all);
    return base64url(all);
}

std::string base64url(std::span<const unsigned char> bytes)
{
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    unsigned bits = 0;
    int count = 0;
    for (const unsigned char byte : bytes) {
        bits = bits << 8 | byte;
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += alphabet[bits >> count & 63];
        }
    }
    if (count > 0) out += alphabet[bits << (6 - count) & 63];
    return out;
}

bool is_base64url(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

bool same_secret(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ostler
