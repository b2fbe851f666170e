// config_tls.h - the groups `tls` of a configuration, scope by scope, and the Tls made of them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/config_reading.h"
#include "server/tls.h"

namespace ostler {

class ConfigTls {
 public:
    explicit ConfigTls(ConfigReading& reading) : reading_(reading) {}

    /// The server scope first, with no names; then every host.  After `listen`, which tells whether
    /// anybody asks.
    void read(const ScopeInput& in, const std::vector<std::string>& names);

    /// How many scopes were read, and back to that many: what came after is left out.
    std::size_t count() const { return hosts_.size(); }
    void cut(std::size_t count) { hosts_.resize(count); }

    /// BuiltScopes::tls, when a listener wants it and nothing keeps the server from starting.
    void make();

 private:
    bool is_wanted() const;

    ConfigReading& reading_;
    std::shared_ptr<const TlsConf> server_ = std::make_shared<TlsConf>();
    TlsResumption resumption_;
    std::vector<Tls::Host> hosts_;  // the server scope first
};

}  // namespace ostler
