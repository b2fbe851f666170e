// master.cc - starting, the loop, restarting who dies, stopping.
#include "server/master.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/base/board.h"
#include "common/base/log.h"
#include "common/base/platform.h"
#include "common/base/text.h"
#include "common/module.h"
#include "modules/table.h"
#include "server/commands.h"
#include "server/options.h"

namespace ostler {

namespace {

void tell(int fd, std::string_view why)
{
    const std::string line = cat("ostler: ", why, '\n');
    if (write(fd, line.data(), line.size()) < 0) return;  // nobody listens
}

}  // namespace

Master::Master(MasterOptions options)
    : options_(std::move(options)), workers_([this](const Generation* g) { let_go_in_child(g); }),
      tls_keeper_([this](const TlsUpdate& u) {
          // New workers take it along with the fork.
          if (!workers_.update_tls(u)) begin_reload();
      }),
      started_(SteadyClock::now()), started_wall_(std::time(nullptr))
{
}

int Master::run()
{
    if (start()) serve();
    // Before anybody who waits for our end looks for them.
    control_.close();
    pid_file_.remove();
    current_.bound.clear();
    retired_.clear();
    background_.report(exit_status_);
    LogSink::flush_all();
    return exit_status_;
}

// --- start ------------------------------------------------------------------------

bool Master::start()
{
    if (!Board::create())
        log_warn("server: no memory for the numbers of all workers: ", std::strerror(errno));
    for (const Module* m : module_table())
        for (const Metric* metric : m->metrics) Board::place_metric(*metric);
    BoundSockets have;
    if (!take_handover(have) || !load_first()) return false;
    std::string error;
    if (options_.background && !background_.enter(error)) return fail(error);
    if (!claim_pid_file()) return false;
    std::vector<std::string> errors;
    open_generation(current_, errors);
    if (current_.error_log) set_error_log(*current_.error_log, current_.server().log_level);
    for (const std::string& why : std::exchange(left_out_, {})) log_error("server: ", why);
    std::vector<std::string> unused;
    for (auto& socket : adopt(service_.take_sockets(), current_.configuration->listen, unused))
        have.push_back(std::move(socket));
    for (const std::string& name : unused)
        log_warn("server: socket ", name, " was handed over, but `listen` does not mention it");
    for (auto& socket : options_.bound) have.push_back(std::move(socket));
    options_.bound.clear();
    bind_generation(current_, have, errors);
    if (upgrading_) retired_ = only_in(have, current_.bound);
    for (const std::string& e : errors) fail(e);
    if (!errors.empty()) return false;
    if (!signals_.open()) return fail(cat("no pipe for signals: ", std::strerror(errno)));
    if (geteuid() == 0 && !current_.identity.change && !options_.personal)
        log_warn("server: workers run as root: set server.user");
    if (!raise_file_limit(current_.server().connections, error)) log_warn("server: ", error);
    for (const auto& socket : current_.bound) log_info("server: listening on ", socket->address());
    take_ticket_keys();
    background_.detach();
    ready_deadline_ = SteadyClock::now() + options_.ready_limit;
    return spawn_all(current_) || fail("cannot start the workers");
}

bool Master::load_first()
{
    std::vector<Problem> problems;
    if (!upgrading_) current_.number = last_generation_ = 1;
    current_.configuration = options_.load(problems);
    loaded_wall_ = std::time(nullptr);
    print_problems(problems);
    for (const Problem& p : problems)
        if (p.tolerated) left_out_.push_back(cat(p.file, ':', p.line, ": ", p.text));
    if (current_.configuration) return true;
    exit_status_ = exit_config;
    return false;
}

bool Master::claim_pid_file()
{
    const std::string& path = current_.server().pid_file;
    if (path.empty()) return true;
    std::string error;
    if (!pid_file_.create(path, error) || !control_.open(control_path(path), error))
        return fail(error);
    return true;
}

/// Says why the server does not start, in the log and to whoever started it.
bool Master::fail(std::string_view why)
{
    exit_status_ = exit_runtime;
    if (current_.error_log) log_error("server: ", why);
    LogSink::flush_all();
    const bool seen = current_.error_log && current_.error_log->target() == "stderr";
    if (background_.detached() || !seen) tell(background_.error_fd(), why);
    return false;
}

bool Master::spawn_all(const Generation& generation)
{
    for (unsigned i = 0; i < generation.worker_count(); ++i)
        if (!workers_.start(generation, i)) return false;
    return true;
}

/// Every worker of the first generation accepts connections.
void Master::become_ready()
{
    serving_ = true;
    log_info("server: ready: pid ", getpid(), ", ", current_.worker_count(), " workers");
    if (upgrading_) finish_upgrade();
    service_.ready("serving");
    background_.report(0);
    if (options_.on_ready) options_.on_ready(current_);
}

/// In a child: what belongs to the master alone, and sockets of other generations than its own.
void Master::let_go_in_child(const Generation* mine)
{
    Board::enter(0, 0);  // a worker gets a slot of its own, what checks a configuration none
    background_.close_in_child();
    signals_.close_in_child();
    pid_file_.close_in_child();
    control_.close_in_child();
    next_pid_file_.close_in_child();
    next_control_.close_in_child();
    check_.close_in_child();
    workers_.close_in_child();
    BoundSockets sockets = current_.bound;
    for (const auto& socket : next_.bound) sockets.push_back(socket);
    for (const auto& socket : retired_) sockets.push_back(socket);
    for (const auto& socket : mine ? only_in(sockets, mine->bound) : sockets)
        socket->close_in_child();
}

// --- the loop ---------------------------------------------------------------------

void Master::serve()
{
    while (stopping_ == Stop::no || !workers_.empty()) {
        wait();
        const SteadyTime now = SteadyClock::now();
        act_on_signals();
        // What the workers said is read before any of them is found silent: it is the master
        // that may have slept.
        workers_.receive(now);
        check_.receive(now);
        reap();
        if (!serving_ && stopping_ == Stop::no &&
            workers_.ready(current_.number) == current_.worker_count())
            become_ready();
        advance_reload(now);
        serve_control();
        keep_time(now);
        publish_state();
        LogSink::flush_all();
    }
    log_info("server: stopped");
}

void Master::wait()
{
    std::vector<pollfd> fds;
    fds.push_back({signals_.fd(), POLLIN, 0});
    workers_.watch(fds);
    check_.watch(fds);
    control_.watch(fds);
    const auto limit = longest_wait(SteadyClock::now());
    // Interrupted or not: everything is looked at without blocking.
    poll(fds.data(), static_cast<nfds_t>(fds.size()), static_cast<int>(limit.count()));
}

/// Until the next thing that is due; workers report every second, so a second is long enough.
Master::Milliseconds Master::longest_wait(SteadyTime now) const
{
    SteadyTime due = now + std::chrono::seconds(1);
    for (const Restart& r : restarts_) due = std::min(due, r.due);
    for (const WorkerProcess& w : workers_.all()) {
        if (w.stop_at) due = std::min(due, *w.stop_at);
        if (w.kill_at) due = std::min(due, *w.kill_at);
    }
    if (service_.watchdog_interval().count() > 0) due = std::min(due, watchdog_due_);
    if (current_.configuration->tls) due = std::min(due, tls_keeper_.due());
    const auto left = std::chrono::ceil<Milliseconds>(due - now);
    return std::max(left, Milliseconds(0));
}

void Master::act_on_signals()
{
    for (const int signal : signals_.take()) {
        switch (signal) {
        case SIGHUP: begin_reload(); break;
        case SIGUSR1: reopen_logs(); break;
        case SIGUSR2: begin_upgrade(); break;
        case SIGINT:
        case SIGTERM: stop(Stop::limited); break;
        case SIGQUIT: stop(Stop::graceful); break;
        default: break;  // SIGCHLD only had to wake us
        }
    }
}

void Master::keep_time(SteadyTime now)
{
    workers_.enforce(now);
    workers_.end_silent(current_.server().worker_timeout, now);
    restart_due(now);
    finish_switch(now);
    keep_tls(now);
    if (!serving_ && stopping_ == Stop::no && now >= ready_deadline_)
        give_up("the workers did not get ready in time");
    if (service_.watchdog_interval().count() > 0 && now >= watchdog_due_) {
        service_.alive();
        watchdog_due_ = now + service_.watchdog_interval();
    }
}

void Master::keep_tls(SteadyTime now)
{
    Tls* next = next_.configuration ? next_.configuration->tls.get() : nullptr;
    tls_keeper_.tick(now, std::time(nullptr), current_.configuration->tls.get(), next);
}

void Master::reopen_logs()
{
    for (std::size_t i = 0; i < LogSink::count(); ++i) {
        const int fd = LogSink::at(i).reopen();
        if (fd >= 0) workers_.reopen_log(i, fd);
    }
    log_info("server: logs reopened");
}

// --- the ends of workers ----------------------------------------------------------

void Master::reap()
{
    int status = 0;
    for (;;) {
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return;
        if (pid == check_.pid()) {
            const ConfigCheck::Verdict verdict = check_.finish(status);
            if (reload_ == Reload::trying)
                finish_trial(verdict);
            else
                load_next(verdict);
        } else if (const auto worker = workers_.take(pid)) {
            note_end(*worker, status);
        }
    }
}

void Master::note_end(const WorkerProcess& worker, int status)
{
    const bool orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (worker.state == WorkerProcess::State::leaving || stopping_ != Stop::no) {
        if (orderly || worker.killed)
            log_info("server: ", worker.name(), " ended");
        else
            log_warn("server: ", worker.name(), " died at its end: ", describe_status(status));
        return;
    }
    log_error("server: ", worker.name(), " died: ", describe_status(status));
    if (reload_ == Reload::starting && worker.generation == next_.number)
        return fail_reload({cat("a worker died at its start: ", describe_status(status))});
    if (worker.generation != current_.number) return;
    if (!serving_) return give_up(cat("a worker died at its start: ", describe_status(status)));
    restart_later(worker.index, worker.started);
}

/// Nobody serves yet, unless workers of another program do: those finish what they have.
void Master::give_up(std::string_view why)
{
    fail(why);
    stop(upgrading_ ? Stop::limited : Stop::now);
}

/// At once, unless workers keep dying as soon as they start.
void Master::restart_later(unsigned index, SteadyTime started)
{
    constexpr unsigned free_tries = 3;
    constexpr auto quick = std::chrono::seconds(1);
    const SteadyTime now = SteadyClock::now();
    quick_ends_ = now - started < quick ? quick_ends_ + 1 : 0;
    Milliseconds delay{0};
    if (quick_ends_ > free_tries) {
        const unsigned doublings = std::min(quick_ends_ - free_tries - 1, 6U);
        delay = std::min(Milliseconds(100 << doublings), Milliseconds(5000));
        log_error("server: workers die as soon as they start: the next one in ", delay.count(),
                  " ms");
    }
    restarts_.push_back({index, now + delay});
}

void Master::restart_due(SteadyTime now)
{
    if (stopping_ != Stop::no) return restarts_.clear();
    for (Restart& r : restarts_) {
        if (r.due > now) continue;
        if (workers_.start(current_, r.index)) {
            log_info("server: ", workers_.all().back().name(), " started in its place");
            ++restart_count_;
            r.due = SteadyTime::min();
        } else {
            r.due = now + std::chrono::seconds(1);
        }
    }
    std::erase_if(restarts_, [](const Restart& r) { return r.due == SteadyTime::min(); });
}

// --- stopping ---------------------------------------------------------------------

void Master::stop(Stop how)
{
    if (how == Stop::limited && (stopping_ == Stop::limited || stopping_ == Stop::now))
        how = Stop::now;
    if (how <= stopping_ && how != Stop::now) return;
    const SteadyTime now = SteadyClock::now();
    if (std::exchange(stopping_, how) == Stop::no) {
        log_info("server: stopping");
        service_.stopping();
        if (reload_ == Reload::switching)
            succeed_reload();
        else if (reload_ != Reload::none)
            fail_reload({"the server is being stopped"});
        // Whoever comes now is refused instead of waiting for nobody.
        for (auto& socket : current_.bound) retired_.push_back(std::move(socket));
        current_.bound.clear();
        accept_deadline_ = now + accept_limit;
    }
    const Milliseconds limit =
        how == Stop::limited ? current_.server().stop_timeout : Milliseconds(0);
    for (WorkerProcess& w : workers_.all()) {
        if (how == Stop::now)
            workers_.kill(w);
        else
            workers_.dismiss(w, options_.personal ? Order::stop : Order::finish, limit, now);
    }
}

}  // namespace ostler
