// log_sink.cc - buffers of whole lines in front of log targets, and what is lost.
#include "common/base/log_sink.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <vector>

#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/log_line.h"
#include "common/base/log_target.h"
#include "common/base/loop.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;
/// What a pipe takes whole however many processes write to it.
constexpr std::size_t atomic_size = PIPE_BUF;
/// A target that had no room is tried again after so many lines, not at every one.
constexpr unsigned retry_every = 64;

std::uint64_t lines_in(std::string_view bytes)
{
    return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

/// The only kind of LogSink there is.
class Sink final : public LogSink {
 public:
    explicit Sink(const std::string& name) : target_name(name) {}
    ~Sink() = default;

    void append(std::string_view line);
    void send(int level, std::string_view line);
    void empty_buffer();
    void lose_buffer(int why);
    void lose(std::uint64_t lines, int why)
    {
        lost += lines;
        last_error = why;
    }
    /// The target is about to be another one: what the old one did not take is lost.
    void drop_rest();
    /// In a new process: what is buffered and lost so far is the parent's.
    void forget();
    std::string_view pending() const { return {buffer.get() + start, end - start}; }
    /// The bytes to offer next: whole lines, as many as the target takes in one piece.
    std::string_view next_piece() const;

    std::string target_name;
    LogTarget target;
    std::unique_ptr<char[]> buffer;  // made by the first line
    std::size_t start = 0;           // buffered: [start, end)
    std::size_t end = 0;
    bool is_cut = false;       // the target got the first part of the first line only
    bool has_no_room = false;  // the last write would have waited
    unsigned since_full = 0;   // lines dropped since then
    std::uint64_t lost = 0;
    std::uint64_t reported = 0;  // of these
    int last_error = 0;
};

struct Registry {
    std::vector<std::unique_ptr<Sink>> sinks;
    LogSink* error_log = nullptr;
    std::int64_t last_report_us = 0;
};

Sink& real(LogSink& sink) { return static_cast<Sink&>(sink); }
const Sink& real(const LogSink& sink) { return static_cast<const Sink&>(sink); }

Registry* make_registry();

Registry& registry()
{
    // Never destroyed: other objects may log while the process ends.
    static Registry* const only = make_registry();
    return *only;
}

Registry* make_registry()
{
    auto* made = new Registry;
    // Always the first: opened later, in one process only, it would shift the numbers there.
    made->sinks.push_back(std::make_unique<Sink>("stderr"));
    std::string ignored;
    LogTarget& target = made->sinks[0]->target;
    if (!open_log_target("stderr", target, ignored)) target = {};
    std::atexit([] { LogSink::flush_all(); });
    pthread_atfork(nullptr, nullptr, [] {
        for (auto& sink : registry().sinks) sink->forget();
    });
    return made;
}

std::string_view Sink::next_piece() const
{
    const std::string_view all = pending();
    if (target.kind == LogTarget::Kind::file || all.size() <= atomic_size) return all;
    const std::size_t newline = all.rfind('\n', atomic_size - 1);
    if (newline != std::string_view::npos) return all.substr(0, newline + 1);
    return all.substr(0, all.find('\n') + 1);  // a line longer than that goes alone
}

// Writes until the buffer is empty or the target takes no more.
void Sink::empty_buffer()
{
    while (start != end) {
        const std::string_view piece = next_piece();
        const ssize_t n = write_log_target(target, piece);
        if (n < 0 && errno == EINTR) continue;
        has_no_room = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (has_no_room) break;
        if (n <= 0) {
            lose_buffer(n < 0 ? errno : EIO);
            break;
        }
        start += static_cast<std::size_t>(n);
        is_cut = buffer[start - 1] != '\n';
    }
    since_full = 0;
    if (start == end) start = end = 0;
}

// The target fails.  The rest of a line whose first part got through is kept: written first once
// the target works again, it completes that line instead of gluing the next one to it.
void Sink::lose_buffer(int why)
{
    const std::string_view all = pending();
    const std::size_t kept = is_cut && why != EPIPE ? all.find('\n') + 1 : 0;
    lose(lines_in(all.substr(kept)), why);
    end = start + kept;
}

void Sink::append(std::string_view line)
{
    if (!buffer) buffer.reset(new char[buffer_size]);  // not cleared: no page before its use
    if (line.size() > buffer_size - end && (!has_no_room || ++since_full >= retry_every))
        empty_buffer();
    if (line.size() > buffer_size - end && start != 0) {
        std::memmove(buffer.get(), buffer.get() + start, end - start);
        end -= start;
        start = 0;
    }
    if (line.size() > buffer_size - end) return lose(1, has_no_room ? EAGAIN : EMSGSIZE);
    std::memcpy(buffer.get() + end, line.data(), line.size());
    end += line.size();
}

void Sink::drop_rest()
{
    is_cut = false;
    if (start != end) lose_buffer(has_no_room ? EAGAIN : last_error);
    start = end = 0;
    has_no_room = false;
}

void Sink::forget()
{
    start = end = 0;
    is_cut = has_no_room = false;
    lost = reported = 0;
}

void Sink::send(int level, std::string_view line)
{
    if (const int error = send_syslog(target, level, line)) lose(1, error);
}

// --- reports ---------------------------------------------------------------------------

std::string_view cause_of(int error)
{
    if (error == EAGAIN) return "the reader is too slow";
    if (error == EPIPE) return "the reader is gone";
    return error_text(error);
}

/// Says in the error log what was lost; what the error log itself lost, on stderr.
void report(Registry& all, std::size_t index)
{
    Sink& sink = *all.sinks[index];
    const std::uint64_t lines = sink.lost - sink.reported;
    const std::string text = cat("log: ", sink.target_name, ": ", cause_of(sink.last_error), ": ",
                                 lines, lines == 1 ? " line lost" : " lines lost");
    sink.reported = sink.lost;
    if (&sink != all.error_log) return log_error(text);
    if (index == 0) return;  // there is nobody left to tell
    all.sinks[0]->write(cat(text, '\n'), 3);
    all.sinks[0]->flush();
}

void report_losses()
{
    Registry& all = registry();
    const auto has_news = [](const auto& sink) { return sink->lost != sink->reported; };
    if (std::none_of(all.sinks.begin(), all.sinks.end(), has_news)) return;
    const std::int64_t now = Loop::wall_clock_microseconds();
    if (now - all.last_report_us < 1'000'000 && now >= all.last_report_us) return;
    all.last_report_us = now;
    for (std::size_t i = 0; i < all.sinks.size(); ++i)
        if (has_news(all.sinks[i])) report(all, i);
}

/// Flushes once a second; ten times a second while a target had no room.
class Ticker final : public Resident, Waker {
 public:
    explicit Ticker(Loop& loop) : timer_(loop, *this) { timer_.set(Milliseconds(1000)); }

 private:
    void wake() override
    {
        LogSink::flush_all();
        const auto& sinks = registry().sinks;
        const bool hurry = std::any_of(sinks.begin(), sinks.end(),
                                       [](const auto& sink) { return sink->has_no_room; });
        timer_.set(Milliseconds(hurry ? 100 : 1000));
    }

    Timer timer_;
};

}  // namespace

LogSink* LogSink::open(const std::string& target, std::string& error)
{
    auto& sinks = registry().sinks;
    const std::string name = canonical_log_target(target);
    for (auto& sink : sinks)
        if (sink->target_name == name) return sink.get();
    auto sink = std::make_unique<Sink>(name);
    if (!open_log_target(name, sink->target, error)) return nullptr;
    sinks.push_back(std::move(sink));
    return sinks.back().get();
}

std::string LogSink::problem_with(const std::string& target)
{
    std::string error;
    LogTarget unused;
    if (target.empty()) return "no file is named";
    if (!is_path(target)) open_log_target(target, unused, error);
    struct stat s {};
    if (is_path(target) && ::stat(target.c_str(), &s) == 0 && S_ISDIR(s.st_mode))
        return "is a directory";
    return error;
}

bool LogSink::is_path(std::string_view target)
{
    return target != "off" && target != "stdout" && target != "stderr" && target != "syslog" &&
           !target.starts_with("syslog:");
}

void LogSink::write(std::string_view line, int syslog_level)
{
    Sink& self = real(*this);
    switch (self.target.kind) {
    case LogTarget::Kind::off: return;
    case LogTarget::Kind::syslog: return self.send(syslog_level, line);
    case LogTarget::Kind::file:
    case LogTarget::Kind::stream: self.append(line); break;
    }
    if (self.target.is_terminal) self.empty_buffer();  // somebody is watching
}

void LogSink::flush() { real(*this).empty_buffer(); }

const std::string& LogSink::target() const { return real(*this).target_name; }

bool LogSink::is_terminal() const { return real(*this).target.is_terminal; }

bool LogSink::stamps_lines() const { return real(*this).target.kind == LogTarget::Kind::syslog; }

std::uint64_t LogSink::dropped() const { return real(*this).lost; }

std::size_t LogSink::count() { return registry().sinks.size(); }

LogSink& LogSink::at(std::size_t index)
{
    CHECK_THAT(index < count());
    return *registry().sinks[index];
}

void LogSink::flush_all()
{
    const auto& sinks = registry().sinks;
    for (std::size_t i = 0; i < sinks.size(); ++i) sinks[i]->empty_buffer();
    report_losses();
}

void LogSink::start(Loop& loop) { loop.resident<Ticker>(); }

void LogSink::follow_standard()
{
    for (auto& sink : registry().sinks) {
        if (sink->target_name != "stdout" && sink->target_name != "stderr") continue;
        sink->empty_buffer();
        sink->drop_rest();
        std::string error;
        LogTarget fresh;
        if (open_log_target(sink->target_name, fresh, error)) sink->target = std::move(fresh);
    }
}

int LogSink::reopen()
{
    Sink& self = real(*this);
    if (!self.target.by_path) return -1;
    Fd fresh = open_log_file(self.target_name);
    if (!fresh) {
        log_error("log: ", self.target_name, ": cannot reopen: ", error_text(errno));
        return -1;
    }
    replace_fd(fresh.release());
    return self.target.fd.get();
}

void LogSink::replace_fd(int fd)
{
    const Fd fresh(fd);
    Sink& self = real(*this);
    if (!fresh || !self.target.fd) return;
    self.empty_buffer();
    self.drop_rest();
#if defined(__linux__) || defined(__FreeBSD__)
    const int done = ::dup3(fresh.get(), self.target.fd.get(), O_CLOEXEC);
#else
    const int done = ::dup2(fresh.get(), self.target.fd.get());
    if (done >= 0) ::fcntl(done, F_SETFD, FD_CLOEXEC);
#endif
    if (done >= 0) return classify_log_target(self.target);
    log_error("log: ", self.target_name, ": cannot replace: ", error_text(errno));
}

void set_error_log(LogSink& sink, Level level)
{
    registry().error_log = &sink;
    detail::use_error_log(&sink, level);
}

namespace detail {
void report_log_losses() { report_losses(); }
}  // namespace detail

}  // namespace ostler
