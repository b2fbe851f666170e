// tls_inspect.h - what an operator should know of a pair that works: chain, expiry, permissions,
// names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/tls_pair.h"

struct X509_name_st;

namespace ostler {

/// Adds advice; reads the system's list of authorities where it needs it.
void inspect_pair(const TlsPair&, std::int64_t now, PairFindings&);

/// True when the certificate is for `name`: "example.org", "*.example.org", "192.0.2.1".
bool is_for_name(const TlsPair&, std::string_view name);

/// `CN=R11,O=Let's Encrypt,C=US` (RFC 2253), not escaped beyond ASCII.
std::string name_text(const X509_name_st*);

/// `"a.example", "*.b.example" and 3 more`: the names a certificate is for.
std::string list_names(const TlsPair&);

}  // namespace ostler
