// tls_local.h - a certificate for this machine, made for whoever runs `ostler serve --https`.
//
// Kept with the user's other state, so that what a browser was told once goes on being true.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "server/tls_pair.h"

namespace ostler {

/// Where programs keep what they want to find again: $XDG_STATE_HOME/ostler, else
/// ~/.local/state/ostler, on macOS ~/Library/Application Support/ostler.  Empty without a home.
std::string user_state_folder();

struct LocalCertificate {
    PairFiles files;
    std::int64_t until = 0;  ///< seconds since 1970
    bool made = false;       ///< just now: nobody trusts it yet
};

/// The one in `folder` for localhost, 127.0.0.1 and ::1; made when there is none that lasts for
/// another month, with the folder.  The error is one phrase.
Result<LocalCertificate, std::string> local_certificate(const std::string& folder,
                                                        std::int64_t now);

/// How to make programs trust it, a line each, indented.
std::string how_to_trust(const std::string& certificate);

}  // namespace ostler
