// spawner_process.cc - waits for commands and for the ends of programs, in a loop of its own.
//
// It has no descriptor but the socket, no memory worth mentioning, and its signals are such that a
// program finds the defaults: all that makes a start cheap.  Whatever happens to it, it ends with
// the socket and takes the programs with it.
#include "common/base/spawner_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/fd_passing.h"
#include "common/base/platform.h"
#include "common/base/process_spawn.h"
#include "common/base/process_tree.h"
#include "common/base/spawner_wire.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace ostler {

namespace {

using spawner::Command;
using spawner::Order;
using spawner::Report;

constexpr std::int64_t forever = -1;
constexpr std::int64_t tick_ms = 50;          // while something is being ended
constexpr std::int64_t sweep_after_ms = 200;  // of an end: what did it leave?
constexpr std::int64_t stray_grace_ms = 2000;
constexpr std::int64_t closing_grace_ms = 2000;
constexpr std::int64_t give_up_ms = 10'000;  // after a KILL

std::int64_t to_microseconds(const timeval& t)
{
    return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec;
}

bool has_members(pid_t group) { return ::kill(-group, 0) == 0 || errno != ESRCH; }

void signal_family(pid_t id, int signal)
{
    for (const pid_t member : family_of(id)) {
        ::kill(member, signal);
        if (signal != SIGKILL) ::kill(member, SIGCONT);  // a stopped one does not hear it
    }
}

class SpawnerProcess {
 public:
    SpawnerProcess(int socket, bool background) : socket_(socket), background_(background) {}
    [[noreturn]] void serve();

 private:
    enum class State : unsigned char {
        running,
        ending,  ///< told to end
        over,    ///< the program has ended; some of its group have not
    };
    struct Run {
        pid_t id = 0;        ///< its process group as well
        bool taken = false;  ///< the first process has been waited for
        State state = State::running;
        std::int64_t started = 0;  ///< boot_clock_ms()
        std::int64_t grace = 0;
        std::int64_t deadline = 0;  ///< for KILL, unless running
        std::string mark;           ///< "NAME=value"; may be empty
    };
    using Runs = std::unordered_map<std::uint32_t, Run>;

    void wait(const sigset_t& mask);
    std::int64_t timeout() const;
    void read_command();
    bool read_fully(char* to, std::size_t size);
    void start(const Command&, Fd (&fds)[most_passed_fds]);
    void report_failure(std::uint32_t number, const StartError&);
    void stop(Run&, std::int64_t grace);
    void close();
    bool is_done() const;

    void reap();
    void take(Runs::iterator, int status, const rusage&);
    void send(const Report&);
    void tick();
    bool is_over(Run&);
    void sweep();
    std::int64_t deadline_of(pid_t stray) const;

    const int socket_;
    const bool background_;
    bool connected_ = true;
    std::int64_t now_ = boot_clock_ms();
    std::int64_t closed_at_ = 0;
    std::int64_t sweep_at_ = forever;
    std::string texts_;
    std::vector<char*> pointers_;
    Runs runs_;
    std::unordered_map<pid_t, std::uint32_t> numbers_;  // of programs that were not taken
    std::unordered_map<pid_t, std::int64_t> strays_;    // adopted and being ended: when to KILL
};

// --- the loop -----------------------------------------------------------------------------

void SpawnerProcess::serve()
{
    sigset_t none;
    sigemptyset(&none);
    while (!is_done()) {
        wait(none);
        now_ = boot_clock_ms();
        reap();
        tick();
        if (sweep_at_ != forever && now_ >= sweep_at_) sweep();
    }
    ::_exit(0);
}

std::int64_t SpawnerProcess::timeout() const
{
    const bool ending = !strays_.empty() || !connected_ ||
                        std::any_of(runs_.begin(), runs_.end(),
                                    [](const auto& r) { return r.second.state != State::running; });
    if (ending) return tick_ms;
    return sweep_at_ == forever ? forever : std::max<std::int64_t>(sweep_at_ - now_, 0);
}

/// For a command, a SIGCHLD (which is let through only here), or the next thing that is due.
void SpawnerProcess::wait(const sigset_t& mask)
{
    const std::int64_t ms = timeout();
    const timespec limit{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000 * 1'000'000)};
    fd_set set;
    FD_ZERO(&set);
    if (connected_) FD_SET(socket_, &set);
    const int ready =
        ::pselect(socket_ + 1, &set, nullptr, nullptr, ms == forever ? nullptr : &limit, &mask);
    if (ready > 0) read_command();
}

bool SpawnerProcess::is_done() const
{
    return !connected_ &&
           ((numbers_.empty() && runs_.empty() && strays_.empty() && sweep_at_ == forever) ||
            now_ > closed_at_ + closing_grace_ms + give_up_ms);
}

/// The worker is gone.
void SpawnerProcess::close()
{
    connected_ = false;
    closed_at_ = now_;
    for (auto& [number, run] : runs_)
        if (run.state == State::running) stop(run, closing_grace_ms);
    if (!background_) sweep_at_ = now_;
}

// --- commands -------------------------------------------------------------------------------

bool SpawnerProcess::read_fully(char* to, std::size_t size)
{
    while (size > 0) {
        const ssize_t got = ::recv(socket_, to, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

void SpawnerProcess::read_command()
{
    Command command;
    Fd fds[most_passed_fds];
    const ssize_t got = receive_with_fds(socket_, &command, sizeof command, fds);
    const std::size_t size = got < 0 ? 0 : static_cast<std::size_t>(got);
    if (got <= 0 || !read_fully(reinterpret_cast<char*>(&command) + size, sizeof command - size) ||
        command.texts_size > spawner::most_texts)
        return close();
    texts_.resize(command.texts_size);
    if (!read_fully(texts_.data(), texts_.size())) return close();
    if (command.order == Order::start) return start(command, fds);
    const auto at = runs_.find(command.run);
    if (at != runs_.end()) stop(at->second, command.grace_ms);
}

/// Turns texts into the lists of execve(2); the program is the first.
void SpawnerProcess::start(const Command& command, Fd (&fds)[most_passed_fds])
{
    const std::size_t count = std::size_t{1} + command.arguments + command.variables;
    const auto texts = static_cast<std::size_t>(std::count(texts_.begin(), texts_.end(), '\0'));
    if (texts != count || !fds[0] || !fds[1] || !fds[2])
        return report_failure(command.run, {EINVAL, "start"});
    pointers_.clear();
    char* at = texts_.data();
    for (std::size_t i = 0; i < count; ++i) {
        pointers_.push_back(at);
        at += std::strlen(at) + 1;
        if (i == command.arguments || i + 1 == count) pointers_.push_back(nullptr);
    }
    if (command.variables == 0) pointers_.push_back(nullptr);
    char** const variables = pointers_.data() + 1 + command.arguments + 1;
    ProgramStart what;
    what.program = pointers_[0];
    what.arguments = pointers_.data() + 1;
    what.environment = variables;
    what.input = fds[0].get();
    what.output = fds[1].get();
    what.error = fds[2].get();
    what.directory = fds[3].get();
    what.file_mask = static_cast<mode_t>(command.file_mask);
    what.limits = command.limits;
    what.by_fork = command.by_fork != 0;
    Run run;
    run.started = boot_clock_ms();
    const Result<pid_t, StartError> id = spawn(what);
    if (!id) return report_failure(command.run, id.error());
    run.id = *id;
    run.grace = command.grace_ms;
    if (command.mark < command.variables) run.mark = variables[command.mark];
    numbers_.emplace(run.id, command.run);
    runs_.insert_or_assign(command.run, std::move(run));
}

void SpawnerProcess::report_failure(std::uint32_t number, const StartError& failure)
{
    Report report;
    report.run = number;
    report.error = failure.error;
    std::strncpy(report.step, failure.step, sizeof report.step - 1);
    send(report);
}

void SpawnerProcess::send(const Report& report)
{
    iovec part{const_cast<Report*>(&report), sizeof report};
    if (connected_) send_with_fds(socket_, {&part, 1}, {});  // an end is noticed by the next read
}

void SpawnerProcess::stop(Run& run, std::int64_t grace)
{
    if (run.state == State::running || now_ + grace < run.deadline) run.deadline = now_ + grace;
    if (run.state == State::running) run.state = State::ending;
    if (grace > 0) {
        if (!run.taken) signal_family(run.id, SIGTERM);
        ::kill(-run.id, SIGTERM);
        ::kill(-run.id, SIGCONT);
    } else {
        is_over(run);
    }
    if (!background_) sweep_at_ = now_;
}

// --- ends -----------------------------------------------------------------------------------

void SpawnerProcess::reap()
{
    for (;;) {
        int status = 0;
        rusage usage{};
        const pid_t id = ::wait4(-1, &status, WNOHANG, &usage);
        if (id < 0 && errno == EINTR) continue;
        if (id <= 0) return;
        strays_.erase(id);
        const auto number = numbers_.find(id);
        if (number == numbers_.end()) continue;
        const auto run = runs_.find(number->second);
        numbers_.erase(number);
        if (run != runs_.end()) take(run, status, usage);
    }
}

void SpawnerProcess::take(Runs::iterator at, int status, const rusage& usage)
{
    Run& run = at->second;
    run.taken = true;
    const bool was_running = run.state == State::running;
    bool left = false;
    if (!background_ || !was_running) {
        left = ::kill(-run.id, SIGTERM) == 0;
        if (left) ::kill(-run.id, SIGCONT);
    }
    rusage ours{};
    ::getrusage(RUSAGE_SELF, &ours);
#ifdef __APPLE__
    constexpr std::uint64_t unit = 1;
#else
    constexpr std::uint64_t unit = 1024;
#endif
    Report report;
    report.run = at->first;
    if (WIFSIGNALED(status)) {
        report.signal = WTERMSIG(status);
        report.dumped_core = WCOREDUMP(status) ? 1 : 0;
    } else {
        report.status = WEXITSTATUS(status);
    }
    report.left_behind = left && was_running;
    report.memory_at_most = usage.ru_maxrss <= ours.ru_maxrss;
    report.cpu_us = to_microseconds(usage.ru_utime) + to_microseconds(usage.ru_stime);
    report.memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * unit;
    send(report);
    if (!background_ && sweep_at_ == forever) sweep_at_ = now_ + sweep_after_ms;
    if (was_running && !left) {
        runs_.erase(at);
        return;
    }
    if (was_running) run.deadline = now_ + run.grace;
    run.state = State::over;
}

/// True once nothing more can be done about it, or need be.
bool SpawnerProcess::is_over(Run& run)
{
    const bool members = has_members(run.id);
    // Its entry is kept until the deadline: processes outside the group go by it.
    if (run.taken && !members) return background_ || now_ >= run.deadline;
    if (now_ < run.deadline) return false;
    if (!run.taken) signal_family(run.id, SIGKILL);
    ::kill(-run.id, SIGKILL);
    return now_ > run.deadline + give_up_ms;
}

void SpawnerProcess::tick()
{
    bool strays_may_be = false;
    for (auto at = runs_.begin(); at != runs_.end();) {
        Run& run = at->second;
        if (run.state == State::running) {
            ++at;
            continue;
        }
        strays_may_be = true;
        if (is_over(run) && run.taken)
            at = runs_.erase(at);
        else
            ++at;
    }
    if (!background_ && (strays_may_be || !strays_.empty())) sweep_at_ = now_;
}

// --- processes that left their group and lost their parents ----------------------------------

/// When to KILL it; `forever` when it may live.
std::int64_t SpawnerProcess::deadline_of(pid_t stray) const
{
    if (!connected_) return closed_at_ + closing_grace_ms;
    const pid_t group = ::getpgid(stray);
    std::optional<std::string> value;
    std::string_view name;
    bool may_be_of_one_that_runs = false;
    const std::int64_t started = start_of(stray);
    for (const auto& [number, run] : runs_) {
        const std::string_view mark = run.mark;
        const std::string_view wanted = mark.substr(0, mark.find('='));
        if (!wanted.empty() && wanted != name) value = variable_of(stray, name = wanted);
        const bool is_its = run.id == group ||
                            (value && !wanted.empty() && mark.substr(wanted.size() + 1) == *value);
        if (is_its) return run.state == State::running ? forever : run.deadline;
        // One that threw its environment away could be of any program that is older.
        if (!value && run.state == State::running && run.started <= started + 10)
            may_be_of_one_that_runs = true;
    }
    return may_be_of_one_that_runs ? forever : now_ + stray_grace_ms;
}

void SpawnerProcess::sweep()
{
    sweep_at_ = forever;
    for (const pid_t child : children_of(::getpid())) {
        if (numbers_.contains(child)) continue;
        const auto known = strays_.find(child);
        if (known != strays_.end()) {
            if (now_ >= known->second) signal_family(child, SIGKILL);
            continue;
        }
        const std::int64_t deadline = deadline_of(child);
        if (deadline == forever) continue;
        strays_.emplace(child, deadline);
        signal_family(child, now_ >= deadline ? SIGKILL : SIGTERM);
    }
}

// --- becoming it ------------------------------------------------------------------------------

void do_nothing(int) {}

/// Signals for the whole terminal or service are not for us: the socket says when to end.  They
/// are caught and not ignored, because what is ignored stays so in programs.
void set_signals()
{
    struct sigaction action {};
    for (int s = 1; s < signal_count; ++s) {
        action.sa_handler = SIG_DFL;
        for (const int caught : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1,
                                 SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU})
            if (s == caught) action.sa_handler = do_nothing;
        ::sigaction(s, &action, nullptr);
    }
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace

void run_spawner(int socket, bool background)
{
    set_signals();
    constexpr int kept = 3;
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (socket <= kept || nothing <= kept) {
        // 0 to 3 are replaced below: out of their way.
        socket = ::fcntl(socket, F_DUPFD_CLOEXEC, kept + 1);
    }
    for (int fd = 0; fd < kept; ++fd)
        if (nothing >= 0) ::dup2(nothing, fd);
    ::dup2(socket, kept);
    set_close_on_exec(kept, true);
    close_from(kept + 1);
    set_nonblocking(kept, false);
#ifdef __linux__
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);  // programs inherit it
#endif
    if (!background) adopt_orphans();
    ::umask(022);
    SpawnerProcess(kept, background).serve();
}

}  // namespace ostler
