// tls_pair.h - a certificate with its chain and its key, as the master read them from files.
//
// Reading and checking are two steps: workers get the text of a changed pair from the master and
// check it again, but never open a file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/http/file_entry.h"

struct asn1_string_st;
struct evp_pkey_st;
struct x509_st;

namespace ostler {

struct FreeX509 {
    void operator()(x509_st*) const;
};
struct FreeKey {
    void operator()(evp_pkey_st*) const;
};
using X509Ptr = std::unique_ptr<x509_st, FreeX509>;
using KeyPtr = std::unique_ptr<evp_pkey_st, FreeKey>;

/// Where the parts of one pair are.  The key may be in the certificate's file.
struct PairFiles {
    std::string certificate;  ///< PEM: the host's own first, then those that vouch for it
    std::string key;          ///< PEM; empty: in the same file
    std::string ocsp;         ///< DER, an OCSP response to staple; empty: none
    bool operator==(const PairFiles&) const = default;
    bool operator<(const PairFiles& o) const  // libc++ 14 has no <=> of strings
    {
        return std::tie(certificate, key, ocsp) < std::tie(o.certificate, o.key, o.ocsp);
    }
    const std::string& key_file() const { return key.empty() ? certificate : key; }
};

/// What tells that the three files are not those that were read.
using PairStamp = std::array<FileFacts, 3>;
PairStamp stamp_of(const PairFiles&);

/// The content of those files.  Wiped when it is destroyed.
struct PairText {
    std::string certificate, key, ocsp;
    /// Of before they were read; empty when one was so fresh that the next change could look
    /// the same.
    PairStamp stamp{};
    PairText() = default;
    PairText(PairText&&) = default;
    PairText& operator=(PairText&&) = default;
    ~PairText();
};

/// Something that is wrong with a pair, for the operator: file, what, and what would be right.
struct PairFinding {
    enum class Weight : unsigned char {
        error,   ///< the pair cannot be used
        stale,   ///< it can, but one that serves already is better: expired, not yet valid
        advice,  ///< someone should know
    };
    Weight weight = Weight::error;
    const char* setting = "";  ///< "certificate", "key" or "ocsp"
    std::string text;
};
using PairFindings = std::vector<PairFinding>;

/// Checked: the key belongs to the first certificate.  Times are seconds since 1970.
struct TlsPair {
    PairFiles files;
    PairStamp stamp{};
    std::string digest;  ///< of the files' contents
    X509Ptr leaf;
    std::vector<X509Ptr> chain;
    KeyPtr key;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    std::string ocsp;             ///< DER; empty: nothing to staple
    std::int64_t ocsp_until = 0;  ///< when it must not be stapled any more
};
using PairPtr = std::shared_ptr<const TlsPair>;

/// Reads the files; false when one cannot be read.
bool read_pair(const PairFiles&, PairText&, PairFindings&);

/// Parses and checks; null when there is an error.
PairPtr make_pair(const PairFiles&, const PairText&, std::int64_t now, PairFindings&);

/// Every certificate of a text in PEM.  Empty, with the reason in `why`, when there is none or
/// one is damaged.
std::vector<X509Ptr> parse_certificates(const std::string& text, std::string& why);

/// A file's whole content, up to 1 MiB; false with the reason in `why`.
bool read_small_file(const std::string& path, std::string& text, std::string& why);

/// Seconds since 1970.
std::int64_t seconds_of(const asn1_string_st* time);
/// "2026-11-26 05:13 UTC".
std::string utc_text(std::int64_t seconds);

}  // namespace ostler
