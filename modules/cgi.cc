// cgi.cc - runs a program per request (RFC 3875).
#include <cerrno>

#include "common/base/log.h"
#include "common/base/log_line.h"
#include "common/base/process.h"
#include "common/base/process_slots.h"
#include "common/exchange.h"
#include "common/http/uri.h"
#include "common/module.h"
#include "modules/cgi_answer.h"
#include "modules/cgi_conf.h"
#include "modules/cgi_find.h"
#include "modules/cgi_gate.h"
#include "modules/cgi_metrics.h"
#include "modules/cgi_tally.h"

namespace ostler {

namespace {

/// In the master: the memory in which the workers count together.  Reloads use the same slots.
bool open(CgiConf& conf)
{
    static const std::shared_ptr<ProcessSlots> slots = ProcessSlots::make();
    if (!conf.runs_anything()) return true;
    conf.tally = slots ? CgiTally::make(slots) : nullptr;
    if (conf.tally) return true;
    log_error("cgi: no memory to share between workers: ", error_text(errno));
    return false;
}

void start(CgiConf& conf, Loop& loop)
{
    if (!conf.runs_anything()) return;
    if (conf.tally && !conf.tally->join()) {
        conf.tally = nullptr;
        log_warn("cgi: more than ", ProcessSlots::count,
                 " workers: this one counts scripts for itself");
    }
    conf.gate = std::make_shared<CgiGate>(
        CgiGate::Limits{conf.concurrent, conf.concurrent_per_script, conf.queue}, conf.tally);
    if (conf.tally) conf.gate->join(loop.resident<CgiGates>());
    prepare_programs(loop, conf.background);
}

Step refuse(Exchange& x, const CgiConf& conf, const FoundScript& found)
{
    if (!found.diagnosis) return x.reply(found.status);
    const std::string_view file = found.script.file ? found.script.file : x.request.path;
    x.note(file, ": ", found.diagnosis.problem, found.diagnosis.remedy.empty() ? "" : ": ",
           found.diagnosis.remedy);
    x.log(Level::error, "cgi: ", file, ": ", found.diagnosis.problem,
          found.diagnosis.remedy.empty() ? "" : ": ", found.diagnosis.remedy);
    if (conf.explain && x.request.peer.loopback) {
        x.response.fields.set(FieldId::content_type, "text/html; charset=utf-8");
        x.response.fields.set(FieldId::cache_control, "no-store");
        x.response.body =
            x.arena.make<BytesBody>(x.arena.copy(explain_page(file, found.diagnosis, {})));
    }
    return x.reply(found.status);
}

/// For whoever only asks: the script is named and not run.
Step describe(Exchange& x, const CgiConf& conf, const Script& script)
{
    x.witness->note("script", script.file);
    if (script.interpreter) x.note("run by ", script.interpreter);
    x.note("SCRIPT_NAME=", script.name, script.path_info.empty() ? "" : " PATH_INFO=",
           script.path_info);
    const Environment env = make_environment(x, conf, script, x.request.content_length);
    x.witness->note("environment", std::string(env.block));
    return x.reply(Code::ok);
}

Step add_slash(Exchange& x)
{
    std::string location = cat(encode_path(x.request.path), '/');
    if (x.request.has_query) append(location, '?', x.request.query);
    return x.redirect(
        x.request.is_get_or_head() ? Code::moved_permanently : Code::permanent_redirect, location);
}

Step content(Exchange& x, const CgiConf& conf)
{
    FoundScript found = find_script(x, conf);
    switch (found.kind) {
    case FoundScript::Kind::none: return Step::next;
    case FoundScript::Kind::refused: return refuse(x, conf, found);
    case FoundScript::Kind::redirect: return add_slash(x);
    case FoundScript::Kind::script: break;
    }
    // TRACE would show a script's page the client's credentials; a tunnel it cannot be.
    if (x.request.method == Method::trace || x.request.method == Method::connect)
        return x.reply_allow("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    if (x.witness) return describe(x, conf, found.script);
    return x.attach<CgiAnswer>(x, conf, found.script, std::move(found.folder)).begin();
}

}  // namespace

extern constexpr Module cgi_module{
    .name = "cgi",
    .about = "Runs scripts and programs that make the answer.",
    .on_by_default = false,
    .config = conf<configure_cgi>,
    .open = on<open>,
    .start = on<start>,
    .metrics = cgi_metrics,
    .content = on<content>,
};

}  // namespace ostler
