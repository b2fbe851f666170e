// tls_context.cc - protocol, ciphers, groups, certificates into an SSL_CTX.
#include "server/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <ctime>

#include "common/base/check.h"
#include "common/base/text.h"

namespace ostler {

void FreeContext::operator()(ssl_ctx_st* c) const { SSL_CTX_free(c); }

namespace {

/// 112 bits: RSA and DH from 2048, no SHA-1 signatures (SSL_CTX_set_security_level(3)).
constexpr int security_level = 2;
constexpr const char* hybrid_groups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* classic_groups = "X25519:P-256:P-384";
/// Of TLS 1.3, best first.  128 bits are more than enough (RFC 9325 section 4.2), a quarter quicker,
/// and SHA-256 is quicker than SHA-384 where the processor has instructions for it.
constexpr const char* suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// What OpenSSL last complained of; its queue is empty afterwards.
std::string take_error()
{
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    return reason ? reason : "out of memory";
}

ContextPtr new_context()
{
    ContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (context) SSL_CTX_set_security_level(context.get(), security_level);
    return context;
}

// RFC 7301: a client that offers protocols and not ours is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*)
{
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/// The name was understood; on_hello has acted on it already.
int accept_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

/// Staples what belongs to the certificate that was chosen.
int staple(SSL* ssl, void*)
{
    const X509* chosen = SSL_get_certificate(ssl);
    for (const PairPtr& pair : conf_of(SSL_get_SSL_CTX(ssl)).pairs) {
        if (pair->leaf.get() != chosen || pair->ocsp.empty()) continue;
        if (std::time(nullptr) >= pair->ocsp_until) return SSL_TLSEXT_ERR_NOACK;
        void* copy = OPENSSL_memdup(pair->ocsp.data(), pair->ocsp.size());
        if (!copy) return SSL_TLSEXT_ERR_NOACK;
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(pair->ocsp.size()));
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

bool use_pair(SSL_CTX* context, const TlsPair& pair)
{
    STACK_OF(X509)* chain = sk_X509_new_null();
    if (!chain) return false;
    for (const X509Ptr& x : pair.chain) sk_X509_push(chain, x.get());
    constexpr int replace = 1;
    const bool ok =
        SSL_CTX_use_cert_and_key(context, pair.leaf.get(), pair.key.get(), chain, replace) == 1;
    sk_X509_free(chain);  // the certificates are shared, with counts of their own
    return ok;
}

/// With a hybrid against quantum computers where this OpenSSL has it (3.5).
const char* default_groups()
{
    static const char* const chosen = [] {
        const ContextPtr context = new_context();
        const bool hybrid = context && SSL_CTX_set1_groups_list(context.get(), hybrid_groups) == 1;
        ERR_clear_error();
        return hybrid ? hybrid_groups : classic_groups;
    }();
    return chosen;
}

bool use_groups(SSL_CTX* context, const std::string& groups)
{
    return SSL_CTX_set1_groups_list(context, groups.empty() ? default_groups() : groups.c_str()) ==
           1;
}

bool use_authorities(SSL_CTX* context, const TlsConf& conf)
{
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    for (const auto& x : conf.client_authorities)
        if (X509_STORE_add_cert(store, x.get()) != 1 ||
            SSL_CTX_add_client_CA(context, x.get()) != 1)
            return false;
    return true;
}

// A context keeps its Conf: connections may keep a context that has been replaced.
using Conf = std::shared_ptr<const TlsConf>;

void free_conf(void*, void* conf, CRYPTO_EX_DATA*, int, long, void*)
{
    delete static_cast<Conf*>(conf);
}

int conf_index()
{
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_conf);
    return index;
}

bool keep_conf(SSL_CTX* context, const Conf& conf)
{
    auto copy = std::make_unique<Conf>(conf);
    if (SSL_CTX_set_ex_data(context, conf_index(), copy.get()) != 1) return false;
    copy.release();
    return true;
}

/// With client_certificates = "optional" the request is told what is wrong, not the handshake.
int let_in(int, X509_STORE_CTX*) { return 1; }

}  // namespace

const TlsConf& conf_of(const SSL_CTX* context)
{
    return **static_cast<const Conf*>(SSL_CTX_get_ex_data(context, conf_index()));
}

std::string session_scope(const TlsConf& conf, std::string_view host)
{
    std::string text =
        cat(host, '\n', static_cast<int>(conf.client_certificates), '\n', conf.client_depth, '\n');
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    for (const auto& x : conf.client_authorities)
        if (X509_digest(x.get(), EVP_sha256(), digest, &size) == 1)
            text.append(reinterpret_cast<const char*>(digest), size);
    CHECK_THAT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1);
    return std::string(reinterpret_cast<const char*>(digest), size);
}

bool same_clients(const TlsConf& a, const TlsConf& b)
{
    return session_scope(a, "") == session_scope(b, "");
}

ContextPtr make_context(const Conf& conf, std::string& error)
{
    ContextPtr context = new_context();
    SSL_CTX* c = context.get();
    const auto fail = [&] {
        error = take_error();
        return nullptr;
    };
    if (!c || !keep_conf(c, conf)) return fail();
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Never SSL_MODE_ENABLE_PARTIAL_WRITE: with libevent it corrupts what is written.  The chain
    // is what the operator wrote, never filled up from client_ca.
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // Sessions are the clients' to keep, in tickets: workers share nothing.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(c, suites) != 1 ||
        SSL_CTX_set_cipher_list(c, conf->ciphers.c_str()) != 1 || !use_groups(c, conf->groups) ||
        !use_authorities(c, *conf))
        return fail();
    for (const PairPtr& pair : conf->pairs)
        if (!use_pair(c, *pair)) return fail();
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
    SSL_CTX_set_tlsext_servername_callback(c, accept_name);
    SSL_CTX_set_tlsext_status_cb(c, staple);
    return context;
}

// SSL_set_SSL_CTX() takes certificates, ciphers of TLS 1.2 and the scope of sessions from the
// context; the rest was copied from the first one when the SSL was made.
void switch_context(SSL* ssl, SSL_CTX* context)
{
    const SSL_CTX* first = SSL_get_SSL_CTX(ssl);
    const TlsConf& conf = conf_of(context);
    if (context != first) {
        const std::string& groups = conf.groups;
        if (groups != conf_of(first).groups)
            SSL_set1_groups_list(ssl, groups.empty() ? default_groups() : groups.c_str());
        SSL_set_SSL_CTX(ssl, context);
    }
    SSL_set_min_proto_version(ssl, conf.min_version == 3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    switch (conf.client_certificates) {
    case ClientCertificates::off: return;
    case ClientCertificates::optional: SSL_set_verify(ssl, SSL_VERIFY_PEER, let_in); break;
    case ClientCertificates::require:
        SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        break;
    }
    SSL_set_verify_depth(ssl, conf.client_depth);
    // Who has to prove a key proves it for every connection: nothing that expired or was taken
    // from client_ca lives on in a ticket.
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
}

bool is_usable(const TlsPair& pair, std::string& why)
{
    const ContextPtr context = new_context();
    if (context && use_pair(context.get(), pair)) return true;
    why = take_error();
    return false;
}

bool check_ciphers(const std::string& list, std::string& why)
{
    const ContextPtr context = new_context();
    if (!context || SSL_CTX_set_cipher_list(context.get(), list.c_str()) != 1) {
        why = cat("this OpenSSL knows none of these: ", take_error(),
                  "; \"openssl ciphers LIST\" tries a list");
        return false;
    }
    std::string weak;
    const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
        const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
        const int exchange = SSL_CIPHER_get_kx_nid(cipher);
        const bool forward = exchange == NID_kx_ecdhe || exchange == NID_kx_any;
        if (!forward || !SSL_CIPHER_is_aead(cipher))
            append(weak, weak.empty() ? "" : ", ", SSL_CIPHER_get_name(cipher));
    }
    if (weak.empty()) return true;
    why = cat("only ciphers with forward secrecy (ECDHE) and authenticated encryption (GCM, "
              "CHACHA20) are offered; not ",
              weak);
    return false;
}

bool check_groups(const std::string& list, std::string& why)
{
    const ContextPtr context = new_context();
    if (list.empty() || (context && SSL_CTX_set1_groups_list(context.get(), list.c_str()) == 1))
        return true;
    take_error();
    why = "this OpenSSL does not know all of these; \"X25519:P-256:P-384\" would do";
    return false;
}

}  // namespace ostler
