// tls_conf.cc - the group `tls`, and the files it names.
#include "server/tls_conf.h"

#include <openssl/x509.h>

#include <array>
#include <ctime>

#include "common/base/section.h"
#include "common/base/text.h"
#include "server/tls_context.h"
#include "server/tls_inspect.h"

namespace ostler {

namespace {

void report(const PairFindings& findings, Section& s)
{
    for (const PairFinding& f : findings) {
        if (f.weight == PairFinding::Weight::error)
            s.error(f.setting, f.text);
        else
            s.warn(f.setting, f.text);
    }
}

/// The pair that this group names; null when it names none or an unusable one (reported).
PairPtr configure_pair(Section& s)
{
    PairFiles files;
    s.get_path("certificate", files.certificate,
               "PEM file: the host's certificate, then those that vouch for it");
    s.get_path("key", files.key, "PEM file with its private key; empty: in the same file");
    s.get_path("ocsp", files.ocsp, "DER file with an OCSP response to staple; empty: none");
    if (files.certificate.empty()) {
        for (const auto& [setting, file] : {std::pair("key", files.key), {"ocsp", files.ocsp}})
            if (!file.empty()) s.error(setting, "belongs to a certificate: set that, too");
        return nullptr;
    }
    PairText text;
    PairFindings findings;
    PairPtr pair;
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    if (read_pair(files, text, findings)) pair = make_pair(files, text, now, findings);
    if (pair) inspect_pair(*pair, now, findings);
    report(findings, s);
    return pair;
}

void configure_pairs(TlsConf& conf, Section& s)
{
    std::vector<PairPtr> pairs;
    if (const PairPtr pair = configure_pair(s)) pairs.push_back(pair);
    bool listed = false;
    s.get_groups("certificates",
                 "several side by side, such as one with an EC and one with an RSA key",
                 [&](Section& each) {
                     listed = true;
                     if (PairPtr pair = configure_pair(each)) pairs.push_back(std::move(pair));
                 });
    if (listed && !pairs.empty() && pairs.size() > 3)
        s.warn("certificates", "one of each kind of key is used, the last that is named");
    if (!pairs.empty()) conf.pairs = std::move(pairs);
}

void configure_protocol(TlsConf& conf, Section& s)
{
    constexpr std::array<std::string_view, 2> versions = {"1.2", "1.3"};
    auto version = static_cast<std::size_t>(conf.min_version - 2);
    s.get_choice("min_version", version, versions, "the oldest version of TLS that is spoken");
    conf.min_version = static_cast<int>(version) + 2;
    std::string why;
    if (s.get("ciphers", conf.ciphers, "of TLS 1.2, as openssl ciphers takes them") &&
        !check_ciphers(conf.ciphers, why))
        s.error("ciphers", why);
    if (s.get("groups", conf.groups,
              "of the key exchange, the best first, such as \"X25519:P-256\"; empty: a good "
              "choice") &&
        !check_groups(conf.groups, why))
        s.error("groups", why);
}

void configure_clients(TlsConf& conf, Section& s)
{
    constexpr std::array<std::string_view, 3> words = {"off", "optional", "require"};
    auto word = static_cast<std::size_t>(conf.client_certificates);
    const bool asked =
        s.get_choice("client_certificates", word, words, "whether clients show a certificate");
    conf.client_certificates = static_cast<ClientCertificates>(word);
    if (s.get_path("client_ca", conf.client_ca,
                   "PEM file with the authorities that vouch for clients") &&
        !conf.client_ca.empty()) {
        std::string text, why;
        conf.client_authorities.clear();
        if (read_small_file(conf.client_ca, text, why))
            for (X509Ptr& x : parse_certificates(text, why))
                conf.client_authorities.emplace_back(x.release(), FreeX509());
        if (conf.client_authorities.empty()) s.error("client_ca", cat(conf.client_ca, ": ", why));
    }
    s.get("client_depth", conf.client_depth,
          "certificates between a client's and one of client_ca, at most", 0, 20);
    if (asked && conf.client_certificates != ClientCertificates::off && conf.client_ca.empty())
        s.error("client_certificates",
                "who vouches for them? set client_ca to the file with the authority's certificate");
}

}  // namespace

void configure_tls(TlsConf& conf, TlsResumption* resumption, Section& s)
{
    configure_pairs(conf, s);
    configure_protocol(conf, s);
    configure_clients(conf, s);
    if (resumption)
        s.get("resumption", resumption->time,
              "how long a client may continue its session; 0s: never (server scope only)",
              std::chrono::milliseconds(0), std::chrono::hours(7 * 24));
}

std::string names_problem(const TlsConf& conf, std::string_view name)
{
    if (conf.pairs.empty() || name == "*") return {};
    for (const PairPtr& pair : conf.pairs)
        if (!is_for_name(*pair, name))
            return cat(pair->files.certificate, " is not for \"", name,
                       "\", browsers will refuse it: it is for ", list_names(*pair));
    return {};
}

}  // namespace ostler
