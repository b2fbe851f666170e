// tls.h - TLS as connections see it: which host's certificate, and what was negotiated.
//
// One object a configuration.  The master makes it, forks it into the workers with the keys in
// memory, and sends them what changes (tls_update.h): no worker ever opens a file for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/http/message.h"
#include "server/tls_conf.h"
#include "server/tls_tickets.h"

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;
struct ssl_st;  // OpenSSL's SSL

namespace ostler {

class Tls {
 public:
    /// A host, or the server scope when `names` is empty.
    struct Host {
        std::vector<std::string> names;  ///< as RouteTable::Host has them
        std::shared_ptr<const TlsConf> conf;
    };
    /// In charge of clients that name no host, or none of ours, is the host "*" if it has a
    /// certificate, else the first of `hosts` that has one: the server scope, when it stands
    /// first.  Null, with the reason in `error`, when none has one.
    static std::shared_ptr<Tls> make(const std::vector<Host>& hosts, const TlsResumption&,
                                     std::string& error);

    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;
    ~Tls();

    // --- for connections ----------------------------------------------------------------

    /// A new SSL in accept state for a connection on a listener with tls; the caller owns it
    /// (a bufferevent takes it over).  It must not outlive this object.  Null: out of memory.
    ssl_st* accept() const;

    /// What the handshake, which must be over, negotiated.  The views live as long as `ssl`.
    static TlsFacts facts(ssl_st* ssl);

    /// Whether this connection may answer for `host` (as in Request: lower case, no port); if
    /// not, 421 (RFC 9110 section 7.4).  True when it is a name of the host whose certificate
    /// was shown, or the certificate is also good for it and the same clients are let in.
    bool covers(const ssl_st* ssl, std::string_view host) const;

    // --- for the master, and for workers it tells ------------------------------------------

    /// Every pair in use, each once.
    std::vector<PairPtr> pairs() const;
    /// Takes `pair` in place of the one from the same files; connections keep what they have.
    /// False, with the reason in `error` and nothing changed, when OpenSSL refuses it.  A pair
    /// of files that are not in use is none of ours: true.
    bool replace(const PairPtr& pair, std::string& error);

    TicketKeys keys;
    TlsResumption resumption;

 private:
    struct Context;
    struct Site;
    Tls();
    bool add(const Host& host, std::string& error);
    Context* context_for(const Host& host, std::string& error);
    bool fill(Context&, std::shared_ptr<const TlsConf> conf, std::string& error);
    const Site& find(std::string_view name) const;
    static int on_hello(ssl_st*, int* alert, void* self);
    static int on_ticket(ssl_st*, unsigned char* name, unsigned char* iv, evp_cipher_ctx_st*,
                         evp_mac_ctx_st*, int sealing);

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Names = std::unordered_map<std::string, const Site*, Hash, std::equal_to<>>;

    std::vector<std::unique_ptr<Context>> contexts_;
    std::vector<std::unique_ptr<Site>> sites_;
    Names exact_;
    Names below_;  // "example.org" for "*.example.org"
    const Site* default_ = nullptr;
};

}  // namespace ostler
