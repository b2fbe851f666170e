// explain.cc - hooks that write down what the real ones say.
#include "server/explain.h"

#include <algorithm>

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/http/status.h"

namespace ostler {

namespace {

std::string_view step_name(Step step)
{
    switch (step) {
    case Step::next: return "next";
    case Step::done: return "done";
    case Step::wait: return "wait";
    case Step::reroute: return "reroute";
    }
    return {};
}

std::string_view phase_of(const Module& m, RequestHook hook)
{
    if (hook == m.rewrite) return "rewrite";
    if (hook == m.prepare) return "prepare";
    if (hook == m.access) return "access";
    return "content";
}

/// Finds what the real router finds, and gives out a copy whose hooks report to this object.  The
/// hooks of a pipeline are asked in order, so the number of calls since the routing says which of
/// them one stands for.
class Trace final : public Router, public Witness {
 public:
    Trace(const Router& router, Explanation& to) : router_(router), to_(to) {}

    const Pipeline& route(const Request& request) const override
    {
        const Pipeline& real = router_.route(request);
        real_ = &real;
        next_request_ = next_response_ = 0;
        ExplainStep step;
        step.path = request.path;
        step.host = real.host;
        step.location = real.location;
        to_.steps.push_back(std::move(step));
        auto& copy = copies_[&real];
        if (!copy) copy = make_copy(real);
        return copy->pipeline;
    }

    void note(std::string_view about, std::string text) override
    {
        if (about == "environment") return take_environment(text);
        const bool is_file = about == "file" || about == "script";
        if (is_file) to_.file = text;
        if (is_file) to_.script = about == "script";
        // What is said before any hook was asked is about the routing.
        to_.steps.back().notes.push_back(is_file ? cat(about, ' ', text) : std::move(text));
    }

 private:
    struct Copy {
        std::vector<Pipeline::Bound<RequestHook>> request;
        std::vector<Pipeline::Bound<ResponseHook>> response;
        Pipeline pipeline;
    };

    static std::unique_ptr<Copy> make_copy(const Pipeline& real)
    {
        auto copy = std::make_unique<Copy>();
        copy->pipeline = real;
        for (auto hook : real.request) {
            hook.call = ask_request;
            copy->request.push_back(hook);
        }
        for (auto hook : real.response) {
            hook.call = ask_response;
            copy->response.push_back(hook);
        }
        copy->pipeline.request = copy->request;
        copy->pipeline.response = copy->response;
        copy->pipeline.log = {};
        return copy;
    }

    static Step ask_request(Exchange& x, const void* conf)
    {
        auto& trace = *static_cast<Trace*>(x.witness);
        const auto& hook = trace.real_->request[trace.next_request_++];
        return trace.ask(x, hook, ExplainStep::Kind::request, phase_of(*hook.module, hook.call),
                         conf);
    }

    static Step ask_response(Exchange& x, const void* conf)
    {
        auto& trace = *static_cast<Trace*>(x.witness);
        const auto& hook = trace.real_->response[trace.next_response_++];
        return trace.ask(x, hook, ExplainStep::Kind::response, "response", conf);
    }

    template <class Hook>
    Step ask(Exchange& x, const Hook& hook, ExplainStep::Kind kind, std::string_view phase,
             const void* conf)
    {
        ExplainStep step;
        step.kind = kind;
        step.module = hook.module->name;
        step.phase = phase;
        to_.steps.push_back(std::move(step));
        const std::size_t at = to_.steps.size() - 1;
        const Step said = hook.call(x, conf);
        to_.steps[at].said = step_name(said);
        return said;
    }

    void take_environment(std::string_view block)
    {
        to_.environment.clear();
        while (!block.empty()) {
            const std::size_t end = std::min(block.find('\0'), block.size());
            to_.environment.emplace_back(block.substr(0, end));
            block.remove_prefix(std::min(end + 1, block.size()));
        }
        std::sort(to_.environment.begin(), to_.environment.end());
    }

    const Router& router_;
    Explanation& to_;
    mutable const Pipeline* real_ = nullptr;
    mutable std::size_t next_request_ = 0, next_response_ = 0;
    mutable std::map<const Pipeline*, std::unique_ptr<Copy>> copies_;
};

void append_column(std::string& out, std::string_view text, std::size_t width)
{
    out += text;
    out.append(text.size() < width ? width - text.size() : 1, ' ');
}

/// What others sent or named must not move a terminal's cursor.
void append_plain(std::string& out, std::string_view text)
{
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    out += '\n';
}

void append_step(std::string& out, const ExplainStep& step)
{
    constexpr std::size_t label = 10, module = 12, phase = 10;
    if (step.kind == ExplainStep::Kind::route) {
        append_column(out, "host", label);
        append_plain(out, step.host.empty() ? "(none of that name: the server's own settings)"
                                            : step.host);
        append_column(out, "location", label);
        append_plain(out, cat(step.location, " for ", step.path));
    } else {
        append_column(out, "hook", label);
        append_column(out, step.module, module);
        append_column(out, step.phase, phase);
        append_plain(out, step.said);
    }
    for (const std::string& note : step.notes) {
        out.append(label + module, ' ');
        append_plain(out, note);
    }
}

}  // namespace

Explanation explain_request(Configuration& configuration, InProcess& server, const Asked& asked)
{
    Explanation to;
    to.asked = asked;
    Trace trace(configuration.router(), to);
    to.answered = server.ask(asked, trace, &trace, false,
                             [&to](const Exchange& x) { to.query = x.request.query; });
    for (const ExplainStep& step : to.steps)
        if (step.kind == ExplainStep::Kind::route && to.path.empty()) to.path = step.path;
    return to;
}

std::string explanation_text(const Explanation& e, bool environment)
{
    std::string out;
    append_plain(out, cat(e.asked.method, ' ', e.asked.tls ? "https://" : "http://", e.asked.host,
                          e.asked.target, " from ", e.asked.from));
    out += '\n';
    if (!e.answered.why.empty())
        append_plain(out, cat("refused   ", e.answered.why));
    else
        for (const ExplainStep& step : e.steps) append_step(out, step);
    if (!e.file.empty()) append_plain(out, cat(e.script ? "script    " : "file      ", e.file));
    if (e.script) {
        out += "answer    what the script says\n";
    } else {
        append(out, "answer    ", to_int(e.answered.status), ' ', phrase(e.answered.status), '\n');
        for (const auto& [name, value] : e.answered.fields)
            append_plain(out, cat("          ", name, ": ", value));
    }
    if (environment && !e.environment.empty()) {
        out += "environment\n";
        for (const std::string& variable : e.environment)
            append_plain(out, cat("          ", variable));
    }
    return out;
}

std::string explanation_json(const Explanation& e)
{
    std::string out;
    JsonWriter w(out);
    w.begin_object().key("request").begin_object().member("method", e.asked.method);
    w.member("scheme", e.asked.tls ? "https" : "http").member("host", e.asked.host);
    w.member("target", e.asked.target).member("from", e.asked.from).member("path", e.path);
    w.member("query", e.query).end_object();
    w.member("refused", e.answered.why).key("steps").begin_array();
    for (const ExplainStep& step : e.steps) {
        w.begin_object();
        if (step.kind == ExplainStep::Kind::route)
            w.member("path", step.path).member("host", step.host).member("location", step.location);
        else
            w.member("module", step.module).member("phase", step.phase).member("said", step.said);
        w.key("notes").begin_array();
        for (const std::string& note : step.notes) w.value(note);
        w.end_array().end_object();
    }
    w.end_array()
        .member("file", e.file)
        .member("script", e.script)
        .member("status", to_int(e.answered.status));
    w.key("fields").begin_array();
    for (const auto& [name, value] : e.answered.fields)
        w.begin_object().member("name", name).member("value", value).end_object();
    w.end_array().key("environment").begin_array();
    for (const std::string& variable : e.environment) w.value(variable);
    w.end_array().end_object();
    return out + "\n";
}

}  // namespace ostler
