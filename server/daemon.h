// daemon.h - leaving the terminal, and the pid file that says who is the master.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "common/base/fd.h"

namespace ostler {

/// Goes to the background.  Only the child returns, in a session of its own; the parent waits for
/// report() and ends with the status given there, or with 1 when the child dies without a word.
class Background {
 public:
    /// False when it cannot fork; `error` says why.
    bool enter(std::string& error);
    /// In the background, /dev/null becomes standard input, output and error; error_fd() stays.
    void detach();
    bool detached() const { return static_cast<bool>(error_); }
    /// Where whoever started us reads errors, until report().
    int error_fd() const { return error_ ? error_.get() : 2; }
    /// Lets the parent go, which ends with `status`.
    void report(int status);
    void close_in_child();

 private:
    Fd writer_;
    Fd error_;   // the standard error we were started with
};

/// The pid file: locked for as long as the master lives, removed at its end.
class PidFile {
 public:
    PidFile() = default;
    PidFile(PidFile&&) = default;
    PidFile& operator=(PidFile&& other) noexcept;
    ~PidFile() { remove(); }

    /// Locks `path` and writes our pid into it.  False, and `error` says why: another master
    /// holds it (its pid is named), or it cannot be written.
    bool create(const std::string& path, std::string& error);
    const std::string& path() const { return path_; }
    void remove();
    /// A child neither holds nor removes it.
    void close_in_child() { fd_.reset(); }

    /// The pid of the living master that holds `path`; 0 when there is none.
    static pid_t holder(const std::string& path);

 private:
    std::string path_;
    Fd fd_;
};

}  // namespace ostler
