// tls_inspect.cc - advice about certificates.
#include "server/tls_inspect.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

using Weight = PairFinding::Weight;
constexpr std::int64_t day_s = 24 * 3600;

bool issued(const X509Ptr& issuer, const X509Ptr& subject)
{
    return X509_check_issued(issuer.get(), subject.get()) == X509_V_OK;
}

/// Whether clients that trust what this system trusts can build a chain from the leaf alone.
bool system_knows_issuer(const TlsPair& pair)
{
    X509_STORE* store = X509_STORE_new();
    X509_STORE_CTX* check = X509_STORE_CTX_new();
    X509* issuer = nullptr;
    bool known = store && check && X509_STORE_set_default_paths(store) == 1 &&
                 X509_STORE_CTX_init(check, store, nullptr, nullptr) == 1 &&
                 X509_STORE_CTX_get1_issuer(&issuer, check, pair.leaf.get()) == 1;
    X509_free(issuer);
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    ERR_clear_error();
    return known;
}

void inspect_chain(const TlsPair& pair, PairFindings& findings)
{
    const auto advise = [&](std::string text) {
        findings.push_back(
            {Weight::advice, "certificate", cat(pair.files.certificate, ": ", text)});
    };
    const X509Ptr* subject = &pair.leaf;
    for (std::size_t i = 0; i < pair.chain.size(); ++i) {
        if (!issued(pair.chain[i], *subject))
            return advise(cat("certificate ", i + 2,
                              " did not issue the one before it, which is "
                              "by \"",
                              name_text(X509_get_issuer_name(subject->get())),
                              "\": the order is the host's own, its issuer, that one's issuer"));
        subject = &pair.chain[i];
    }
    if (!pair.chain.empty()) return;
    if (issued(pair.leaf, pair.leaf))
        return advise("is signed by itself: only clients that were told so will trust it");
    if (!system_knows_issuer(pair))
        advise(cat("its issuer \"", name_text(X509_get_issuer_name(pair.leaf.get())),
                   "\" is neither in the file nor an authority of this system: clients that do "
                   "not know it refuse; use the file with the whole chain (fullchain.pem)"));
}

/// A fortnight, or a quarter of a short life.
void inspect_expiry(const TlsPair& pair, std::int64_t now, PairFindings& findings)
{
    const std::int64_t left = pair.not_after - now;
    const std::int64_t early = std::min(14 * day_s, (pair.not_after - pair.not_before) / 4);
    if (left <= 0 || left > early) return;
    const std::string in =
        left < 2 * day_s ? cat(left / 3600, " hours") : cat(left / day_s, " days");
    findings.push_back({Weight::advice, "certificate",
                        cat(pair.files.certificate, ": expires in ", in, ", on ",
                            utc_text(pair.not_after), ": is its renewal working?")});
}

void inspect_permissions(const TlsPair& pair, PairFindings& findings)
{
    struct stat info {};
    const std::string& file = pair.files.key_file();
    if (::stat(file.c_str(), &info) != 0 || (info.st_mode & (S_IROTH | S_IWOTH)) == 0) return;
    findings.push_back(
        {Weight::advice, "key",
         cat(file, ": everybody on this machine may ", info.st_mode & S_IROTH ? "read" : "replace",
             " the private key: chmod o-rwx ", file)});
}

}  // namespace

std::string name_text(const X509_NAME* name)
{
    BIO* bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, name, 0,
                       XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

void inspect_pair(const TlsPair& pair, std::int64_t now, PairFindings& findings)
{
    inspect_expiry(pair, now, findings);
    inspect_chain(pair, findings);
    inspect_permissions(pair, findings);
}

bool is_for_name(const TlsPair& pair, std::string_view name)
{
    // Whatever stands for the star, as long as it is one label.
    const std::string host =
        name.starts_with("*.") ? cat("any", name.substr(1)) : std::string(name);
    if (X509_check_ip_asc(pair.leaf.get(), host.c_str(), 0) == 1) return true;
    return X509_check_host(pair.leaf.get(), host.data(), host.size(), 0, nullptr) == 1;
}

std::string list_names(const TlsPair& pair)
{
    constexpr int shown = 4;
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(pair.leaf.get(), NID_subject_alt_name, nullptr, nullptr));
    std::string text;
    int count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        int type = 0;
        const auto* value = static_cast<const ASN1_STRING*>(
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
        if (type != GEN_DNS || ++count > shown) continue;
        const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value));
        append(text, count > 1 ? ", \"" : "\"",
               std::string_view(bytes, static_cast<std::size_t>(ASN1_STRING_length(value))), '"');
    }
    GENERAL_NAMES_free(names);
    if (count > shown) append(text, " and ", count - shown, " more");
    return count ? text : "no host name at all";
}

}  // namespace ostler
