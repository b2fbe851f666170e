// tls_context.cc - protocol, ciphers, groups, certificates into an SSL_CTX.
#include "server/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace ostler {

void FreeContext::operator()(ssl_ctx_st* c) const { SSL_CTX_free(c); }

std::string take_tls_error()
{
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code ? ERR_reason_error_string(code) : nullptr;
    return reason ? reason : "unknown error";
}

namespace {

// RFC 7301: a client that offers protocols and not ours is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*)
{
    static constexpr unsigned char ours[] = "\x08http/1.1";
    constexpr unsigned ours_size = sizeof ours - 1;
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, ours_size, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

bool use_pair(SSL_CTX* context, const TlsPair& pair)
{
    STACK_OF(X509)* chain = sk_X509_new_null();
    if (!chain) return false;
    for (const X509Ptr& x : pair.chain) sk_X509_push(chain, x.get());
    const int override = 1;
    const bool ok =
        SSL_CTX_use_cert_and_key(context, pair.leaf.get(), pair.key.get(), chain, override) == 1;
    sk_X509_free(chain);  // the certificates are shared, with counts of their own
    return ok;
}

}  // namespace

ContextPtr make_context(const TlsConf& conf, std::string& error)
{
    ContextPtr context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* c = context.get();
    const auto fail = [&] {
        error = take_tls_error();
        return nullptr;
    };
    if (!c) return fail();
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Never SSL_MODE_ENABLE_PARTIAL_WRITE: with libevent it corrupts what is written.
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1) return fail();
    if (SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) return fail();
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
    for (const auto& pair : conf.pairs)
        if (!use_pair(c, *pair)) return fail();
    return context;
}

}  // namespace ostler
