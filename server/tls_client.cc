// tls_client.cc - subject, issuer, serial and fingerprint as text.
#include "server/tls_client.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/base/text.h"
#include "server/tls_inspect.h"

namespace ostler {

namespace {

struct ClientWords {
    std::string verify, subject, issuer, serial, fingerprint;
};

void free_words(void*, void* words, CRYPTO_EX_DATA*, int, long, void*)
{
    delete static_cast<ClientWords*>(words);
}

int words_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_words);
    return index;
}

std::string serial_text(const X509* x)
{
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), nullptr);
    char* digits = number ? BN_bn2hex(number) : nullptr;
    std::string text = digits ? digits : "";
    OPENSSL_free(digits);
    BN_free(number);
    return text;
}

std::string fingerprint_text(const X509* x)
{
    constexpr std::string_view digits = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(x, EVP_sha256(), bytes, &size) != 1) return {};
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

std::unique_ptr<ClientWords> words_of(const SSL* ssl)
{
    auto words = std::make_unique<ClientWords>();
    const X509* x = SSL_get0_peer_certificate(ssl);
    if (!x) {
        words->verify = "NONE";
        return words;
    }
    // Who was not verified has no name: a script that looks at the subject alone is safe.
    if (const long result = SSL_get_verify_result(ssl); result != X509_V_OK) {
        words->verify = cat("FAILED:", X509_verify_cert_error_string(result));
        return words;
    }
    words->verify = "SUCCESS";
    words->subject = name_text(X509_get_subject_name(x));
    words->issuer = name_text(X509_get_issuer_name(x));
    words->serial = serial_text(x);
    words->fingerprint = fingerprint_text(x);
    return words;
}

}  // namespace

void describe_client(SSL* ssl, TlsFacts& facts)
{
    auto* words = static_cast<const ClientWords*>(SSL_get_ex_data(ssl, words_index()));
    if (!words) {
        auto made = words_of(ssl);
        if (SSL_set_ex_data(ssl, words_index(), made.get()) != 1) return;
        words = made.release();
    }
    facts.client_verify = words->verify;
    facts.client_subject = words->subject;
    facts.client_issuer = words->issuer;
    facts.client_serial = words->serial;
    facts.client_fingerprint = words->fingerprint;
}

}  // namespace ostler
