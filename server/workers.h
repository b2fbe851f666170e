// workers.h - the worker processes as the master sees them: forked, listened to, ended.
//
// Knows how; when and why is the master's business (server/master.h).
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/fd.h"
#include "server/channel.h"
#include "server/generation.h"
#include "server/tls_update.h"

namespace ostler {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

struct WorkerProcess {
    enum class State : unsigned char { starting, ready, leaving };

    pid_t pid = 0;
    unsigned index = 0;
    unsigned generation = 0;
    State state = State::starting;
    Fd channel;
    SteadyTime started;
    SteadyTime heard;                   ///< last sign of life
    std::optional<SteadyTime> stop_at;  ///< when Order::stop is due
    std::optional<SteadyTime> kill_at;  ///< when SIGKILL is due
    bool accepting = true;              ///< has not said that it accepts no more
    bool killed = false;                ///< SIGKILL is sent, its end not yet seen
    std::uint32_t connections = 0;
    std::uint32_t longest_turn_us = 0;  ///< the worst since it started
    std::uint64_t requests = 0;
    std::size_t slot = 0;  ///< on the board
    std::size_t sinks = 0;  ///< log sinks it knows: those opened before its fork

    /// "worker 0 (pid 812)".
    std::string name() const;
};

class Workers {
 public:
    /// `in_child` lets go of what a worker of that generation must not have.
    explicit Workers(std::function<void(const Generation*)> in_child)
        : in_child_(std::move(in_child))
    {
    }

    /// Forks worker `index`.  False when the system refuses (logged).
    bool start(const Generation&, unsigned index);

    /// A child that another program has forked in our process: it serves.
    void adopt(pid_t pid, unsigned index, unsigned generation, Fd channel, SteadyTime now);

    void watch(std::vector<pollfd>&) const;
    /// Reads every channel; kills who does not keep to the protocol.
    void receive(SteadyTime now);
    /// Takes the worker with this pid out of the list; empty when it is none of them.
    std::optional<WorkerProcess> take(pid_t pid);

    /// Asks a worker to go: `drain` or `finish`, with a limit (zero: none), after which it is
    /// stopped and a little later killed.
    void dismiss(WorkerProcess&, Order how, std::chrono::milliseconds limit, SteadyTime now);
    /// Acts on limits that are over: Order::stop, SIGKILL.
    void enforce(SteadyTime now);
    /// Ends workers that were silent for longer than `limit`.
    void end_silent(std::chrono::milliseconds limit, SteadyTime now);
    void kill(WorkerProcess&);

    /// Hands the new descriptor of a log file to everybody who knows it.
    void reopen_log(std::size_t sink, int fd);
    /// Tells everybody about a change of TLS; false when somebody was not reached (logged).
    bool update_tls(const TlsUpdate&);

    std::vector<WorkerProcess>& all() { return list_; }
    const std::vector<WorkerProcess>& all() const { return list_; }
    /// How many of a generation say they accept connections.
    unsigned ready(unsigned generation) const;
    /// True while a worker that was asked to go has not said that it accepts no more.
    bool leaving_accepts() const;
    bool empty() const { return list_.empty(); }
    void close_in_child() { list_.clear(); }

 private:
    [[noreturn]] void run_child(const Generation&, unsigned index, std::size_t slot, Fd channel);
    void take_message(WorkerProcess&, const Message&, SteadyTime now);

    std::function<void(const Generation*)> in_child_;
    std::vector<WorkerProcess> list_;
};

/// "exit status 3", "killed by SIGSEGV, core dumped".
std::string describe_status(int wait_status);

}  // namespace ostler
