// tls_tickets_test.cc - keys that are handed on and rotate.
#include "server/tls_tickets.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <string>

using namespace ostler;

namespace {

struct Crypt {
    EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* mac = EVP_MAC_CTX_new(hmac);
    unsigned char name[16] = {}, iv[16] = {};
    ~Crypt()
    {
        EVP_MAC_CTX_free(mac);
        EVP_MAC_free(hmac);
        EVP_CIPHER_CTX_free(cipher);
    }
};

using Opened = TicketKeys::Opened;

}  // namespace

TEST_CASE("what one process seals, another one with the same keys opens")
{
    const TicketKeys keys;
    Crypt c;
    REQUIRE(keys.seal(c.name, c.iv, c.cipher, c.mac));
    unsigned char sealed[64], opened[64];
    int size = 0, last = 0;
    const auto* text = reinterpret_cast<const unsigned char*>("session");
    REQUIRE(EVP_EncryptUpdate(c.cipher, sealed, &size, text, 7) == 1);
    REQUIRE(EVP_EncryptFinal_ex(c.cipher, sealed + size, &last) == 1);

    TicketKeys other;
    CHECK(other.open(c.name, c.iv, c.cipher, c.mac) == Opened::no);
    REQUIRE(other.decode(keys.encode()));
    REQUIRE(other.open(c.name, c.iv, c.cipher, c.mac) == Opened::yes);
    int end = 0;
    REQUIRE(EVP_DecryptUpdate(c.cipher, opened, &end, sealed, size + last) == 1);
    REQUIRE(EVP_DecryptFinal_ex(c.cipher, opened + end, &last) == 1);
    CHECK(std::string(reinterpret_cast<char*>(opened), 7) == "session");
}

TEST_CASE("a ticket is good until its key was rotated twice")
{
    TicketKeys keys;
    Crypt c;
    REQUIRE(keys.seal(c.name, c.iv, c.cipher, c.mac));
    keys.rotate();
    CHECK(keys.open(c.name, c.iv, c.cipher, c.mac) == Opened::renew);
    keys.rotate();
    CHECK(keys.open(c.name, c.iv, c.cipher, c.mac) == Opened::no);
}

TEST_CASE("who has not heard of a rotation yet opens what is sealed after it")
{
    TicketKeys ahead;
    TicketKeys behind = ahead;
    ahead.rotate();
    Crypt c;
    REQUIRE(ahead.seal(c.name, c.iv, c.cipher, c.mac));
    CHECK(behind.open(c.name, c.iv, c.cipher, c.mac) == Opened::yes);
}

TEST_CASE("keys of another size are none")
{
    TicketKeys keys;
    const std::string before = keys.encode();
    CHECK_FALSE(keys.decode(""));
    CHECK_FALSE(keys.decode(before + "x"));
    CHECK(keys.encode() == before);
}
