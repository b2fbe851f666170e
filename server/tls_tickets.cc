// tls_tickets.cc - AES-256-CBC with HMAC-SHA-256, as RFC 5077 section 4 recommends.
#include "server/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>
#include <type_traits>

#include "common/base/check.h"

namespace ostler {

namespace {

/// Looked up once: EVP_aes_256_cbc() would be looked up again for every ticket.
const EVP_CIPHER* ticket_cipher()
{
    static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return cipher;
}

}  // namespace

void TicketKeys::fill(Key& key)
{
    static_assert(std::is_trivially_copyable_v<Key>);
    // Without random numbers there is no TLS at all.
    CHECK_THAT(RAND_priv_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1);
}

TicketKeys::TicketKeys()
{
    for (Key& key : keys_) fill(key);
}

TicketKeys::~TicketKeys() { OPENSSL_cleanse(&keys_, sizeof keys_); }

void TicketKeys::rotate()
{
    keys_[previous] = keys_[current];
    keys_[current] = keys_[next];
    fill(keys_[next]);
}

std::string TicketKeys::encode() const
{
    return std::string(reinterpret_cast<const char*>(&keys_), sizeof keys_);
}

bool TicketKeys::decode(std::string_view bytes)
{
    if (bytes.size() != sizeof keys_) return false;
    std::memcpy(&keys_, bytes.data(), sizeof keys_);
    return true;
}

bool TicketKeys::use(const Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, bool sealing)
{
    char digest[] = "SHA256";
    const OSSL_PARAM digest_parameter[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_init(mac, key.mac, sizeof key.mac, digest_parameter) == 1 &&
           EVP_CipherInit_ex2(cipher, ticket_cipher(), key.cipher, iv, sealing ? 1 : 0, nullptr) ==
               1;
}

bool TicketKeys::seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac) const
{
    constexpr int iv_size = 16;
    const Key& key = keys_[current];
    std::memcpy(name, key.name, sizeof key.name);
    return RAND_bytes(iv, iv_size) == 1 && use(key, iv, cipher, mac, true);
}

TicketKeys::Opened TicketKeys::open(const unsigned char* name, const unsigned char* iv,
                                    EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const
{
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (std::memcmp(name, keys_[i].name, sizeof keys_[i].name) != 0) continue;
        if (!use(keys_[i], iv, cipher, mac, false)) return Opened::no;
        return i == previous ? Opened::renew : Opened::yes;
    }
    return Opened::no;
}

}  // namespace ostler
