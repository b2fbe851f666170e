// tls_local.cc - makes an EC key and a certificate that it signs itself.
#include "server/tls_local.h"

#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "server/tls_inspect.h"

namespace ostler {

namespace {

constexpr std::int64_t day_s = 24 * 3600;
constexpr std::int64_t lifetime_s = 825 * day_s;  // macOS and iOS trust nothing that lives longer
constexpr std::int64_t renewal_s = 30 * day_s;
constexpr int serial_bits = 127;

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

bool make_folders(const std::string& path)
{
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return false;
        if (slash == std::string::npos) return true;
    }
}

bool add_extension(X509* x, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x, x, nullptr, nullptr, 0);
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    const bool ok = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

/// Browsers remember exceptions by issuer and serial number: never the same one twice.
bool set_serial(X509* x)
{
    BIGNUM* number = BN_new();
    const bool ok = number && BN_rand(number, serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
                    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
    BN_free(number);
    return ok;
}

bool set_name(X509* x)
{
    X509_NAME* name = X509_NAME_new();
    const auto* text = reinterpret_cast<const unsigned char*>("localhost (ostler serve)");
    const bool ok = name &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
                    X509_set_subject_name(x, name) == 1 && X509_set_issuer_name(x, name) == 1;
    X509_NAME_free(name);
    return ok;
}

X509Ptr make_certificate(EVP_PKEY* key, std::int64_t now)
{
    X509Ptr made(X509_new());
    X509* x = made.get();
    const bool ok =
        x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_name(x) &&
        ASN1_TIME_set(X509_getm_notBefore(x), static_cast<std::time_t>(now - day_s)) &&
        ASN1_TIME_set(X509_getm_notAfter(x), static_cast<std::time_t>(now - day_s + lifetime_s)) &&
        X509_set_pubkey(x, key) == 1 &&
        add_extension(x, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
        add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, NID_key_usage, "critical,digitalSignature") &&
        add_extension(x, NID_ext_key_usage, "serverAuth") &&
        add_extension(x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()) > 0;
    if (!ok) made.reset();
    return made;
}

/// Writes through `put` into a new file that takes the place of `path` once it is whole.
template <class Put> bool write_file(const std::string& path, mode_t mode, Put put)
{
    const std::string fresh = cat(path, '.', ::getpid());
    ::unlink(fresh.c_str());
    const Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    BIO* bio = fd ? BIO_new_fd(fd.get(), BIO_NOCLOSE) : nullptr;
    const bool ok =
        bio && put(bio) && BIO_flush(bio) == 1 && ::rename(fresh.c_str(), path.c_str()) == 0;
    const int error = errno;
    BIO_free(bio);
    if (!ok && fd) ::unlink(fresh.c_str());
    errno = error;
    return ok;
}

bool make_files(const PairFiles& files, std::int64_t now)
{
    const KeyPtr key(EVP_EC_gen("P-256"));
    const X509Ptr x = key ? make_certificate(key.get(), now) : nullptr;
    if (!x) return false;
    return write_file(files.key, 0600,
                      [&](BIO* b) {
                          return PEM_write_bio_PrivateKey(b, key.get(), nullptr, nullptr, 0,
                                                          nullptr, nullptr) == 1;
                      }) &&
           write_file(files.certificate, 0644,
                      [&](BIO* b) { return PEM_write_bio_X509(b, x.get()) == 1; });
}

/// When the pair that is there ends; 0 when there is none that can be used.
std::int64_t usable_until(const PairFiles& files, std::int64_t now)
{
    PairText text;
    PairFindings findings;
    if (!read_pair(files, text, findings)) return 0;
    const PairPtr pair = make_pair(files, text, now, findings);
    return pair && findings.empty() && is_for_name(*pair, "localhost") ? pair->not_after : 0;
}

}  // namespace

std::string user_state_folder()
{
    const std::string home = variable("HOME");
    const std::string state = variable("XDG_STATE_HOME");
    if (state.starts_with('/')) return state + "/ostler";
    if (!home.starts_with('/')) return {};
#ifdef __APPLE__
    return home + "/Library/Application Support/ostler";
#else
    return home + "/.local/state/ostler";
#endif
}

Result<LocalCertificate, std::string> local_certificate(const std::string& folder, std::int64_t now)
{
    if (folder.empty()) return Unexpected{std::string("HOME is not set: no place to keep it")};
    if (!make_folders(folder)) return Unexpected{cat(folder, ": ", std::strerror(errno))};
    LocalCertificate local;
    local.files = {folder + "/localhost.pem", folder + "/localhost.key", ""};
    // Twice: somebody else may be making one at this moment, too.
    for (int i = 0; i < 3; ++i) {
        local.until = usable_until(local.files, now);
        if (local.until > now + renewal_s) return local;
        if (!make_files(local.files, now))
            return Unexpected{
                cat(local.files.certificate, ": cannot be made: ", std::strerror(errno))};
        local.made = true;
    }
    return Unexpected{cat(folder, ": somebody else changes the certificate all the time")};
}

std::string how_to_trust(const std::string& certificate)
{
    const std::string file = cat('\'', certificate, '\'');
#ifdef __APPLE__
    return cat("  to trust it: security add-trusted-cert -r trustRoot -p ssl -k "
               "~/Library/Keychains/login.keychain-db ",
               file, "\n  curl: --cacert ", file, '\n');
#else
    return cat("  to trust it: Chromium: certutil -d sql:\"$HOME/.pki/nssdb\" -A -t P,, -n ostler "
               "-i ",
               file, "\n               Firefox: accept the exception once; curl: --cacert ", file,
               '\n');
#endif
}

}  // namespace ostler
