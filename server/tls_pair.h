// tls_pair.h - a certificate with its chain and its key, as the master read them from files.
//
// Reading and checking are two steps: workers get the text of a changed pair from the master and
// check it again, but never open a file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

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
};

/// The content of those files.  Wipes the key's when it is destroyed.
struct PairText {
    std::string certificate, key, ocsp;
    PairText() = default;
    PairText(const PairText&) = delete;
    PairText& operator=(const PairText&) = delete;
    PairText(PairText&&) = default;
    PairText& operator=(PairText&&) = default;
    ~PairText();
};

/// Something that is wrong with a pair, for the operator: what, in which file, what would be right.
struct PairFinding {
    enum class Weight : unsigned char {
        error,  ///< the pair cannot be used
        stale,  ///< it can, but a pair that serves is better: expired, not yet valid
        warning,
    };
    Weight weight = Weight::error;
    const char* setting = "";  ///< "certificate", "key" or "ocsp"
    std::string text;
};
using PairFindings = std::vector<PairFinding>;

/// Checked: the key belongs to the first certificate.
struct TlsPair {
    PairFiles files;
    X509Ptr leaf;
    std::vector<X509Ptr> chain;
    KeyPtr key;
    std::string ocsp;             ///< DER of a good response; empty: nothing to staple
    std::int64_t ocsp_until = 0;  ///< seconds since 1970 when it must not be stapled any more
};

/// Reads the files; false when one cannot be read (found).
bool read_pair(const PairFiles&, PairText&, PairFindings&);

/// Parses and checks; null when there is an error.  `now`: seconds since 1970.
std::shared_ptr<const TlsPair> make_pair(const PairFiles&, const PairText&, std::int64_t now,
                                         PairFindings&);

}  // namespace ostler
