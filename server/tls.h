// tls.h - TLS as connections see it: which host's certificate, and what was negotiated.
//
// One object a configuration.  The master makes it, forks it into the workers with the keys in
// memory, and sends them what changes: no worker ever opens a file for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/http/message.h"
#include "server/tls_conf.h"

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace ostler {

class Tls {
 public:
    /// A host, or the server scope when `names` is empty.
    struct Host {
        std::vector<std::string> names;  ///< as RouteTable::Host has them
        std::shared_ptr<const TlsConf> conf;
    };
    /// Hosts with the same Conf share everything.  The first of these that has a certificate is
    /// in charge of clients that name no host, or none of ours: the host "*", the server scope,
    /// the others in their order.  Null, with the reason in `error`, when none has one.
    static std::shared_ptr<Tls> make(const std::vector<Host>& hosts, std::string& error);

    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls();

    /// A new SSL in accept state for a connection on a listener with tls; the caller owns it
    /// (a bufferevent takes it over).  It must not outlive this object.  Null: out of memory.
    ssl_st* accept() const;

    /// What the handshake, which must be over, negotiated.  The views live as long as `ssl`.
    static TlsFacts facts(ssl_st* ssl);

    /// Whether this connection may answer for `host` (as in Request: lower case, no port); if
    /// not, 421 (RFC 9110 section 7.4).  True when it is a name of the host whose certificate
    /// was shown, or the certificate is also good for it and the same clients are let in.
    bool covers(const ssl_st* ssl, std::string_view host) const;

 private:
    struct Context;
    Tls();
    bool add(const Host& host, std::string& error);
    const Context& find(std::string_view name) const;
    static int on_hello(ssl_st*, int* alert, void* self);

    std::vector<std::unique_ptr<Context>> contexts_;
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Names = std::unordered_map<std::string, const Context*, Hash, std::equal_to<>>;
    Names exact_;
    Names below_;  // "example.org" for "*.example.org"
    const Context* default_ = nullptr;
};

}  // namespace ostler
