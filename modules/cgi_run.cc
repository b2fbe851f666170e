// cgi_run.cc - pipes, limits and the end of one script.
#include "modules/cgi_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log_line.h"
#include "modules/cgi_metrics.h"

namespace ostler {

namespace {

constexpr std::size_t stderr_at_once = 64 * 1024;
constexpr std::size_t discard_at_once = 256 * 1024;

/// A pipe whose end for us does not block.
bool make_pipe(Fd& ours, Fd& theirs, bool we_write)
{
    int ends[2];
#ifdef __APPLE__
    if (::pipe(ends) != 0) return false;
    ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    ::fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#else
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
#endif
    ours = Fd(ends[we_write ? 1 : 0]);
    theirs = Fd(ends[we_write ? 0 : 1]);
    return ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

/// Reads once, up to `max` bytes, without a copy.  Like read(2).
ssize_t read_into(int fd, Buffer& to, std::size_t max)
{
    evbuffer_iovec room[2];
    const int parts = evbuffer_reserve_space(to.raw(), static_cast<ev_ssize_t>(max), room, 2);
    if (parts <= 0) std::abort();
    std::size_t space = 0;
    for (int i = 0; i < parts; ++i) {
        room[i].iov_len = std::min(room[i].iov_len, max - space);
        space += room[i].iov_len;
    }
    const ssize_t got = ::readv(fd, reinterpret_cast<const iovec*>(room), parts);
    if (got <= 0) return got;
    std::size_t left = static_cast<std::size_t>(got);
    for (int i = 0; i < parts; ++i) {
        room[i].iov_len = std::min(room[i].iov_len, left);
        left -= room[i].iov_len;
    }
    evbuffer_commit_space(to.raw(), room, parts);
    return got;
}

std::uint64_t to_seconds(Milliseconds time)
{
    return static_cast<std::uint64_t>((time.count() + 999) / 1000);
}

ResourceLimits limits_of(const CgiConf& c)
{
    return {to_seconds(c.cpu_time), c.memory, static_cast<std::uint64_t>(c.files),
            static_cast<std::uint64_t>(c.processes)};
}

}  // namespace

// --- all of them ----------------------------------------------------------------------------

CgiRuns::CgiRuns(Loop&) : nothing_(::open("/dev/null", O_RDWR | O_CLOEXEC))
{
    ::signal(SIGPIPE, SIG_IGN);  // a script may close its input whenever it likes
}

CgiRuns::~CgiRuns()
{
    while (CgiRun* run = runs_.front()) delete run;
}

// --- start ----------------------------------------------------------------------------------

CgiRun::CgiRun(Exchange& x, const CgiConf& conf, const Script& script, Owner& owner)
    : loop_(x.loop), conf_(conf), gate_(conf.gate), owner_(&owner), file_(script.file),
      client_(x.log_context().client), request_(x.log_context().request),
      host_(x.log_context().host), started_us_(Loop::wall_clock_microseconds()),
      clock_(x.loop, clock_note_), stderr_(conf.stderr_lines, x.loop.now()), started_(x.loop.now()),
      active_(started_), fed_(started_)
{
}

CgiRun* CgiRun::start(Exchange& x, const CgiConf& conf, const Script& script, int folder,
                      const Environment& env, CgiInput input, Owner& owner, StartError& error)
{
    std::unique_ptr<CgiRun> run(new CgiRun(x, conf, script, owner));
    if (!run->launch(conf, script, folder, env, std::move(input), error)) return nullptr;
    x.loop.resident<CgiRuns>().add(*run);
    return run.release();
}

bool CgiRun::launch(const CgiConf& conf, const Script& script, int folder, const Environment& env,
                    CgiInput input, StartError& error)
{
    Fd stdin_end, stdout_end, stderr_end;
    if (!make_pipe(out_, stdout_end, false) || !make_pipe(err_, stderr_end, false) ||
        (input.piped && !make_pipe(in_, stdin_end, true))) {
        error = {errno, "pipe"};
        return false;
    }
    char* const arguments[] = {
        const_cast<char*>(script.interpreter ? script.interpreter : script.file),
        script.interpreter ? const_cast<char*>(script.file) : nullptr, nullptr};
    ProgramStart start;
    start.program = arguments[0];
    start.arguments = arguments;
    start.environment = env.list;
    start.directory = folder;
    start.input = input.piped  ? stdin_end.get()
                  : input.file ? input.file.get()
                               : loop_.resident<CgiRuns>().nothing();
    start.output = stdout_end.get();
    start.error = stderr_end.get();
    start.limits = limits_of(conf);
    start.background = conf.background;
    start.grace = conf.kill_after;
    start.mark = "REQUEST_ID";
    child_ = Child::start(loop_, start, child_note_, error);
    if (!child_) return false;
    out_watch_.emplace(loop_, out_.get(), Watch::For::readable, output_note_);
    err_watch_.emplace(loop_, err_.get(), Watch::For::readable, stderr_note_);
    if (in_) in_watch_.emplace(loop_, in_.get(), Watch::For::writable, input_note_);
    out_watch_->arm();
    err_watch_->arm();
    on_clock();
    return true;
}

CgiRun::~CgiRun()
{
    // At the end of the worker, or of a start that failed.
    if (!ended_ && gate_) gate_->leave(file_);
}

template <class... Parts> void CgiRun::log(Level level, const Parts&... parts) const
{
    if (log_enabled(level)) log_write(level, cat("cgi: ", file_, ": ", parts...), context());
}

// --- input ------------------------------------------------------------------------------------

CgiRun::Io CgiRun::write_input(Buffer& bytes)
{
    if (!in_) return Io::closed;
    bool moved = false;
    while (!bytes.empty()) {
        const int n = evbuffer_write(bytes.raw(), in_.get());
        if (n > 0) {
            moved = true;
            active_ = fed_ = loop_.now();
            continue;
        }
        if (n < 0 && would_block(errno)) {
            in_watch_->arm();
            return moved ? Io::some : Io::none;
        }
        close_input();  // it reads no more: its right
        return Io::closed;
    }
    return Io::some;
}

void CgiRun::close_input()
{
    in_watch_.reset();
    in_.reset();
}

void CgiRun::on_input()
{
    if (owner_) owner_->input_ready();
}

void CgiRun::set_starving(bool starving)
{
    if (starving_ && !starving) active_ = fed_ = loop_.now();
    starving_ = starving;
}

// --- output -----------------------------------------------------------------------------------

CgiRun::Io CgiRun::read_output(Buffer& to, std::size_t max)
{
    if (!awaited_) {
        awaited_ = true;
        active_ = loop_.now();  // until now nobody asked
    }
    if (!out_) return Io::closed;
    if (drained_ && !ended_) {
        out_watch_->arm();
        return Io::none;
    }
    const bool ended_before = ended_;
    const ssize_t got = read_into(out_.get(), to, max);
    if (got > 0) {
        active_ = loop_.now();
        output_ += static_cast<std::uint64_t>(got);
        awaited_ = false;
        drained_ = static_cast<std::size_t>(got) < max;
        if (conf_.output && output_ > conf_.output) stop("more output than cgi.output allows");
        return Io::some;
    }
    if (got < 0 && would_block(errno) && !ended_before) {
        out_watch_->arm();
        return Io::none;
    }
    // Its end, or somebody it left behind keeps the pipe.
    out_watch_.reset();
    out_.reset();
    return Io::closed;
}

void CgiRun::on_output()
{
    drained_ = false;
    if (owner_)
        owner_->output_ready();
    else
        discard_output();
}

void CgiRun::discard_output()
{
    Buffer nowhere;
    std::size_t room = discard_at_once;
    while (room > 0) {
        const Io io = read_output(nowhere, room);
        if (io != Io::some) return;
        if (answered_) stop_for_surplus();
        room -= std::min(room, nowhere.size());
        nowhere.drain(nowhere.size());
    }
    awaited_ = true;
    out_watch_->arm();
}

// --- stderr -----------------------------------------------------------------------------------

void CgiRun::read_line(std::string_view line) { log(Level::warn, "stderr: ", line); }

void CgiRun::read_stderr()
{
    char bytes[16 * 1024];
    for (std::size_t total = 0; err_ && total < stderr_at_once;) {
        const ssize_t got = ::read(err_.get(), bytes, sizeof bytes);
        if (got < 0 && would_block(errno)) return;
        if (got <= 0) {
            err_watch_.reset();
            err_.reset();
            return;
        }
        total += static_cast<std::size_t>(got);
        active_ = loop_.now();  // complaining is not silence
        stderr_.feed({bytes, static_cast<std::size_t>(got)}, loop_.now(), *this);
    }
}

void CgiRun::on_stderr()
{
    read_stderr();
    if (err_) err_watch_->arm();
}

// --- limits -----------------------------------------------------------------------------------

void CgiRun::stop(const char* limit)
{
    if (stopped_) return;
    stopped_ = limit;
    log(Level::error, "ended: ", limit);
    if (!ended_) child_->stop(conf_.kill_after);
    if (owner_) owner_->output_ready();
}

/// Looks at all deadlines; the time until the next one may be over.
Milliseconds CgiRun::next_deadline()
{
    const Milliseconds now = loop_.now();
    Milliseconds next = conf_.timeout;
    const auto is_over = [&](Milliseconds from, Milliseconds limit) {
        const Milliseconds left = from + limit - now;
        if (left <= Milliseconds(0)) return true;
        next = std::min(next, left);
        return false;
    };
    if (conf_.wall_time > Milliseconds(0) && is_over(started_, conf_.wall_time))
        stop("it ran longer than cgi.wall_time");
    else if (!starving_ && !head_done_ && is_over(fed_, conf_.header_timeout))
        stop("no header section within cgi.header_timeout");
    else if (!starving_ && awaited_ && is_over(active_, conf_.timeout))
        stop("it was silent for longer than cgi.timeout");
    return next;
}

void CgiRun::on_clock()
{
    const Milliseconds next = next_deadline();
    if (!stopped_) clock_.set(next);
}

// --- the end ----------------------------------------------------------------------------------

void CgiRun::leave(Leave how)
{
    owner_ = nullptr;
    close_input();
    starving_ = false;
    head_done_ = true;
    answered_ = how == Leave::answered;
    if (how == Leave::cancelled && !ended_) {
        cancelled_ = true;
        child_->stop(conf_.kill_after);
    }
    if (ended_) {
        loop_.post(*this);  // to be destroyed
    } else if (out_) {
        awaited_ = true;
        active_ = loop_.now();
        out_watch_->arm();
    }
}

void CgiRun::run()
{
    if (!ended_ && child_->ended()) note_end();
    if (ended_ && !owner_) delete this;
}

void CgiRun::note_end()
{
    ended_ = true;
    wall_us_ = Loop::wall_clock_microseconds() - started_us_;
    clock_.cancel();
    read_stderr();
    stderr_.finish(*this);
    err_watch_.reset();
    err_.reset();
    if (!end().failure.error) log_end();
    if (end().left_behind && !cancelled_ && !stopped_)
        log(Level::info,
            "processes it left behind are ended: cgi.background = true lets them live");
    if (gate_) gate_->leave(file_);
    if (owner_) owner_->output_ready();
}

void CgiRun::log_end() const
{
    const ProgramEnd& e = end();
    const bool by_us = stopped_ || cancelled_;
    const Metric& how = by_us           ? scripts_stopped
                        : e.signal      ? scripts_crashed
                        : e.status != 0 ? scripts_failed
                                        : scripts_succeeded;
    how.add();
    const std::string used =
        cat(", wall ", wall_us_ / 1000, " ms, cpu ", e.cpu_us / 1000, " ms, memory ",
            e.memory_at_most ? "at most " : "", e.memory_bytes / 1024, " KiB");
    if (e.signal) {
        log(by_us ? Level::info : Level::error, "killed by ", signal_name(e.signal), " (", e.signal,
            ")", e.dumped_core ? ", core dumped" : "",
            e.signal == SIGXCPU ? ": it used more than cgi.cpu_time" : "", used);
        return;
    }
    log(e.status != 0 && !by_us ? Level::warn : Level::debug, "exit status ", e.status, used);
}

}  // namespace ostler
