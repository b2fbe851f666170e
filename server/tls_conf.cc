// tls_conf.cc - the group `tls`, and the files it names.
#include "server/tls_conf.h"

#include <ctime>

#include "common/base/section.h"

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

}  // namespace

void configure_tls(TlsConf& conf, Section& s)
{
    PairFiles files;
    s.get_path("certificate", files.certificate,
               "PEM file: the host's certificate, then those that vouch for it");
    s.get_path("key", files.key, "PEM file with its private key; empty: in the same file");
    if (files.certificate.empty()) {
        if (!files.key.empty()) s.error("key", "belongs to a certificate: set certificate, too");
        return;
    }
    PairText text;
    PairFindings findings;
    std::shared_ptr<const TlsPair> pair;
    if (read_pair(files, text, findings))
        pair = make_pair(files, text, std::time(nullptr), findings);
    report(findings, s);
    if (pair) conf.pairs = {pair};
}

}  // namespace ostler
