// cgi_metrics.cc - what is counted of scripts, over all workers.
#include "modules/cgi_metrics.h"

namespace ostler {

namespace {

constexpr const char* ended = "ostler_cgi_ended_total";
constexpr const char* ended_help = "Scripts that ended, by how.";

}  // namespace

constinit const Metric scripts_running{"ostler_cgi_running", "", "Scripts that run now.",
                                       MetricKind::gauge};
constinit const Metric scripts_waiting{"ostler_cgi_waiting", "", "Requests that wait for a turn.",
                                       MetricKind::gauge};
constinit const Metric scripts_refused{"ostler_cgi_refused_total", "",
                                       "Requests refused because the queue was full.",
                                       MetricKind::counter};
constinit const Metric scripts_succeeded{ended, "how=\"success\"", ended_help, MetricKind::counter};
constinit const Metric scripts_failed{ended, "how=\"failure\"", ended_help, MetricKind::counter};
constinit const Metric scripts_crashed{ended, "how=\"crash\"", ended_help, MetricKind::counter};
constinit const Metric scripts_stopped{ended, "how=\"stopped\"", ended_help, MetricKind::counter};

const Metric* const cgi_metrics[7] = {&scripts_running,   &scripts_waiting, &scripts_refused,
                                      &scripts_succeeded, &scripts_failed,  &scripts_crashed,
                                      &scripts_stopped};

}  // namespace ostler
