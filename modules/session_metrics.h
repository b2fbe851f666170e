// session_metrics.h - what is counted of sessions, over all workers.
#pragma once

#include "common/base/board.h"

namespace ostler {

struct SessionTask;

extern const Metric session_orders;     ///< a store has them, and has not answered yet
extern const Metric sessions_created;
extern const Metric sessions_found;     ///< by the id of a client
extern const Metric sessions_saved;
extern const Metric sessions_ended;     ///< by a logout, or revoked
extern const Metric sessions_expired;   ///< removed behind their time
extern const Metric sessions_refused;   ///< one client had as many as it may have
extern const Metric sessions_failed;    ///< orders that a store did not carry out

/// All of them, for Module::metrics.
extern const Metric* const session_metrics[8];

/// Counts an order that a store has answered, other than by failing.
void count_answer(const SessionTask&);

}  // namespace ostler
