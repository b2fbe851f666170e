// config_check.h - a configuration tried in a throw-away process.
//
// A parser that crashes, leaks or hangs on a new file then does so there, and the master, which
// may run for years, is not touched.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/generation.h"
#include "server/workers.h"

namespace ostler {

class ConfigCheck {
 public:
    /// What the check found: the problems as format_problem() prints them.
    struct Verdict {
        bool good = false;
        std::vector<std::string> problems;
    };

    /// False when it cannot fork; errno says why.  `in_child` lets go of the master's things.
    bool start(const Loader& load, const std::function<void()>& in_child, SteadyTime now);
    /// The same question to another program: `argv[0] …` ends with 0 when it takes the
    /// configuration, and else prints why not.
    bool start_program(const std::vector<std::string>& argv, const std::function<void()>& in_child,
                       SteadyTime now);
    bool running() const { return pid_ != 0; }
    pid_t pid() const { return pid_; }
    void watch(std::vector<pollfd>&) const;
    /// Reads what it says; kills it when it takes too long.
    void receive(SteadyTime now);
    /// Its process has ended with this status of waitpid(2).
    Verdict finish(int wait_status);
    void cancel();
    void close_in_child() { reader_.reset(); }

 private:
    template <class Run> bool fork_check(SteadyTime now, const Run& run);

    pid_t pid_ = 0;
    Fd reader_;
    std::string text_;
    SteadyTime deadline_;
};

}  // namespace ostler
