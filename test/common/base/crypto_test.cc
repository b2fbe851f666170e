// crypto_test.cc - hashes, chance, and secrets compared.
#include "common/base/crypto.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace ostler;

namespace {

std::string hex(std::span<const unsigned char> bytes)
{
    std::string out;
    for (const unsigned char b : bytes) {
        out += "0123456789abcdef"[b >> 4];
        out += "0123456789abcdef"[b & 15];
    }
    return out;
}

std::string base64(std::string_view text)
{
    return base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("SHA-256 gives the hashes of FIPS 180-4")
{
    CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("base64url is that of RFC 4648 section 10, without padding")
{
    const std::vector<std::pair<const char*, const char*>> rows = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    for (const auto& [text, coded] : rows) CHECK(base64(text) == coded);
    CHECK(is_base64url("-_8"));
    CHECK_FALSE(is_base64url(""));
    CHECK_FALSE(is_base64url("a="));
    CHECK_FALSE(is_base64url("a+"));
}

TEST_CASE("random texts are as long as asked for, and differ")
{
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = random_text(24);
        CHECK(text.size() == 32);
        CHECK(is_base64url(text));
        seen.insert(text);
    }
    CHECK(seen.size() == 1000);
    CHECK(random_text(700).size() == 934);  // more than the system gives at once
}

TEST_CASE("secrets are the same or not")
{
    CHECK(same_secret("abc", "abc"));
    CHECK_FALSE(same_secret("abc", "abd"));
    CHECK_FALSE(same_secret("abc", "ab"));
    CHECK(same_secret("", ""));
}
