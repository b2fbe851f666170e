// config_audit.h - what `ostler -t` looks at beside the text: files, and who may do what to them.
#pragma once

#include <vector>

#include "server/config.h"

namespace ostler {

/// Adds a warning for everything that would be in the way of the server, or of its safety: folders
/// that the configured user cannot read, scripts that he could change, sessions without TLS,
/// listeners that are part of others.
void audit_configuration(const Configuration&, std::vector<Problem>& problems);

}  // namespace ostler
