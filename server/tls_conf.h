// tls_conf.h - the group `tls` of the server scope and of hosts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/tls_pair.h"

namespace ostler {

class Section;

/// Read like a module's Conf: a copy of the outer scope's, then overwritten.
struct TlsConf {
    /// Side by side for what clients can: one with an ECDSA key, one with RSA.  Empty: none.
    std::vector<std::shared_ptr<const TlsPair>> pairs;
};

/// Reads the group and the files it names.
void configure_tls(TlsConf&, Section&);

}  // namespace ostler
