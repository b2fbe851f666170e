// tls_context.h - one SSL_CTX made from the settings of one scope.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/tls_conf.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ostler {

struct FreeContext {
    void operator()(ssl_ctx_st*) const;
};
using ContextPtr = std::unique_ptr<ssl_ctx_st, FreeContext>;

/// Null, with the reason in `error`, when OpenSSL refuses something.
ContextPtr make_context(const std::shared_ptr<const TlsConf>&, std::string& error);

/// Sets sessions apart: those of one host, or made when other clients were let in, are never
/// continued elsewhere.  32 bytes, the same for the same host and settings in every process.
std::string session_scope(const TlsConf&, std::string_view host);

/// True when both let the same clients in.
bool same_clients(const TlsConf&, const TlsConf&);

/// What a context was made from.
const TlsConf& conf_of(const ssl_ctx_st*);

/// Gives a connection in its hello what `context` is about.
void switch_context(ssl_st*, ssl_ctx_st* context);

// --- for checks, before anything depends on it ----------------------------------------------

/// Whether an SSL_CTX takes the pair: strong enough, signed with a sound digest.
bool is_usable(const TlsPair&, std::string& why);
bool check_ciphers(const std::string& list, std::string& why);
bool check_groups(const std::string& list, std::string& why);

}  // namespace ostler
