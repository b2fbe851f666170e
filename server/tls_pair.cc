// tls_pair.cc - reading and parsing of certificates and keys.
#include "server/tls_pair.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "server/tls_context.h"
#include "server/tls_ocsp.h"

namespace ostler {

void FreeX509::operator()(x509_st* x) const { X509_free(x); }
void FreeKey::operator()(evp_pkey_st* k) const { EVP_PKEY_free(k); }

PairText::~PairText()
{
    OPENSSL_cleanse(certificate.data(), certificate.size());  // may hold the key, too
    OPENSSL_cleanse(key.data(), key.size());
}

std::int64_t seconds_of(const ASN1_TIME* time)
{
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(timegm(&parts)) : 0;
}

std::string utc_text(std::int64_t seconds)
{
    const auto t = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&t, &parts);
    char text[40];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts));
}

namespace {

using Weight = PairFinding::Weight;
constexpr std::size_t largest_file = 1 << 20;

struct FreeBio {
    void operator()(BIO* b) const { BIO_free(b); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

BioPtr open_text(const std::string& text)
{
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

// Systems count the times of files in steps of up to 10 ms.
bool is_fresh(const PairStamp& stamp)
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t now_ns = static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
    constexpr std::int64_t step_ns = 20'000'000;
    return std::any_of(stamp.begin(), stamp.end(), [&](const FileFacts& f) {
        return f.changed_ns > now_ns - step_ns && f.changed_ns <= now_ns;
    });
}

std::string digest_of(const PairText& text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    std::string all;
    const std::string* const parts[] = {&text.certificate, &text.key, &text.ocsp};
    for (const std::string* part : parts) {
        unsigned size = 0;
        EVP_Digest(part->data(), part->size(), bytes, &size, EVP_sha256(), nullptr);
        all.append(reinterpret_cast<const char*>(bytes), size);
    }
    return all;
}

constexpr std::string_view certificate_begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view key_end = "PRIVATE KEY-----";

/// Why a text without a certificate has none.
std::string why_no_certificate(const std::string& text)
{
    if (text.empty()) return "is empty";
    if (contains(text, key_end))
        return "has a private key and no certificate: are certificate and key swapped?";
    if (text.starts_with('\x30'))
        return "is not PEM but DER: convert it with openssl x509 -inform DER -in FILE -out NEW";
    return "has no certificate in PEM (-----BEGIN CERTIFICATE-----)";
}

std::string why_no_key(const std::string& text)
{
    if (text.empty()) return "is empty";
    if (contains(text, "BEGIN ENCRYPTED PRIVATE KEY") || contains(text, "Proc-Type: 4,ENCRYPTED"))
        return "is protected by a passphrase, which nobody could type at a start: take it away "
               "with openssl pkey -in FILE -out NEW";
    if (contains(text, key_end)) return "the private key is damaged or cut short";
    if (contains(text, certificate_begin))
        return "has a certificate and no private key: are certificate and key swapped?";
    return "has no private key in PEM (-----BEGIN PRIVATE KEY-----)";
}

/// A passphrase is never asked for.
int no_passphrase(char*, int, int, void*) { return -1; }

/// "RSA 2048", "EC prime256v1".
std::string describe_key(const EVP_PKEY* key)
{
    if (!key) return "an unknown kind";
    const char* type = EVP_PKEY_get0_type_name(key);
    std::string text = type ? type : "an unknown kind";
    char group[64];
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1)
        append(text, ' ', std::string_view(group, size));
    else
        append(text, ' ', EVP_PKEY_get_bits(key));
    ERR_clear_error();
    return text;
}

bool check_key(const TlsPair& pair, const PairText& text, PairFindings& findings)
{
    const std::string& file = pair.files.key_file();
    const auto fail = [&](std::string_view why) {
        ERR_clear_error();
        findings.push_back({Weight::error, "key", cat(file, ": ", why)});
        return false;
    };
    if (!pair.key) return fail(why_no_key(pair.files.key.empty() ? text.certificate : text.key));
    if (X509_check_private_key(pair.leaf.get(), pair.key.get()) != 1) {
        const std::string wanted = describe_key(X509_get0_pubkey(pair.leaf.get()));
        const std::string found = describe_key(pair.key.get());
        return fail(cat("is not the key of ", pair.files.certificate, ": ",
                        wanted == found ? cat("it is another ", found)
                                        : cat("that needs ", wanted, ", this is ", found),
                        "; both files have to come from the same request"));
    }
    std::string why;
    if (!is_usable(pair, why))
        return fail(cat("cannot be used with ", pair.files.certificate, ": ", why, " (",
                        describe_key(pair.key.get()),
                        "); RSA 2048 or EC P-256 with a signature by SHA-256 would do"));
    return true;
}

void check_times(const TlsPair& pair, std::int64_t now, PairFindings& findings)
{
    const std::string& file = pair.files.certificate;
    if (now >= pair.not_after)
        findings.push_back({Weight::stale, "certificate",
                            cat(file, ": expired on ", utc_text(pair.not_after), ": renew it")});
    if (now < pair.not_before)
        findings.push_back({Weight::stale, "certificate",
                            cat(file, ": is valid from ", utc_text(pair.not_before),
                                " only; is this machine's clock right?")});
}

}  // namespace

bool read_small_file(const std::string& path, std::string& text, std::string& why)
{
    const auto fail = [&](std::string_view reason) {
        why = reason;
        return false;
    };
    // Non-blocking: a pipe in place of a file must not hold the master.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return fail(cat("cannot be read: ", std::strerror(errno)));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail(std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return fail("is not a file");
    if (static_cast<std::size_t>(info.st_size) > largest_file)
        return fail("is larger than 1 MiB: this must be something else");
    text.assign(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(cat("cannot be read: ", std::strerror(errno)));
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return true;
}

std::vector<X509Ptr> parse_certificates(const std::string& text, std::string& why)
{
    std::vector<X509Ptr> found;
    const BioPtr bio = open_text(text);
    while (X509* x = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
        found.emplace_back(x);
    ERR_clear_error();
    std::size_t begun = 0;
    for (std::size_t at = 0; (at = text.find(certificate_begin, at)) != std::string::npos; ++at)
        ++begun;
    if (begun > found.size()) {
        why = cat("certificate ", found.size() + 1, " in it is damaged or cut short");
        found.clear();
    } else if (found.empty()) {
        why = why_no_certificate(text);
    }
    return found;
}

PairStamp stamp_of(const PairFiles& files)
{
    PairStamp stamp{};
    const std::string* const paths[] = {&files.certificate, &files.key, &files.ocsp};
    for (std::size_t i = 0; i < stamp.size(); ++i) {
        struct stat info {};
        if (!paths[i]->empty() && ::stat(paths[i]->c_str(), &info) == 0) stamp[i] = facts_of(info);
    }
    return stamp;
}

bool read_pair(const PairFiles& files, PairText& text, PairFindings& findings)
{
    text.stamp = stamp_of(files);
    if (is_fresh(text.stamp)) text.stamp = {};
    const auto read = [&](const std::string& path, const char* setting, std::string& to) {
        std::string why;
        if (path.empty() || read_small_file(path, to, why)) return true;
        const Weight weight = setting == std::string_view("ocsp") ? Weight::stale : Weight::error;
        findings.push_back({weight, setting, cat(path, ": ", why)});
        return weight != Weight::error;
    };
    const bool ok = read(files.certificate, "certificate", text.certificate);
    return read(files.key, "key", text.key) && read(files.ocsp, "ocsp", text.ocsp) && ok;
}

PairPtr make_pair(const PairFiles& files, const PairText& text, std::int64_t now,
                  PairFindings& findings)
{
    auto pair = std::make_shared<TlsPair>();
    pair->files = files;
    pair->stamp = text.stamp;
    pair->digest = digest_of(text);
    std::string why;
    pair->chain = parse_certificates(text.certificate, why);
    if (pair->chain.empty()) {
        findings.push_back({Weight::error, "certificate", cat(files.certificate, ": ", why)});
        return nullptr;
    }
    pair->leaf = std::move(pair->chain.front());
    pair->chain.erase(pair->chain.begin());
    pair->not_before = seconds_of(X509_get0_notBefore(pair->leaf.get()));
    pair->not_after = seconds_of(X509_get0_notAfter(pair->leaf.get()));
    const BioPtr key = open_text(files.key.empty() ? text.certificate : text.key);
    pair->key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (!check_key(*pair, text, findings)) return nullptr;
    check_times(*pair, now, findings);
    if (!files.ocsp.empty() && !text.ocsp.empty() && !take_ocsp(text.ocsp, now, *pair, why))
        findings.push_back({Weight::stale, "ocsp", cat(files.ocsp, ": is not stapled: ", why)});
    return pair;
}

}  // namespace ostler
