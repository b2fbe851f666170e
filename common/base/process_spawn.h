// process_spawn.h - from a ProgramStart to a process id: the part between vfork and exec.
//
// For the spawner only: its descriptors are close-on-exec, its signals caught or default and not
// ignored, its file mask 022, and new privileges are out of its reach already.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "common/base/process.h"
#include "common/base/result.h"

namespace ostler {

#if defined(NSIG)
inline constexpr int signal_count = NSIG;
#else
inline constexpr int signal_count = 65;
#endif

/// Returns once the program runs, or with what kept it from running.
Result<pid_t, StartError> spawn(const ProgramStart&);

}  // namespace ostler
