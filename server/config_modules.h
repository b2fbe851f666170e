// config_modules.h - which modules are on in a scope, and their settings there.
#pragma once

#include "server/config_reading.h"

namespace ostler {

/// What holds outside of the server scope: modules as they are by default.
Scope default_scope(ModuleTable modules);

/// Overwrites `scope`, a copy of the outer one, with what `in.node` mentions.  A module that is on
/// without another that it needs is an error.
void read_modules(ConfigReading&, Scope& scope, const ScopeInput& in);

}  // namespace ostler
