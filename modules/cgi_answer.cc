// cgi_answer.cc - from a turn in the queue to the last byte.
#include "modules/cgi_answer.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "common/base/log_line.h"
#include "common/http/uri.h"
#include "modules/cgi_diagnosis.h"
#include "modules/cgi_sendfile.h"

namespace ostler {

namespace {

constexpr std::size_t pull_size = 64 * 1024;
constexpr int feeds_at_once = 16;
/// Output over, process not yet: how long an answer's end waits to learn that it was no crash.
constexpr Milliseconds exit_time{250};
constexpr std::string_view retry_after = "5";

}  // namespace

CgiAnswer::CgiAnswer(Exchange& x, const CgiConf& conf, const Script& script, Fd folder)
    : x_(x), conf_(conf), script_(script), folder_(std::move(folder)), clock_(x.loop, clock_note_),
      parser_(x.arena, script.nph)
{
}

CgiAnswer::~CgiAnswer()
{
    if (has_turn_) conf_.gate->leave(script_.file);
    // A stream that has all of a Content-Length need not pull to the end.
    const bool answered = complete_ || (!bodiless_ && left_ && *left_ == 0);
    if (run_ && answered && !early_.empty()) run_->stop_for_surplus();
    let_go(answered    ? CgiRun::Leave::answered
           : bodiless_ ? CgiRun::Leave::unwanted
                       : CgiRun::Leave::cancelled);
}

void CgiAnswer::let_go(CgiRun::Leave how)
{
    if (!run_) return;
    offer_log_variables();
    std::exchange(run_, nullptr)->leave(how);
}

// --- what happens elsewhere -------------------------------------------------------------------

void CgiAnswer::output_ready()
{
    if (state_ == State::body)
        wake_consumer();
    else
        x_.loop.post(*this);
}

void CgiAnswer::granted()
{
    has_turn_ = true;
    x_.loop.post(*this);
}

void CgiAnswer::ClockNote::wake()
{
    answer.time_is_up_ = true;
    if (answer.state_ == State::body)
        answer.wake_consumer();
    else
        answer.x_.loop.post(answer);
}

void CgiAnswer::run()
{
    const Step step = act();
    if (step != Step::wait) x_.resume(step);
}

Step CgiAnswer::act()
{
    switch (state_) {
    case State::collecting: return collect();
    case State::queued:
        if (has_turn_) return start_script();
        if (time_is_up_) return refuse_for_now("no turn within cgi.queue_time");
        return Step::wait;
    case State::head: feed(); return read_head();
    case State::body: feed(); return Step::wait;
    case State::over: return Step::wait;
    }
    return Step::wait;
}

// --- before it runs ---------------------------------------------------------------------------

bool CgiAnswer::has_content() const { return x_.request.body && !x_.is_error_page(); }

Step CgiAnswer::begin()
{
    if (has_content() && !x_.request.content_length) {
        collector_.emplace(*x_.request.body, conf_.temporary);
        x_.request.body->set_waker(&input_note_);
        return collect();
    }
    if (has_content() || (!x_.request.is_get_or_head() && !x_.is_error_page()))
        length_ = x_.request.content_length;
    return enter_gate();
}

Step CgiAnswer::collect()
{
    switch (collector_->collect()) {
    case CgiCollector::State::more: x_.loop.post(*this); return Step::wait;
    case CgiCollector::State::wait: return Step::wait;
    case CgiCollector::State::failed: return x_.reply(x_.body_error);
    case CgiCollector::State::broken:
        x_.response.close = true;
        return fail(Code::internal_server_error,
                    cat("no file for the request's content in cgi.temporary: ",
                        error_text(collector_->error())));
    case CgiCollector::State::done: break;
    }
    length_ = collector_->size();
    return enter_gate();
}

Step CgiAnswer::enter_gate()
{
    state_ = State::queued;
    switch (conf_.gate->enter(*this, script_.file)) {
    case CgiGate::Entry::granted: has_turn_ = true; return start_script();
    case CgiGate::Entry::queued:
        if (conf_.queue_time > Milliseconds(0)) clock_.set(conf_.queue_time);
        return Step::wait;
    case CgiGate::Entry::refused: break;
    }
    return refuse_for_now("the queue is full (cgi.queue)");
}

Step CgiAnswer::refuse_for_now(std::string_view why)
{
    conf_.gate->give_up(*this);
    x_.response.fields.set(FieldId::retry_after, retry_after);
    return fail(Code::service_unavailable, why);
}

Step CgiAnswer::start_script()
{
    clock_.cancel();
    time_is_up_ = false;
    const Environment env = make_environment(x_, conf_, script_, length_);
    x_.set_log_variable("cgi_environment", env.block);
    CgiInput input;
    if (collector_) {
        input.file = collector_->take_file();
        input.piped = !input.file && *length_ > 0;
        if (input.piped) to_script_.append(collector_->memory());
        input_ended_ = true;
    } else {
        input.piped = has_content();
        if (input.piped) x_.request.body->set_waker(&input_note_);
    }
    StartError error;
    has_turn_ = false;  // the run's now
    run_ = CgiRun::start(x_, conf_, script_, folder_.get(), env, std::move(input), *this, error);
    folder_.reset();
    if (!run_) return start_failed(error);
    state_ = State::head;
    feed();
    return Step::wait;
}

Step CgiAnswer::start_failed(const StartError& error)
{
    const bool passing = error.error == EAGAIN || error.error == EMFILE || error.error == ENFILE ||
                         error.error == ENOMEM;
    const std::string why = cat(error.step, ": ", error_text(error.error));
    return passing ? refuse_for_now(why) : fail(Code::internal_server_error, why);
}

// --- the request's content ----------------------------------------------------------------------

void CgiAnswer::feed()
{
    if (!run_ || !run_->has_input()) return;
    for (int i = 0; i < feeds_at_once; ++i)
        if (!feed_once()) return;
    x_.loop.post(*this);  // others first
}

/// One step of body -> script; false when it has to wait, or is over.
bool CgiAnswer::feed_once()
{
    if (to_script_.empty() && !input_ended_) {
        const Pull got = x_.request.body->pull(to_script_, pull_size);
        input_ended_ = got == Pull::end;
        run_->set_starving(got == Pull::wait && to_script_.empty());
        if (got == Pull::fail) {
            input_failed_ = true;
            run_->stop("the request's content did not come");
            return false;
        }
        if (got == Pull::wait && to_script_.empty()) return false;
    }
    if (to_script_.empty()) {
        run_->close_input();
        return false;
    }
    if (run_->write_input(to_script_) == CgiRun::Io::closed) return false;
    return to_script_.empty();
}

// --- the head ----------------------------------------------------------------------------

Step CgiAnswer::read_head()
{
    for (;;) {
        if (run_->stopped()) return head_is_missing();
        const CgiRun::Io io = run_->read_output(early_, pull_size);
        if (io == CgiRun::Io::none) return Step::wait;
        if (io == CgiRun::Io::closed) return end_is_known() ? head_is_missing() : Step::wait;
        const CgiHeadParser::State state = parser_.feed(early_.view());
        early_.drain(parser_.used());
        switch (state) {
        case CgiHeadParser::State::more: break;
        case CgiHeadParser::State::complete: return take_head();
        case CgiHeadParser::State::invalid: {
            std::string why = parser_.why();
            if (!parser_.culprit().empty()) append(why, ": ", parser_.culprit());
            return fail(Code::bad_gateway, why);
        }
        }
    }
}

/// The output ended, or a limit ended it, and there is no header section.
Step CgiAnswer::head_is_missing()
{
    if (input_failed_) return x_.reply(x_.body_error);
    if (run_->ended() && run_->end().failure.error) return start_failed(run_->end().failure);
    if (run_->stopped()) return fail(Code::gateway_timeout, run_->stopped());
    std::string why = parser_.why_ended();
    if (run_->ended() && run_->end().signal)
        append(why, ": ", signal_name(run_->end().signal));
    else if (run_->ended())
        append(why, ": exit status ", run_->end().status);
    return fail(Code::bad_gateway, why);
}

namespace {

/// Read, and taken out, by the module session.
bool is_for_session(std::string_view name)
{
    constexpr std::string_view prefix = "X-Session-";
    return same_ignoring_case(name.substr(0, prefix.size()), prefix) ||
           same_ignoring_case(name, "X-Replace-Session");
}

/// Where it is off nobody takes them out, and what a script would have kept in its session is no
/// more the client's business.
bool session_listens(const Pipeline& pipeline)
{
    return std::any_of(pipeline.response.begin(), pipeline.response.end(),
                       [](const auto& bound) { return bound.module->name == "session"; });
}

}  // namespace

Step CgiAnswer::take_head()
{
    const CgiHead& head = parser_.head();
    run_->head_is_complete();
    const std::string_view location = head.location ? *head.location : std::string_view{};
    const bool is_path = location.starts_with('/') && !location.starts_with("//") &&
                         location.find('#') == location.npos;
    if (is_path && !head.status && !script_.nph) return redirect_locally(location);

    Response& response = x_.response;
    response.status = head.status.value_or(head.location ? Code::found : Code::ok);
    const bool has_session = session_listens(x_.pipeline());
    for (const Field& field : head.fields)
        if (has_session || !is_for_session(field.name))
            response.fields.add(field.name, field.value, field.id);
    if (head.location) response.fields.add(FieldId::location, location);
    if (head.sendfile) {
        bodiless_ = true;
        let_go(CgiRun::Leave::unwanted);
        state_ = State::over;
        return send_file(x_, conf_, *head.sendfile);
    }
    bodiless_ = forbids_content(response.status) || x_.request.method == Method::head;
    if (!forbids_content(response.status)) {
        left_ = head.content_length;
        response.body = this;
    }
    state_ = State::body;
    feed();
    return Step::done;
}

// RFC 3875 section 6.2.2: as if the client had asked for that path.
Step CgiAnswer::redirect_locally(std::string_view location)
{
    const std::size_t mark = location.find('?');
    const std::string_view raw_path = location.substr(0, mark);
    std::string_view path;
    if (normalise_path(raw_path, x_.arena, path) != Code::ok)
        return fail(Code::bad_gateway, cat("its Location is no path: ", location));
    // Cookies are for the client, wherever the answer comes from, and so is the session.
    for (const Field& field : parser_.head().fields)
        if (field.id == FieldId::set_cookie || is_for_session(field.name))
            x_.response.fields.add(field.name, field.value, field.id);
    Request& r = x_.request;
    r.raw_path = raw_path;
    r.has_query = mark != location.npos;
    r.query = r.has_query ? location.substr(mark + 1) : std::string_view{};
    if (r.method != Method::head) {
        r.method = Method::get;
        r.method_name = "GET";
    }
    r.body = nullptr;
    r.content_length.reset();
    r.fields.remove(FieldId::content_type);
    let_go(CgiRun::Leave::unwanted);
    state_ = State::over;
    return x_.reroute(path);
}

Step CgiAnswer::fail(Code status, std::string_view why)
{
    const bool ours = run_ && run_->stopped();  // logged already
    if (!ours)
        x_.log(status == Code::service_unavailable ? Level::warn : Level::error,
               "cgi: ", script_.file, ": ", why);
    state_ = State::over;
    const Step said = explain(x_.reply(status), why);
    let_go(CgiRun::Leave::cancelled);
    return said;
}

Step CgiAnswer::explain(Step said, std::string_view why)
{
    if (!conf_.explain || !x_.request.peer.loopback ||
        x_.response.status == Code::service_unavailable)
        return said;
    const Diagnosis diagnosis{
        std::string(why),
        run_ ? "read what it printed, and run it as the server does: ostler cgi run" : ""};
    const std::string_view page = x_.arena.copy(
        explain_page(script_.file, diagnosis, run_ ? run_->stderr_tail() : std::string_view{}));
    x_.response.fields.set(FieldId::content_type, "text/html; charset=utf-8");
    x_.response.fields.set(FieldId::cache_control, "no-store");
    x_.response.body = x_.arena.make<BytesBody>(page);
    return said;
}

// --- the content -------------------------------------------------------------------------

Pull CgiAnswer::pull(Buffer& out, std::size_t max)
{
    if (complete_) return Pull::end;
    if (!run_) return Pull::fail;
    if (left_ && *left_ == 0) return conclude();
    if (run_->stopped()) return Pull::fail;
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(left_.value_or(max), max));
    if (waits_for_end_) return finish();
    const std::size_t before = out.size();
    if (!early_.empty()) {
        out.append(early_, room);
    } else {
        switch (run_->read_output(out, room)) {
        case CgiRun::Io::some: break;
        case CgiRun::Io::none: return Pull::wait;
        case CgiRun::Io::closed: return finish();
        }
    }
    if (left_) *left_ -= out.size() - before;
    return run_->stopped() ? Pull::fail : Pull::more;
}

/// True once it is known how the script ended, or it takes too long to be about a crash.
bool CgiAnswer::end_is_known()
{
    if (run_->ended() || run_->stopped() || time_is_up_) return true;
    if (!waits_for_end_) {
        waits_for_end_ = true;
        clock_.set(exit_time);
    }
    return false;
}

Pull CgiAnswer::finish()
{
    if (!end_is_known()) return Pull::wait;
    const bool short_of = left_.value_or(0) > 0;
    const bool crashed = run_->ended() && run_->end().signal != 0;
    if (run_->stopped()) return Pull::fail;
    if (short_of) {
        x_.log(Level::error, "cgi: ", script_.file, ": its output ended ", *left_,
               " bytes before its Content-Length");
        return Pull::fail;
    }
    if (crashed) return Pull::fail;
    complete_ = true;
    let_go(CgiRun::Leave::answered);
    return Pull::end;
}

/// Every promised byte is delivered, and nothing takes that away: what follows is for the logs.
Pull CgiAnswer::conclude()
{
    if (early_.empty() && !run_->stopped()) run_->read_output(early_, 1);
    if (!early_.empty()) run_->stop_for_surplus();
    if (!run_->ended() && !time_is_up_) {
        if (!waits_for_end_) clock_.set(exit_time);
        waits_for_end_ = true;
        return Pull::wait;
    }
    complete_ = true;
    let_go(CgiRun::Leave::answered);
    return Pull::end;
}

// --- what the logs get -------------------------------------------------------------------

void CgiAnswer::offer_log_variables()
{
    const ProgramEnd& end = run_->end();
    const auto offer = [this](std::string_view name, auto number) {
        x_.set_log_variable(name, x_.arena.copy(cat(number)));
    };
    // One that goes on after its answer, or whose end nobody waits for: the error log has the rest.
    if (!run_->ended()) return offer("cgi_wall", run_->wall_us());
    if (end.failure.error) return;
    if (end.signal)
        x_.set_log_variable("cgi_signal", signal_name(end.signal));
    else
        offer("cgi_status", end.status);
    offer("cgi_wall", run_->wall_us());
    offer("cgi_cpu", end.cpu_us);
    offer("cgi_memory", end.memory_bytes);
}

}  // namespace ostler
