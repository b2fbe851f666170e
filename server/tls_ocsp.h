// tls_ocsp.h - a response about our own certificate, to be stapled (RFC 6066 section 8).
#pragma once

#include <cstdint>
#include <string>

#include "server/tls_pair.h"

namespace ostler {

/// Puts `der` into `pair` when it says that its certificate is good, is signed by its issuer and
/// valid at `now`; false, with the reason in `why`, otherwise.
bool take_ocsp(const std::string& der, std::int64_t now, TlsPair& pair, std::string& why);

}  // namespace ostler
