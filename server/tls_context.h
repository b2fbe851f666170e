// tls_context.h - one SSL_CTX made from the settings of one scope.
#pragma once

#include <memory>
#include <string>

#include "server/tls_conf.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ostler {

struct FreeContext {
    void operator()(ssl_ctx_st*) const;
};
using ContextPtr = std::unique_ptr<ssl_ctx_st, FreeContext>;

/// Null, with the reason in `error`, when OpenSSL refuses something.
ContextPtr make_context(const TlsConf&, std::string& error);

/// What OpenSSL last complained of, as text; the queue is empty afterwards.
std::string take_tls_error();

}  // namespace ostler
