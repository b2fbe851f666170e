// tls_fixture.h - certificates made in the test, and a client that shakes hands in memory.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"
#include "server/tls.h"
#include "server/tls_inspect.h"
#include "test/support/scratch.h"

namespace ostler::test {

constexpr std::int64_t day_s = 24 * 3600;
inline std::int64_t now_s() { return std::time(nullptr); }

inline KeyPtr make_key(const char* type = "EC")
{
    if (std::string_view(type) == "EC") return KeyPtr(EVP_EC_gen("P-256"));
    static EVP_PKEY* const rsa =
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});  // slow: once
    EVP_PKEY_up_ref(rsa);
    return KeyPtr(rsa);
}

/// What a certificate says, and who signs it.
struct Cert {
    std::string name = "localhost";  ///< common name
    std::string alternatives = {};   ///< "DNS:a.example,IP:127.0.0.1"; empty: DNS:name
    std::int64_t begin = now_s() - day_s;
    std::int64_t end = now_s() + 90 * day_s;
    bool authority = false;
    const char* key_type = "EC";
    const char* digest = "SHA256";
};

struct Made {
    X509Ptr x;
    KeyPtr key;
    std::string pem() const
    {
        return write([&](BIO* b) { PEM_write_bio_X509(b, x.get()); });
    }
    std::string key_pem() const
    {
        return write([&](BIO* b) {
            PEM_write_bio_PrivateKey(b, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    template <class Write> static std::string write(Write to)
    {
        BIO* bio = BIO_new(BIO_s_mem());
        to(bio);
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(bio, &bytes);
        std::string text(bytes, static_cast<std::size_t>(size));
        BIO_free(bio);
        return text;
    }
};

inline void add_extension(X509* x, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

/// Signed by `issuer`, or by itself.
inline Made make_cert(const Cert& what, const Made* issuer = nullptr)
{
    static long serial = 1000;
    Made made{X509Ptr(X509_new()), make_key(what.key_type)};
    X509* x = made.x.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(x), static_cast<std::time_t>(what.begin));
    ASN1_TIME_set(X509_getm_notAfter(x), static_cast<std::time_t>(what.end));
    X509_NAME* name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(what.name.c_str()), -1, -1,
                               0);
    X509_set_subject_name(x, name);
    X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->x.get()) : name);
    X509_NAME_free(name);
    X509_set_pubkey(x, made.key.get());
    X509* signer = issuer ? issuer->x.get() : x;
    if (what.authority) add_extension(x, signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x, signer, NID_subject_alt_name,
                  what.alternatives.empty() ? cat("DNS:", what.name) : what.alternatives);
    X509_sign(x, issuer ? issuer->key.get() : made.key.get(), EVP_get_digestbyname(what.digest));
    return made;
}

/// Written into `folder` as NAME.pem (with the issuers) and NAME.key.
inline PairFiles write_pair(const Scratch& folder, const std::string& name, const Made& made,
                            const std::vector<const Made*>& issuers = {})
{
    PairFiles files{folder.path(name + ".pem"), folder.path(name + ".key"), ""};
    std::string text = made.pem();
    for (const Made* issuer : issuers) text += issuer->pem();
    folder.write(name + ".pem", text);
    folder.write(name + ".key", made.key_pem());
    ::chmod(files.key.c_str(), 0600);
    return files;
}

inline PairPtr load_pair(const PairFiles& files, PairFindings& findings)
{
    PairText text;
    if (!read_pair(files, text, findings)) return nullptr;
    return make_pair(files, text, now_s(), findings);
}

inline PairPtr load_pair(const PairFiles& files)
{
    PairFindings findings;
    return load_pair(files, findings);
}

/// All texts behind each other, a line each.
inline std::string texts(const PairFindings& findings)
{
    std::string all;
    for (const PairFinding& f : findings) append(all, f.setting, ": ", f.text, '\n');
    return all;
}

inline std::shared_ptr<TlsConf> conf_with(std::vector<PairPtr> pairs)
{
    auto conf = std::make_shared<TlsConf>();
    conf->pairs = std::move(pairs);
    return conf;
}

struct FreeSsl {
    void operator()(SSL* s) const { SSL_free(s); }
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
    void operator()(SSL_SESSION* s) const { SSL_SESSION_free(s); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeSsl>;

/// A client's side of one handshake, set up before shake().
class Client {
 public:
    Client() : context_(SSL_CTX_new(TLS_client_method())), ssl(SSL_new(context_.get()))
    {
        SSL_CTX_set_app_data(context_.get(), this);
        SSL_CTX_set_session_cache_mode(context_.get(),
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* s, SSL_SESSION* given) {
            static_cast<Client*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(s)))->session.reset(given);
            return 1;
        });
    }
    explicit Client(const char* name) : Client() { SSL_set_tlsext_host_name(ssl.get(), name); }
    /// As if it had said goodbye: OpenSSL forgets the sessions of connections that broke.
    ~Client() { SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// With a server side of `tls`; true when both are content.  `server` stays for questions.
    bool shake(const Tls& tls)
    {
        server.reset(tls.accept());
        BIO *ours = nullptr, *theirs = nullptr;
        BIO_new_bio_pair(&ours, 0, &theirs, 0);
        SSL_set_bio(ssl.get(), ours, ours);
        SSL_set_bio(server.get(), theirs, theirs);
        SSL_set_connect_state(ssl.get());
        for (int i = 0; i < 20; ++i) {
            SSL_do_handshake(ssl.get());
            SSL_do_handshake(server.get());
        }
        char byte = 0;
        if (SSL_is_init_finished(ssl.get())) SSL_read(ssl.get(), &byte, 1);  // takes tickets
        const bool both = SSL_is_init_finished(ssl.get()) && SSL_is_init_finished(server.get());
        ERR_clear_error();
        return both;
    }
    /// "CN=a.example" of the certificate that was shown.
    std::string shown() const
    {
        const X509* x = SSL_get0_peer_certificate(ssl.get());
        return x ? name_text(X509_get_subject_name(x)) : "";
    }
    bool reused() const { return SSL_session_reused(server.get()) == 1; }

 private:
    std::unique_ptr<SSL_CTX, FreeSsl> context_;

 public:
    SslPtr ssl, server;
    SessionPtr session;  ///< the last one the server gave
};

}  // namespace ostler::test
