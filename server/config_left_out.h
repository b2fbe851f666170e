// config_left_out.h - a host with errors that is left out, so that the others serve.
#pragma once

#include <cstddef>

#include "server/config_reading.h"
#include "server/config_tls.h"

namespace ostler {

/// Made before a host is read: remembers how much there was of everything.
class HostTrial {
 public:
    HostTrial(ConfigReading&, ConfigTls&);

    /// True when the host has errors and may be left out: `optional`, or else `skip_bad_hosts`.
    bool fails(const ConfigNode& host) const;
    /// Takes back everything the host has added but its problems, which are tolerated from now on.
    void take_back();

 private:
    ConfigReading& reading_;
    ConfigTls& tls_;
    std::size_t problems_, pipelines_, paths_, wanting_tls_, tls_count_;
};

}  // namespace ostler
