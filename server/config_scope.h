// config_scope.h - reads the scopes of a configuration: server, hosts, locations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section_reader.h"
#include "server/config.h"
#include "server/router.h"
#include "server/scope.h"

namespace ostler {

/// A Conf that some pipeline uses.
struct UsedConf {
    const Module* module;
    std::shared_ptr<void> conf;
};

/// What the scopes of a tree become.
struct BuiltScopes {
    std::vector<std::unique_ptr<BoundPipeline>> pipelines;
    RouteTable routes;
    std::vector<UsedConf> used;      ///< each once, in the order of the module table
    std::shared_ptr<HttpConf> http;  ///< of the server scope
    /// `server`, `listen` and the scopes as they are in force.
    ConfigNode effective;
    ServerConf server;
    std::vector<ListenSpec> listen;
    std::shared_ptr<Tls> tls;        ///< null when no listener has tls
    std::vector<ConfigTest> tests;
    std::vector<UsedPaths> paths;
    std::vector<std::pair<const Module*, SourcePlace>> wanting_tls;
    std::vector<SourcePlace> listen_places;
};

/// Reads everything below `root`; what is wrong goes to `problems`.
void build_scopes(const ConfigNode& root, ModuleTable modules, BuiltScopes& built,
                  std::vector<Problem>& problems);

}  // namespace ostler
