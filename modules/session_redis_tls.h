// session_redis_tls.h - TLS to a Redis: the server's certificate is always checked, for its name,
// too.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"

struct bufferevent;
struct event_base;
struct ssl_ctx_st;

namespace ostler {

/// `ca_file` in PEM holds the certificates that are believed; empty: the system's.
Result<std::shared_ptr<ssl_ctx_st>, std::string> make_redis_tls(const std::string& ca_file);

/// A bufferevent that owns `fd`, a connected socket, and shakes hands with `host`; it says
/// BEV_EVENT_CONNECTED then.  Null, with `fd` left to the caller, when there is no memory.
bufferevent* make_tls_stream(event_base* base, int fd, ssl_ctx_st* context,
                             const std::string& host);

/// What TLS has to say about the end of the connection; empty when nothing.
std::string tls_failure(bufferevent* stream);

}  // namespace ostler
