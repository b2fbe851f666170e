// log_sink.h - where log lines go: files, stdout, stderr, syslog; buffered, never blocking.
//
// Sinks are opened in the master (as root, before the fork) and used in the workers.  Each
// process has its own buffer; lines reach a file whole because it is open for appending.
// One target is one sink however often it is named.  A sink lives until the process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ostler {

class Loop;

class LogSink {
 public:
    /// `target`: a path, "stdout", "stderr", "syslog", "syslog:FACILITY", "syslog:FACILITY@SOCKET"
    /// or "off".  Null, and `error` says why, when it cannot be opened; "off" is a sink that drops
    /// without counting.  A new file gets mode 0640.
    static LogSink* open(const std::string& target, std::string& error);

    /// For checking a configuration: why `target` cannot be a log, without opening it; empty when
    /// nothing speaks against it.
    static std::string problem_with(const std::string& target);
    /// True when `target` is a path and not one of the words.
    static bool is_path(std::string_view target);

    /// Takes one line, the final newline included (syslog: without timestamp is fine).  Keeps
    /// it until the buffer is full or flush_all() is called, unless it is for a terminal; never
    /// blocks.  A line that cannot
    /// be kept is dropped and counted; `syslog_level` is 3 error, 4 warn, 6 info, 7 debug.
    void write(std::string_view line, int syslog_level = 6);
    void flush();

    const std::string& target() const;
    /// True when a person may be looking: colours make sense.
    bool is_terminal() const;
    /// True when the target adds time and process by itself (syslog).
    bool stamps_lines() const;
    /// Lines lost since the process started.
    std::uint64_t dropped() const;

    // --- for the process control ---------------------------------------------------

    /// All sinks in the order they were opened: the same numbers in master and workers.  The
    /// first is always "stderr".
    static std::size_t count();
    static LogSink& at(std::size_t index);
    /// Flushes every sink and reports new losses to the error log, at most once a second.
    static void flush_all();
    /// A worker calls this once: buffers are flushed every second from then on.
    static void start(Loop& loop);
    /// After descriptors 1 and 2 were made something else (a daemon's /dev/null): "stdout" and
    /// "stderr" follow, and nothing keeps the terminal or the pipe open that they were.
    static void follow_standard();
    /// Opens a file target anew (after logrotate); returns the new descriptor for the master to
    /// hand to the workers (it still belongs to the sink), -1 when the target is not a file or
    /// cannot be opened (logged).
    int reopen();
    /// Replaces the descriptor in this process by `fd`, which it takes over: buffered lines are
    /// written to the old file first.
    void replace_fd(int fd);

 protected:
    LogSink() = default;
    ~LogSink() = default;
};

/// Makes `sink` the error log of this process and `level` the least severe level kept.  Until it is
/// called everything from `info` on goes to stderr.
enum class Level : unsigned char;
void set_error_log(LogSink& sink, Level level);

namespace detail {
// Between log.cc and log_sink.cc.
void use_error_log(LogSink* sink, Level level);
void report_log_losses();
}  // namespace detail

}  // namespace ostler
