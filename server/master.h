// master.h - the process that binds, forks, watches and obeys signals; it serves nobody itself.
//
// It has a poll(2) loop of its own and no event base, so that a fork takes nothing along that
// would have to be made anew.  It reads nothing a worker writes but fixed-size messages.
#pragma once

#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config_check.h"
#include "server/control.h"
#include "server/daemon.h"
#include "server/generation.h"
#include "server/handover.h"
#include "server/service.h"
#include "server/signals.h"
#include "server/tls_keeper.h"
#include "server/workers.h"

namespace ostler {

struct MasterOptions {
    Loader load;
    bool background = false;  ///< leave the terminal once the workers are ready
    /// What an upgrade runs in our place: program and arguments; empty: there is nothing to run.
    std::vector<std::string> program;
    bool personal = false;  ///< one's own (serve): TERM and INT wait for nobody, root is no news
    /// Workers that do not accept connections after this long have failed to start.
    std::chrono::milliseconds ready_limit{10'000};
    BoundSockets bound;  ///< sockets that are there already, for whoever listens there
    /// Called once, when every worker accepts connections.
    std::function<void(const Generation&)> on_ready;
};

/// One per process: it owns the signals.
class Master {
 public:
    explicit Master(MasterOptions);
    /// Serves until told to stop.  Returns the exit status of the process; what kept it from
    /// starting went to standard error.
    int run();

 private:
    using Milliseconds = std::chrono::milliseconds;
    /// The longest wait for workers to say that they accept no more: one of them may be hung.
    static constexpr auto accept_limit = Milliseconds(2000);

    // master.cc: start, the loop, the workers' ends, stopping
    bool start();
    bool load_first();
    bool claim_pid_file();
    bool fail(std::string_view why);
    bool spawn_all(const Generation&);
    void serve();
    void wait();
    Milliseconds longest_wait(SteadyTime now) const;
    void act_on_signals();
    void reap();
    void note_end(const WorkerProcess&, int status);
    void restart_later(unsigned index, SteadyTime started);
    void restart_due(SteadyTime now);
    void give_up(std::string_view why);
    void keep_time(SteadyTime now);
    void keep_tls(SteadyTime now);
    void become_ready();
    enum class Stop : unsigned char { no, graceful, limited, now };
    void stop(Stop how);
    void reopen_logs();
    void let_go_in_child(const Generation* mine);

    // master_reload.cc
    void begin_reload();
    void load_next(const ConfigCheck::Verdict&);
    bool prepare_next(std::vector<std::string>& errors);
    void advance_reload(SteadyTime now);
    void commit_reload();
    void dismiss_old_workers();
    void fail_reload(const std::vector<std::string>& reasons);
    void succeed_reload();
    void end_reload(int status, const std::string& answer);
    void finish_switch(SteadyTime now);

    // master_upgrade.cc
    void begin_upgrade();
    void finish_trial(const ConfigCheck::Verdict&);
    Handover make_handover(std::vector<std::string>& errors) const;
    void become(const Handover&);
    Fd ticket_keys() const;
    bool take_handover(BoundSockets& have);
    void take_ticket_keys();
    void finish_upgrade();

    // master_control.cc
    void serve_control();
    void obey(const Control::Request&);
    std::string status_text() const;
    void publish_state() const;
    std::string_view state_word() const;

    MasterOptions options_;
    Service service_;
    SignalPipe signals_;
    Background background_;
    PidFile pid_file_;
    Control control_;
    Workers workers_;
    TlsKeeper tls_keeper_;
    Generation current_;
    Fd left_keys_;  // of TLS tickets: a pipe from the program before, until they are taken

    bool serving_ = false;  // every worker of the first generation was ready
    int exit_status_ = 0;
    SteadyTime started_;
    std::time_t started_wall_ = 0;
    std::time_t loaded_wall_ = 0;  // when the configuration in force was
    SteadyTime ready_deadline_;    // of the generation that starts
    SteadyTime watchdog_due_;
    Stop stopping_ = Stop::no;
    std::vector<std::string> left_out_;  // why hosts are, until there is a log for it

    struct Restart {
        unsigned index;
        SteadyTime due;
    };
    std::vector<Restart> restarts_;
    unsigned quick_ends_ = 0;  // workers in a row that died within a second
    unsigned restart_count_ = 0;

    // --- a reload under way
    enum class Reload : unsigned char { none, checking, trying, starting, switching };
    Reload reload_ = Reload::none;
    bool reload_again_ = false;    // asked for while one was under way
    bool upgrade_wanted_ = false;  // the same
    bool upgrading_ = false;       // this reload is of the program, too
    ConfigCheck check_;
    Generation next_;
    PidFile next_pid_file_;
    Control next_control_;
    unsigned last_generation_ = 0;
    std::vector<unsigned> waiting_;       // control clients of this reload
    std::vector<unsigned> waiting_next_;  // and of the one after it
    std::vector<unsigned> waiting_upgrade_;
    BoundSockets retired_;        // given up, until no worker accepts from them
    SteadyTime accept_deadline_;  // of the workers that were told not to accept any more
    std::string last_reload_;     // how the last one went, for status
};

}  // namespace ostler
