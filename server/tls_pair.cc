// tls_pair.cc - reading, parsing and checking of certificates and keys.
#include "server/tls_pair.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "common/base/fd.h"
#include "common/base/text.h"

namespace ostler {

void FreeX509::operator()(x509_st* x) const { X509_free(x); }
void FreeKey::operator()(evp_pkey_st* k) const { EVP_PKEY_free(k); }

PairText::~PairText()
{
    OPENSSL_cleanse(certificate.data(), certificate.size());  // may hold the key, too
    OPENSSL_cleanse(key.data(), key.size());
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

bool read_file(const std::string& path, const char* setting, std::string& text,
               PairFindings& findings)
{
    const auto fail = [&](std::string_view why) {
        findings.push_back({Weight::error, setting, cat(path, ": ", why)});
        return false;
    };
    // Non-blocking: a pipe in place of a file must not hold the master.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return fail(cat("cannot be read: ", std::strerror(errno)));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail(std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return fail("is not a file");
    if (static_cast<std::size_t>(info.st_size) > largest_file)
        return fail("is larger than 1 MiB: this is something else");
    text.resize(largest_file + 1);
    std::size_t size = 0;
    for (;;) {
        const ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(cat("cannot be read: ", std::strerror(errno)));
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return true;
}

}  // namespace

bool read_pair(const PairFiles& files, PairText& text, PairFindings& findings)
{
    bool ok = read_file(files.certificate, "certificate", text.certificate, findings);
    if (!files.key.empty()) ok &= read_file(files.key, "key", text.key, findings);
    return ok;
}

std::shared_ptr<const TlsPair> make_pair(const PairFiles& files, const PairText& text, std::int64_t,
                                         PairFindings& findings)
{
    auto pair = std::make_shared<TlsPair>();
    pair->files = files;
    const BioPtr certificates = open_text(text.certificate);
    while (X509* x = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
        if (pair->leaf)
            pair->chain.emplace_back(x);
        else
            pair->leaf.reset(x);
    }
    const BioPtr key = open_text(files.key.empty() ? text.certificate : text.key);
    pair->key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!pair->leaf) {
        findings.push_back(
            {Weight::error, "certificate", cat(files.certificate, ": has no certificate in PEM")});
        return nullptr;
    }
    if (!pair->key || X509_check_private_key(pair->leaf.get(), pair->key.get()) != 1) {
        ERR_clear_error();
        findings.push_back(
            {Weight::error, "key", cat(files.key, ": is not the certificate's key")});
        return nullptr;
    }
    return pair;
}

}  // namespace ostler
