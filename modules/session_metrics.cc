// session_metrics.cc - what is counted of sessions, over all workers.
#include "modules/session_metrics.h"

#include "modules/session_store.h"

namespace ostler {

constinit const Metric session_orders{"ostler_session_orders", "",
                                      "Orders that a store is working on.", MetricKind::gauge};
constinit const Metric sessions_created{"ostler_session_created_total", "", "Sessions made.",
                                        MetricKind::counter};
constinit const Metric sessions_found{"ostler_session_found_total", "",
                                      "Requests that came with a session.", MetricKind::counter};
constinit const Metric sessions_saved{"ostler_session_saved_total", "",
                                      "Changes of sessions stored.", MetricKind::counter};
constinit const Metric sessions_ended{"ostler_session_ended_total", "",
                                      "Sessions ended by a script.", MetricKind::counter};
constinit const Metric sessions_expired{"ostler_session_expired_total", "",
                                        "Sessions removed because their time was over.",
                                        MetricKind::counter};
constinit const Metric sessions_refused{"ostler_session_refused_total", "",
                                        "Sessions refused because a client has too many.",
                                        MetricKind::counter};
constinit const Metric sessions_failed{"ostler_session_failed_total", "",
                                       "Orders that a store did not carry out.",
                                       MetricKind::counter};

const Metric* const session_metrics[8] = {&session_orders,   &sessions_created, &sessions_found,
                                          &sessions_saved,   &sessions_ended,   &sessions_expired,
                                          &sessions_refused, &sessions_failed};

void count_answer(const SessionTask& task)
{
    using Kind = SessionOrder::Kind;
    if (task.answer.result == StoreResult::full) return sessions_refused.add();
    if (task.answer.result != StoreResult::done) return;
    switch (task.order.kind) {
    case Kind::load: return sessions_found.add();
    case Kind::create: return sessions_created.add();
    case Kind::save: return sessions_saved.add();
    case Kind::destroy: return sessions_ended.add();
    case Kind::purge: return sessions_expired.add(task.answer.count);
    case Kind::find:
    case Kind::list:
    case Kind::touch: return;
    }
}

}  // namespace ostler
