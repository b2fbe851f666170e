// session_redis_tls.cc - OpenSSL below a bufferevent.
#ifdef OSTLER_REDIS

#include "modules/session_redis_tls.h"

#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/base/text.h"

namespace ostler {

namespace {

std::string last_error()
{
    char text[256] = "no reason given";
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return text;
    const char* const reason = ERR_reason_error_string(code);
    if (reason) return reason;
    ERR_error_string_n(code, text, sizeof text);
    return text;
}

bool is_address(const std::string& host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host.c_str(), address) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address) == 1;
}

/// The certificate must be for `host`; the name is also sent, so that one of several is chosen.
bool expect_host(SSL* ssl, const std::string& host)
{
    X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
    if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

Result<std::shared_ptr<ssl_ctx_st>, std::string> make_redis_tls(const std::string& ca_file)
{
    const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1)
        return Unexpected{cat("TLS: ", last_error())};
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    const int loaded = ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get())
                           : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
    if (loaded != 1)
        return Unexpected{cat(ca_file.empty() ? "the system's certificates" : ca_file,
                              ": no certificates in PEM: ", last_error())};
    return context;
}

bufferevent* make_tls_stream(event_base* base, int fd, ssl_ctx_st* context, const std::string& host)
{
    SSL* const ssl = SSL_new(context);
    if (!ssl) return nullptr;
    if (!expect_host(ssl, host)) {
        SSL_free(ssl);
        return nullptr;
    }
    bufferevent* const stream = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    if (!stream) {
        SSL_free(ssl);
        return nullptr;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);  // we end nothing by its end
    return stream;
}

std::string tls_failure(bufferevent* stream)
{
    SSL* const ssl = bufferevent_openssl_get_ssl(stream);
    if (!ssl) return {};
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK)
        return cat("its certificate: ", X509_verify_cert_error_string(verdict));
    const unsigned long code = bufferevent_get_openssl_error(stream);
    const char* const reason = code ? ERR_reason_error_string(code) : nullptr;
    return reason ? cat("TLS: ", reason) : std::string();
}

}  // namespace ostler

#endif
