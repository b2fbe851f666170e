// scope.h - what holds in one scope of the configuration (server, host, location), and the
// pipeline made from it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/exchange.h"
#include "common/settings.h"

namespace ostler {

using ModuleTable = std::span<const Module* const>;

/// A copy of the outer scope, then overwritten.  A Conf that this scope does not mention is the
/// outer scope's own object, not a copy of it.
struct Scope {
    std::vector<bool> on;                      ///< in the order of the module table
    std::vector<std::shared_ptr<void>> confs;  ///< null where the module has no settings
    std::shared_ptr<HttpConf> http;
};

/// The hooks of one scope in calling order; owns what its Pipeline shows.
class BoundPipeline {
 public:
    /// Request hooks phase by phase, in the order of the table within a phase; response and log
    /// hooks in the order of the table.  Modules that are off are left out.  The views `host`
    /// and `location` show copies.
    BoundPipeline(ModuleTable modules, Scope scope, std::string host, std::string location);
    BoundPipeline(const BoundPipeline&) = delete;
    BoundPipeline& operator=(const BoundPipeline&) = delete;

    /// Answers 503 to everything, instead of what it was made for; logs as before.
    void make_unavailable();

    const Pipeline& pipeline() const { return pipeline_; }
    /// Gives it places on the board; in the master, before it forks.
    void place_on_board();
    const Scope& scope() const { return scope_; }

 private:
    Scope scope_;
    std::string host_, location_;
    std::vector<Pipeline::Bound<RequestHook>> request_;
    std::vector<Pipeline::Bound<ResponseHook>> response_;
    std::vector<Pipeline::Bound<LogHook>> log_;
    Pipeline pipeline_;
};

}  // namespace ostler
