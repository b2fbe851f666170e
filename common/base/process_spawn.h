// process_spawn.h - from a ProgramStart to a process id: the part between vfork and exec.
#pragma once

#include <sys/types.h>

#include "common/base/result.h"

namespace ostler {

struct ProgramStart;
struct StartError;

/// Returns once the program runs, or with what kept it from running.
Result<pid_t, StartError> spawn(const ProgramStart&);

}  // namespace ostler
