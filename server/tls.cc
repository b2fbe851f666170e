// tls.cc - from the name in a client's hello to the host whose certificate it gets.
#include "server/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "server/tls_context.h"
#include "server/tls_names.h"

namespace ostler {

struct Tls::Context {
    ContextPtr ssl;
    std::shared_ptr<const TlsConf> conf;
};

Tls::Tls() = default;
Tls::~Tls() = default;

bool Tls::add(const Host& host, std::string& error)
{
    if (host.conf->pairs.empty()) return true;
    const Context* context = nullptr;
    for (const auto& c : contexts_)
        if (c->conf == host.conf) context = c.get();
    if (!context) {
        auto made = std::make_unique<Context>();
        made->conf = host.conf;
        made->ssl = make_context(*host.conf, error);
        if (!made->ssl) return false;
        SSL_CTX_set_client_hello_cb(made->ssl.get(), on_hello, this);
        context = made.get();
        contexts_.push_back(std::move(made));
    }
    for (const std::string& name : host.names) {
        if (name == "*")
            default_ = context;
        else if (name.starts_with("*."))
            below_.emplace(name.substr(2), context);
        else
            exact_.emplace(name, context);
    }
    return true;
}

std::shared_ptr<Tls> Tls::make(const std::vector<Host>& hosts, std::string& error)
{
    std::shared_ptr<Tls> tls(new Tls);
    for (const Host& host : hosts)
        if (!tls->add(host, error)) return nullptr;
    if (!tls->default_ && !tls->contexts_.empty()) tls->default_ = tls->contexts_.front().get();
    if (tls->default_) return tls;
    error = "tls needs a certificate: set tls.certificate and tls.key for the server or a host";
    return nullptr;
}

const Tls::Context& Tls::find(std::string_view name) const
{
    if (const auto found = exact_.find(name); found != exact_.end()) return *found->second;
    if (!below_.empty())
        for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
             dot = name.find('.', dot + 1))
            if (const auto found = below_.find(name.substr(dot + 1)); found != below_.end())
                return *found->second;
    return *default_;
}

int Tls::on_hello(SSL* ssl, int*, void* self)
{
    const unsigned char* bytes = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1)
        return SSL_CLIENT_HELLO_SUCCESS;
    const HostName name(read_server_name({reinterpret_cast<const char*>(bytes), size}));
    SSL_set_SSL_CTX(ssl, static_cast<const Tls*>(self)->find(name.view()).ssl.get());
    return SSL_CLIENT_HELLO_SUCCESS;
}

SSL* Tls::accept() const
{
    SSL* ssl = SSL_new(default_->ssl.get());
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
    return facts;
}

bool Tls::covers(const SSL* ssl, std::string_view host) const
{
    if (host.empty()) return true;
    const SSL_CTX* shown = SSL_get_SSL_CTX(ssl);
    if (find(host).ssl.get() == shown) return true;
    X509* certificate = SSL_get_certificate(ssl);
    return certificate && X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

}  // namespace ostler
