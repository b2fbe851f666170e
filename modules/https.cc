// https.cc - redirects plain requests, and tells browsers to ask by https from now on (RFC 6797).
#include "modules/https.h"

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/exchange.h"

namespace ostler {

namespace {

using std::chrono::seconds;
constexpr auto year = std::chrono::hours(24 * 365);
/// Certificate authorities ask here by plain HTTP, before there is a certificate (RFC 8555).
constexpr std::string_view challenges = "/.well-known/acme-challenge/";

void configure(HttpsConf& conf, Section& s)
{
    s.get("redirect", conf.redirect,
          "send requests that came in plain text to https, except those for "
          "/.well-known/acme-challenge/");
    s.get("port", conf.port, "where https is, for redirects", 1, 65535);
    s.get("hsts", conf.hsts, "how long browsers are told to come by https only; 0s: they are not",
          seconds(0), 2 * year + std::chrono::hours(24));
    s.get("hsts_subdomains", conf.hsts_subdomains, "and to every name below this one");
    s.get("hsts_preload", conf.hsts_preload,
          "consent to be in the list that browsers are shipped with: hard to take back");
    if (conf.hsts_preload && (conf.hsts < year || !conf.hsts_subdomains))
        s.error("hsts_preload",
                "the list takes nobody without hsts = \"365d\" and hsts_subdomains = true");
    conf.hsts_value.clear();
    if (conf.hsts.count() == 0) return;
    append(conf.hsts_value, "max-age=", std::chrono::duration_cast<seconds>(conf.hsts).count(),
           conf.hsts_subdomains ? "; includeSubDomains" : "", conf.hsts_preload ? "; preload" : "");
}

/// The name the client used, or, from one that used none, one that leads here.
std::string_view host_of(const Exchange& x)
{
    if (!x.request.host.empty()) return x.request.host;
    const std::string_view canonical = x.pipeline().host;
    return canonical.find('*') == std::string_view::npos ? canonical : std::string_view();
}

Step rewrite(Exchange& x, const HttpsConf& conf)
{
    const Request& r = x.request;
    if (!conf.redirect || r.peer.tls || x.is_error_page()) return Step::next;
    if (r.path.starts_with(challenges) || !r.path.starts_with('/')) return Step::next;
    const std::string_view host = host_of(x);
    if (host.empty()) return x.reply(Code::bad_request);
    std::string url = cat("https://", host);
    if (conf.port != 443) append(url, ':', conf.port);
    append(url, r.raw_path, r.has_query ? "?" : "", r.query);
    return x.redirect(r.is_get_or_head() ? Code::moved_permanently : Code::permanent_redirect,
                      x.arena.copy(url));
}

Step response(Exchange& x, const HttpsConf& conf)
{
    // In plain text the field would mean nothing (RFC 6797 section 7.2).
    if (x.request.peer.tls && !conf.hsts_value.empty())
        x.response.fields.set("Strict-Transport-Security", conf.hsts_value);
    return Step::next;
}

}  // namespace

constexpr Module https_module{.name = "https",
                              .about = "redirects to https, and keeps browsers there (HSTS)",
                              .on_by_default = false,
                              .config = conf<configure>,
                              .rewrite = on<rewrite>,
                              .response = on<response>};

}  // namespace ostler
