// config_left_out.cc - a host with errors that is left out, so that the others serve.
#include "server/config_left_out.h"

#include <span>

namespace ostler {

HostTrial::HostTrial(ConfigReading& reading, ConfigTls& tls)
    : reading_(reading), tls_(tls), problems_(reading.problems.size()),
      pipelines_(reading.built.pipelines.size()), paths_(reading.built.paths.size()),
      wanting_tls_(reading.built.wanting_tls.size()), tls_count_(tls.count())
{
}

bool HostTrial::fails(const ConfigNode& host) const
{
    const ConfigNode* own = host.find("optional");
    const bool said = own && own->is(ConfigNode::Type::boolean);
    return (said ? own->boolean : reading_.built.server.skip_bad_hosts) &&
           has_errors(std::span(reading_.problems).subspan(problems_));
}

void HostTrial::take_back()
{
    for (Problem& problem : std::span(reading_.problems).subspan(problems_)) {
        if (problem.severity != Problem::Severity::error) continue;
        problem.tolerated = true;
        problem.text += "; this host is left out";
    }
    reading_.built.pipelines.resize(pipelines_);
    reading_.built.paths.resize(paths_);
    reading_.built.wanting_tls.resize(wanting_tls_);
    tls_.cut(tls_count_);
}

}  // namespace ostler
