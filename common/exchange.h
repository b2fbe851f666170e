// exchange.h - one request and its response, from parsed head to access log.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/base/arena.h"
#include "common/base/body.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/http/message.h"
#include "common/module.h"
#include "common/settings.h"

namespace ostler {

/// Whatever carries one exchange: an HTTP/1 connection, an HTTP/2 stream, a test.
class Stream {
 public:
    /// The head is final: send it, then pull response.body until it ends.  The exchange
    /// must outlive this call; a stream ends it from a Job.
    virtual void respond(Exchange&) = 0;

 protected:
    ~Stream() = default;
};

/// The hooks of one location, already bound to their configuration, in calling order.
/// Built once at start-up; phases exist only while it is being built.
struct Pipeline {
    template <class Call> struct Bound {
        Call call;
        const void* conf;
        const Module* module;
    };
    std::span<const Bound<RequestHook>> request;
    std::span<const Bound<ResponseHook>> response;
    std::span<const Bound<LogHook>> log;

    const HttpConf* http = nullptr;  ///< never null in a server
    std::string_view host;           ///< canonical name: the host's first; empty: none configured
    std::string_view location;       ///< the location's path, "/" for the host itself
    std::uint32_t cells = 0;         ///< where its requests are counted (Board::count)
};

/// Finds the pipeline for a request; asked again after Step::reroute.
class Router {
 public:
    virtual const Pipeline& route(const Request&) const = 0;

 protected:
    ~Router() = default;
};

/// What the stream knows when it is over; for logs and counters.
struct Traffic {
    std::int64_t started_us = 0;       ///< wall clock, microseconds since 1970: first byte of the head
    std::int64_t duration_us = 0;      ///< from then to the last byte
    std::uint64_t received = 0;        ///< bytes of head and body as framed on the wire
    std::uint64_t sent = 0;            ///< bytes of head and body as framed on the wire
    std::uint64_t sent_body = 0;       ///< bytes of content, without framing
    bool complete = false;             ///< the whole response went out
};

/// Who asks how an answer comes about, without wanting its effects (`ostler explain`).  With a
/// witness nothing is run, stored or sent elsewhere: a hook that would, notes what it would do and
/// says what usually follows.
class Witness {
 public:
    /// `about` is "file" or "script" for the path of what answers, "environment" for a script's
    /// variables, each ended by NUL, or empty: for the reader.
    virtual void note(std::string_view about, std::string text) = 0;

 protected:
    ~Witness() = default;
};

/// One value a module offers to log formats: `%{cgi_cpu}v`.
struct LogVariable {
    std::string_view name, value;
    const LogVariable* next = nullptr;
};

class Exchange final : Job {
 public:
    /// `arena` must be empty; the exchange empties it again when it ends.
    Exchange(Loop& on, Arena& memory, const Router& router, Stream& stream)
        : loop(on), arena(memory), request(memory), response(memory), router_(router),
          stream_(stream)
    {
    }
    ~Exchange()
    {
        unlink();
        arena.reset();  // attached state dies here, newest first
    }

    Loop& loop;
    Arena& arena;
    Request request;
    Response response;
    Traffic traffic;

    // --- for modules -------------------------------------------------------------

    /// Answers with `status`; an error without a body gets the standard page.
    Step reply(Code status);
    /// `location` is a complete field value: a URL or an absolute path, already encoded.
    Step redirect(Code status, std::string_view location);
    /// Starts again with another path (decoded) on the same host; 500 after ten times.
    Step reroute(std::string_view path);
    /// Answers 405 with an Allow field, 204 with it for OPTIONS: `allow` is "GET, HEAD, OPTIONS".
    Step reply_allow(std::string_view allow);

    /// Completes the hook that returned Step::wait.  Only notes the fact: the exchange
    /// goes on from the loop, never inside this call.
    void resume(Step step);

    /// Why the request body's pull() failed: the status to answer with (400, 408, 413).
    Code body_error = Code::bad_request;

    /// Per-exchange state of a module, one object per type, made in the arena.  Its
    /// destructor is the cancellation: it must release timers, descriptors, children.
    template <class T, class... Args> T& attach(Args&&... args)
    {
        T* state = arena.make<T>(std::forward<Args>(args)...);
        states_ = arena.make<State>(&tag<T>, state, states_);
        return *state;
    }
    template <class T> T* find() const
    {
        for (const State* s = states_; s; s = s->next)
            if (s->type == &tag<T>) return static_cast<T*>(s->object);
        return nullptr;
    }

    /// Writes to the error log with this exchange's client, request id and host.
    template <class... Parts> void log(Level level, const Parts&... parts) const
    {
        if (log_enabled(level)) log_write(level, cat(parts...), log_context());
    }
    LogContext log_context() const;

    /// Null in a server.
    Witness* witness = nullptr;
    /// Tells the witness, if there is one, what the hook found: a path, a rule, a cause.
    template <class... Parts> void note(const Parts&... parts) const
    {
        if (witness) witness->note({}, cat(parts...));
    }

    /// Offers a value to log formats; both views must live as long as the arena's content.
    void set_log_variable(std::string_view name, std::string_view value);
    const LogVariable* log_variables() const { return variables_; }

    /// Offers a variable to programs that are run for this request: REMOTE_USER, SESSION_ID.  The
    /// newest value of a name counts; none replaces what the gateway computes.
    void set_script_variable(std::string_view name, std::string_view value);
    const LogVariable* script_variables() const { return script_variables_; }

    /// The location in force; valid once start() was called.
    const Pipeline& pipeline() const { return *pipeline_; }
    bool routed() const { return pipeline_ != nullptr; }
    /// True while an error page of the user's own is being made for error_status().
    bool is_error_page() const { return error_status_ != Code::ok; }
    Code error_status() const { return error_status_; }

    // --- for streams -------------------------------------------------------------

    void start();               ///< the head is parsed: route and run
    /// The head is bad: answer without asking any module, with `explanation` on the page.
    void refuse(Code status, std::string_view explanation = {});
    void finish();              ///< the last byte left, or the stream died: log

 private:
    template <class T> static inline char tag = 0;
    struct State {
        State(const void* t, void* o, const State* n) : type(t), object(o), next(n) {}
        const void* type;
        void* object;
        const State* next;
    };
    enum class Phase : unsigned char { request, response };

    void run() override;        // Job: after resume()
    void proceed(Step said);
    bool content_too_large() const;
    void no_answer();
    void respond();
    void respond_from(std::size_t hook);
    bool try_error_page();

    const Router& router_;
    Stream& stream_;
    const Pipeline* pipeline_ = nullptr;
    std::size_t at_ = 0;        // index of the current hook
    int reroutes_ = -1;         // the first routing is not a re-routing
    Phase phase_ = Phase::request;
    Step resumed_ = Step::wait;
    Code error_status_ = Code::ok;
    const State* states_ = nullptr;
    const LogVariable* variables_ = nullptr;
    const LogVariable* script_variables_ = nullptr;
};

}  // namespace ostler
