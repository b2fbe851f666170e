// tls.cc - from the name in a client's hello to the host whose certificate it gets.
#include "server/tls.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "server/tls_client.h"
#include "server/tls_context.h"
#include "server/tls_names.h"

namespace ostler {

/// Hosts with the same Conf share one.  It stays when its certificate is replaced.
struct Tls::Context {
    ContextPtr ssl;
    std::shared_ptr<const TlsConf> conf;
    const Tls* owner;
};

/// What a name leads to.
struct Tls::Site {
    const Context* context;
    /// Sessions of one host are never continued at another, even with the same certificate.
    std::string session_scope;
};

Tls::Tls() = default;
Tls::~Tls() = default;

bool Tls::fill(Context& context, std::shared_ptr<const TlsConf> conf, std::string& error)
{
    ContextPtr made = make_context(conf, error);
    if (!made) return false;
    SSL_CTX* c = made.get();
    SSL_CTX_set_app_data(c, &context);
    SSL_CTX_set_client_hello_cb(c, on_hello, this);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(resumption.time).count();
    if (seconds > 0) {
        SSL_CTX_set_timeout(c, static_cast<long>(seconds));
        SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket);
        SSL_CTX_set_num_tickets(c, 1);  // each connection brings one, parallel ones as many
    } else {
        SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(c, 0);
    }
    context.ssl = std::move(made);
    context.conf = std::move(conf);
    return true;
}

Tls::Context* Tls::context_for(const Host& host, std::string& error)
{
    for (const auto& c : contexts_)
        if (c->conf == host.conf) return c.get();
    auto made = std::make_unique<Context>();
    made->owner = this;
    if (!fill(*made, host.conf, error)) return nullptr;
    contexts_.push_back(std::move(made));
    return contexts_.back().get();
}

bool Tls::add(const Host& host, std::string& error)
{
    if (host.conf->pairs.empty()) return true;
    const Context* context = context_for(host, error);
    if (!context) return false;
    const std::string_view canonical = host.names.empty() ? std::string_view() : host.names.front();
    sites_.push_back(std::make_unique<Site>(Site{context, session_scope(*host.conf, canonical)}));
    const Site* site = sites_.back().get();
    for (const std::string& name : host.names) {
        if (name == "*")
            default_ = site;
        else if (name.starts_with("*."))
            below_.emplace(name.substr(2), site);
        else
            exact_.emplace(name, site);
    }
    return true;
}

std::shared_ptr<Tls> Tls::make(const std::vector<Host>& hosts, const TlsResumption& resumption,
                               std::string& error)
{
    std::shared_ptr<Tls> tls(new Tls);
    tls->resumption = resumption;
    for (const Host& host : hosts)
        if (!tls->add(host, error)) return nullptr;
    if (!tls->default_ && !tls->sites_.empty()) tls->default_ = tls->sites_.front().get();
    if (tls->default_) return tls;
    error = "tls needs a certificate: set tls.certificate and tls.key, for the server or a host";
    return nullptr;
}

const Tls::Site& Tls::find(std::string_view name) const
{
    if (const auto found = exact_.find(name); found != exact_.end()) return *found->second;
    if (!below_.empty())
        for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
             dot = name.find('.', dot + 1))
            if (const auto found = below_.find(name.substr(dot + 1)); found != below_.end())
                return *found->second;
    return *default_;
}

// The earliest moment: before version, session and certificate are chosen.
int Tls::on_hello(SSL* ssl, int*, void* self)
{
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    const Site* site = static_cast<const Tls*>(self)->default_;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) == 1) {
        const HostName name(read_server_name({reinterpret_cast<const char*>(bytes), size}));
        site = &static_cast<const Tls*>(self)->find(name.view());
    }
    switch_context(ssl, site->context->ssl.get());
    const std::string& scope = site->session_scope;
    if (SSL_set_session_id_context(ssl, reinterpret_cast<const unsigned char*>(scope.data()),
                                   static_cast<unsigned>(scope.size())) != 1)
        return SSL_CLIENT_HELLO_ERROR;
    return SSL_CLIENT_HELLO_SUCCESS;
}

int Tls::on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                   EVP_MAC_CTX* mac, int sealing)
{
    constexpr int failed = -1, unknown = 0, opened = 1, opened_and_renewed = 2;
    // A browser uses a ticket of TLS 1.3 once: without a new one it could come back only once.
    const bool single_use = SSL_version(ssl) == TLS1_3_VERSION;
    const auto* context = static_cast<const Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const TicketKeys& keys = context->owner->keys;
    if (sealing) return keys.seal(name, iv, cipher, mac) ? opened : failed;
    switch (keys.open(name, iv, cipher, mac)) {
    case TicketKeys::Opened::no: return unknown;
    case TicketKeys::Opened::yes: return single_use ? opened_and_renewed : opened;
    case TicketKeys::Opened::renew: return opened_and_renewed;
    }
    return failed;
}

SSL* Tls::accept() const
{
    SSL* ssl = SSL_new(default_->context->ssl.get());
    if (ssl) SSL_set_accept_state(ssl);
    return ssl;
}

TlsFacts Tls::facts(SSL* ssl)
{
    const auto text = [](const char* s) { return s ? std::string_view(s) : std::string_view(); };
    TlsFacts facts;
    facts.protocol = text(SSL_get_version(ssl));
    facts.cipher = text(SSL_get_cipher_name(ssl));
    facts.server_name = text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    facts.resumed = SSL_session_reused(ssl) == 1;
    const unsigned char* alpn = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &alpn, &size);
    if (size) facts.alpn = {reinterpret_cast<const char*>(alpn), size};
    if (conf_of(SSL_get_SSL_CTX(ssl)).client_certificates != ClientCertificates::off)
        describe_client(ssl, facts);
    return facts;
}

bool Tls::covers(const SSL* ssl, std::string_view host) const
{
    if (host.empty()) return true;
    const SSL_CTX* shown = SSL_get_SSL_CTX(ssl);
    const Context* wanted = find(host).context;
    if (wanted == SSL_CTX_get_app_data(shown)) return true;
    if (!same_clients(conf_of(shown), *wanted->conf)) return false;
    X509* certificate = SSL_get_certificate(ssl);
    return certificate && X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

std::vector<PairPtr> Tls::pairs() const
{
    std::vector<PairPtr> all;
    for (const auto& context : contexts_)
        for (const PairPtr& pair : context->conf->pairs)
            if (std::none_of(all.begin(), all.end(),
                             [&](const PairPtr& p) { return p->files == pair->files; }))
                all.push_back(pair);
    return all;
}

bool Tls::replace(const PairPtr& pair, std::string& error)
{
    for (const auto& context : contexts_) {
        auto conf = std::make_shared<TlsConf>(*context->conf);
        bool changed = false;
        for (PairPtr& mine : conf->pairs)
            if (mine->files == pair->files) {
                mine = pair;
                changed = true;
            }
        if (changed && !fill(*context, std::move(conf), error)) return false;
    }
    return true;
}

}  // namespace ostler
