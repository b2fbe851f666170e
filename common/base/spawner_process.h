// spawner_process.h - the process that starts, awaits and ends programs for a worker.
#pragma once

namespace ostler {

/// In the child of a fork: becomes that process.  `socket` is the way to the worker; everything
/// else that is open is closed.  `background`: what a program leaves running is left alone.
[[noreturn]] void run_spawner(int socket, bool background);

}  // namespace ostler
