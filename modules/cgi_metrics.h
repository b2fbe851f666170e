// cgi_metrics.h - what is counted of scripts, over all workers.
#pragma once

#include "common/base/board.h"

namespace ostler {

extern const Metric scripts_running;
extern const Metric scripts_waiting;  ///< for a turn
extern const Metric scripts_refused;  ///< no turn: the queue was full
// How they ended, each in one of these.
extern const Metric scripts_succeeded;
extern const Metric scripts_failed;   ///< an exit status other than 0
extern const Metric scripts_crashed;  ///< by a signal that was not ours
extern const Metric scripts_stopped;  ///< by us: a limit, or the client left

/// All of them, for Module::metrics.
extern const Metric* const cgi_metrics[7];

}  // namespace ostler
