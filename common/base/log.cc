// log.cc - records of the error log as lines.
#include "common/base/log.h"

#include <pthread.h>
#include <unistd.h>

#include "common/base/board.h"
#include "common/base/local_time.h"
#include "common/base/log_line.h"
#include "common/base/log_sink.h"
#include "common/base/loop.h"

namespace ostler {

namespace {

constexpr std::size_t line_size = 8 * 1024;

LogSink* error_log = nullptr;
Level least_severe = Level::info;
pid_t own_pid = 0;

std::string_view level_name(Level level)
{
    switch (level) {
    case Level::error: return "error";
    case Level::warn: return "warn";
    case Level::info: return "info";
    case Level::debug: return "debug";
    }
    return "error";
}

int syslog_level(Level level)
{
    switch (level) {
    case Level::error: return 3;
    case Level::warn: return 4;
    case Level::info: return 6;
    case Level::debug: return 7;
    }
    return 3;
}

/// The worker's own after a fork.
pid_t process_id()
{
    if (own_pid == 0) {
        static const int registered = pthread_atfork(nullptr, nullptr, [] { own_pid = 0; });
        static_cast<void>(registered);
        own_pid = ::getpid();
    }
    return own_pid;
}

void put_stamp(LogLine& line, Level level)
{
    const std::int64_t now = Loop::wall_clock_microseconds();
    line.put(std::string_view(local_time(now / 1'000'000).date_time, 19));
    line.put('.');
    line.put_padded(static_cast<unsigned>(now / 1000 % 1000), 3);
    line.put(" [");
    line.put(level_name(level));
    line.put("] ");
    line.put(process_id());
}

void put_context(LogLine& line, const LogContext& context)
{
    if (!context.client.empty()) {
        line.put("client ");
        line.put_ascii(context.client, 64);
        line.put(' ');
    }
    if (!context.request.empty()) {
        line.put("req ");
        line.put_ascii(context.request, 64);
        line.put(' ');
    }
    if (!context.host.empty()) {
        line.put("host \"");
        line.put_ascii(context.host, 256);
        line.put("\" ");
    }
    if (line.size() != 0) {
        line.cut(line.size() - 1);
        line.put(": ");
    }
}

LogSink& current_sink()
{
    if (!error_log) set_error_log(LogSink::at(0), least_severe);  // stderr is always the first
    return *error_log;
}

}  // namespace

namespace detail {
void use_error_log(LogSink* sink, Level level)
{
    error_log = sink;
    least_severe = level;
}
}  // namespace detail

bool log_enabled(Level level) { return level <= least_severe; }

void log_write(Level level, std::string_view text, const LogContext& context)
{
    if (!log_enabled(level)) return;
    LogSink& sink = current_sink();
    char memory[line_size];
    LogLine line(memory, sizeof memory - 1);  // the newline always has its place
    if (!sink.stamps_lines()) {
        put_stamp(line, level);
        line.put(' ');
    }
    put_context(line, context);
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    line.put_text(text);
    if (level <= Level::warn) Board::note_error(line.view(), Loop::wall_clock_microseconds());
    memory[line.size()] = '\n';
    sink.write({memory, line.size() + 1}, syslog_level(level));
    sink.flush();
    detail::report_log_losses();
}

}  // namespace ostler
