// exchange.cc - the dispatcher.
#include "common/exchange.h"

#include "common/base/check.h"
#include "common/error_page.h"

namespace ostler {

namespace {

constexpr int max_reroutes = 10;

/// Content of a GET or HEAD is taken off the connection and means nothing: no more than this.
constexpr std::uint64_t most_idle_content = 64 * 1024;

}  // namespace

void Exchange::start()
{
    proceed(Step::reroute);
}

void Exchange::refuse(Code status, std::string_view explanation)
{
    // Routed all the same when the host is known, so that its access log gets the line.
    pipeline_ = &router_.route(request);
    error_status_ = status;  // no module is asked, not even for an error page
    reply(status);
    response.close = true;
    // CONNECT asks for no resource of ours: the list of its methods is empty.
    if (status == Code::method_not_allowed) response.fields.set(FieldId::allow, "");
    write_error_page(*this, explanation);
    stream_.respond(*this);
}

void Exchange::resume(Step step)
{
    resumed_ = step;
    loop.post(*this);
}

void Exchange::run()
{
    if (phase_ == Phase::response) return respond_from(at_ + 1);
    proceed(resumed_);
}

// The whole dispatcher: act on what the last hook said, then ask the next one.
void Exchange::proceed(Step said)
{
    for (;;) {
        switch (said) {
        case Step::wait: return;
        case Step::done: return respond();
        case Step::next: ++at_; break;
        case Step::reroute:
            if (++reroutes_ > max_reroutes) {
                log(Level::error, "server: ", request.path, ": more than ", max_reroutes,
                    " internal redirects");
                reply(Code::internal_server_error);
                return respond();
            }
            pipeline_ = &router_.route(request);
            at_ = 0;
            if (content_too_large()) {
                response.close = true;
                reply(Code::content_too_large);
                return respond();
            }
            break;
        }
        if (at_ == pipeline_->request.size()) return no_answer();
        const auto& hook = pipeline_->request[at_];
        said = hook.call(*this, hook.conf);
    }
}

// What is known from the head is answered from the head: no 100, no byte of it read.
bool Exchange::content_too_large() const
{
    if (is_error_page() || !request.content_length) return false;
    const std::uint64_t most =
        request.is_get_or_head() ? most_idle_content : pipeline_->http->max_body;
    return *request.content_length > most;
}

// Nobody answered.  What the request asked for decides which way to say so.
void Exchange::no_answer()
{
    if (request.method == Method::options && request.path == "*") {
        response.fields.set(FieldId::allow, "GET, HEAD, POST, OPTIONS");
        reply(Code::no_content);
    } else {
        reply(Code::not_found);
    }
    respond();
}

void Exchange::respond()
{
    if (is_error_page()) response.status = error_status_;
    if (is_error(response.status) && !response.body && try_error_page()) return;
    if (is_error(response.status) && !response.body) write_error_page(*this);
    phase_ = Phase::response;
    respond_from(0);
}

void Exchange::respond_from(std::size_t hook)
{
    for (at_ = hook; at_ < pipeline_->response.size(); ++at_) {
        const auto& bound = pipeline_->response[at_];
        if (bound.call(*this, bound.conf) == Step::wait) return;
    }
    stream_.respond(*this);
}

// An error page of the user's own: the same exchange goes on with another path, once.
bool Exchange::try_error_page()
{
    if (is_error_page()) return false;  // the page itself failed: the error is the first one
    for (const ErrorPage& page : pipeline_->http->error_pages) {
        if (page.status != response.status) continue;
        error_status_ = response.status;
        if (request.method != Method::head) {
            request.method = Method::get;
            request.method_name = "GET";
        }
        // What the client asked of the first resource must not be applied to the page.
        for (FieldId id : {FieldId::range, FieldId::if_match, FieldId::if_none_match,
                           FieldId::if_modified_since, FieldId::if_unmodified_since,
                           FieldId::if_range})
            request.fields.remove(id);
        request.body = nullptr;
        request.content_length.reset();
        reroutes_ = -1;
        proceed(reroute(page.path));
        return true;
    }
    return false;
}

void Exchange::finish()
{
    if (!pipeline_) return;
    for (const auto& hook : pipeline_->log) hook.call(*this, hook.conf);
}

LogContext Exchange::log_context() const
{
    return {request.peer.address, request.id, pipeline_ ? pipeline_->host : request.host};
}

void Exchange::set_log_variable(std::string_view name, std::string_view value)
{
    auto* v = arena.make<LogVariable>();
    *v = {name, value, variables_};
    variables_ = v;
}

void Exchange::set_script_variable(std::string_view name, std::string_view value)
{
    auto* v = arena.make<LogVariable>();
    *v = {name, value, script_variables_};
    script_variables_ = v;
}

Step Exchange::reply(Code status)
{
    response.status = status;
    return Step::done;
}

Step Exchange::redirect(Code status, std::string_view location)
{
    response.fields.set(FieldId::location, arena.copy(location));
    return reply(status);
}

Step Exchange::reroute(std::string_view path)
{
    request.path = arena.copy(path);
    return Step::reroute;
}

Step Exchange::reply_allow(std::string_view allow)
{
    response.fields.set(FieldId::allow, arena.copy(allow));
    return reply(request.method == Method::options ? Code::no_content : Code::method_not_allowed);
}

}  // namespace ostler
