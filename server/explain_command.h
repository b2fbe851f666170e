// explain_command.h - `ostler explain`: how an answer comes about, without a network.
#pragma once

#include "server/options.h"

namespace ostler {

/// Explains options.url by the configuration options.file, as the user the workers run as.  Prints
/// to stdout; returns the exit status, which does not depend on the answer's.
int explain_command(const Options&);

}  // namespace ostler
