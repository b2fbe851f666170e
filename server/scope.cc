// scope.cc - the pipeline of one scope.
#include "server/scope.h"

#include <utility>

#include "common/base/board.h"

namespace ostler {

BoundPipeline::BoundPipeline(ModuleTable modules, Scope scope, std::string host,
                             std::string location)
    : scope_(std::move(scope)), host_(std::move(host)), location_(std::move(location))
{
    for (const auto phase : {&Module::rewrite, &Module::prepare, &Module::access, &Module::content})
        for (std::size_t i = 0; i < modules.size(); ++i)
            if (scope_.on[i] && modules[i]->*phase)
                request_.push_back({modules[i]->*phase, scope_.confs[i].get(), modules[i]});
    for (std::size_t i = 0; i < modules.size(); ++i) {
        if (!scope_.on[i]) continue;
        const Module* m = modules[i];
        if (m->response) response_.push_back({m->response, scope_.confs[i].get(), m});
        if (m->log) log_.push_back({m->log, scope_.confs[i].get(), m});
    }
    pipeline_.request = request_;
    pipeline_.response = response_;
    pipeline_.log = log_;
    pipeline_.http = scope_.http.get();
    pipeline_.host = host_;
    pipeline_.location = location_;
}

void BoundPipeline::make_unavailable()
{
    static constexpr Module left_out{.name = "server", .about = "answers for hosts that are left out"};
    request_ = {{[](Exchange& x, const void*) {
                     x.note("this host is left out: its configuration has errors");
                     return x.reply(Code::service_unavailable);
                 },
                 nullptr, &left_out}};
    pipeline_.request = request_;
}

void BoundPipeline::place_on_board() { pipeline_.cells = Board::place_scope(host_, location_); }

}  // namespace ostler
