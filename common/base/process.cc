// process.cc - vfork, exec, wait4, and the end of process groups.
#include "common/base/process.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "common/base/process_spawn.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace ostler {

namespace {

constexpr Milliseconds poll_interval{50};
constexpr Milliseconds give_up_after{10'000};  // after a KILL: what is left then is a zombie of others

/// Readable once the process has ended.
Fd open_process(pid_t id)
{
#if defined(__linux__) && defined(SYS_pidfd_open)
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, id, 0)));
#else
    static_cast<void>(id);
    return Fd();
#endif
}

pid_t wait_for(pid_t id, int& status, int options, rusage& usage)
{
    pid_t got;
    do got = ::wait4(id, &status, options, &usage);
    while (got < 0 && errno == EINTR);
    return got;
}

std::int64_t to_microseconds(const timeval& t)
{
    return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec;
}

}  // namespace

/// The twin of process descriptors: SIGCHLD says that one of the children ended, not which.
class ChildSignals final : public Resident {
 public:
    explicit ChildSignals(Loop& loop)
        : event_(evsignal_new(
              loop.base(), SIGCHLD,
              [](int, short, void* self) { static_cast<ChildSignals*>(self)->look(); }, this))
    {
        if (!event_ || event_add(event_, nullptr) != 0) std::abort();
    }
    ~ChildSignals() override { event_free(event_); }

    void add(Child& child) { children_.push_back(child); }

 private:
    void look()
    {
        for (Child* c = children_.front(); c;) {
            Child* next = children_.after(*c);
            if (c->ended()) {
                c->unlink();
                c->owner_.wake();
            }
            c = next;
        }
    }

    List<Child, ChildSignals> children_;
    event* event_;
};

// --- one program --------------------------------------------------------------------------

Result<std::unique_ptr<Child>, StartError> Child::start(Loop& loop, const ProgramStart& what,
                                                        Waker& owner)
{
    // A handler for SIGCHLD that comes too late would never hear of a short life.
    if (what.by_signal) loop.resident<ChildSignals>();
    const Result<pid_t, StartError> id = spawn(what);
    if (!id) return Unexpected{id.error()};
    std::unique_ptr<Child> child(new Child(loop, *id, owner));
    child->watch(what.by_signal);
    return child;
}

Child::Child(Loop& loop, pid_t id, Waker& owner) : id_(id), owner_(owner), loop_(loop)
{
    rusage ours{};
    ::getrusage(RUSAGE_SELF, &ours);
    our_memory_ = ours.ru_maxrss;
}

void Child::watch(bool by_signal)
{
    if (!by_signal) handle_ = open_process(id_);
    if (handle_) {
        watch_.emplace(loop_, handle_.get(), Watch::For::readable, owner_);
        watch_->arm();
        return;
    }
    loop_.resident<ChildSignals>().add(*this);
    // It may have ended before anybody listened: the owner asks once.
    owner_.wake();
}

Child::~Child()
{
    if (ended()) return;
    ::kill(-id_, SIGKILL);
    int status = 0;
    rusage usage{};
    wait_for(id_, status, 0, usage);
}

bool Child::ended()
{
    if (ended_) return true;
    int status = 0;
    rusage usage{};
    const pid_t got = wait_for(id_, status, WNOHANG, usage);
    if (got == 0) {
        if (watch_) watch_->arm();
        return false;
    }
    ended_ = true;
    watch_.reset();
    if (got == id_) note(status, usage);
    else end_.status = -1;  // somebody else took it: SIGCHLD is ignored in this process
    return true;
}

void Child::note(int status, const rusage& usage)
{
    if (WIFSIGNALED(status)) {
        end_.signal = WTERMSIG(status);
        end_.dumped_core = WCOREDUMP(status);
    } else {
        end_.status = WEXITSTATUS(status);
    }
    end_.cpu_us = to_microseconds(usage.ru_utime) + to_microseconds(usage.ru_stime);
#ifdef __APPLE__
    constexpr std::uint64_t unit = 1;
#else
    constexpr std::uint64_t unit = 1024;
#endif
    end_.memory_at_most = usage.ru_maxrss <= our_memory_;
    end_.memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * unit;
}

// --- groups -------------------------------------------------------------------------------

namespace {

/// Groups that were told to end, until they are gone.  The number of a group is not used anew
/// while somebody is in it, and we look often enough to notice when nobody is.
class EndingGroups final : public Resident, Waker {
 public:
    explicit EndingGroups(Loop& loop) : loop_(loop), timer_(loop, *this) {}
    ~EndingGroups() override
    {
        for (const Ending& e : list_) ::kill(-e.group, SIGKILL);
    }

    void add(pid_t group, Milliseconds grace)
    {
        for (const Ending& e : list_)
            if (e.group == group) return;
        list_.push_back({group, loop_.now() + grace, false});
        timer_.set(std::min(poll_interval, grace));
    }

 private:
    struct Ending {
        pid_t group;
        Milliseconds deadline;
        bool killed;
    };

    void wake() override
    {
        std::erase_if(list_, [this](Ending& e) { return is_over(e); });
        if (!list_.empty()) timer_.set(poll_interval);
    }

    bool is_over(Ending& e)
    {
        if (::kill(-e.group, 0) != 0 && errno == ESRCH) return true;
        if (loop_.now() < e.deadline) return false;
        if (e.killed) return true;
        ::kill(-e.group, SIGKILL);
        e.killed = true;
        e.deadline = loop_.now() + give_up_after;
        return false;
    }

    Loop& loop_;
    Timer timer_;
    std::vector<Ending> list_;
};

}  // namespace

bool end_group(Loop& loop, pid_t group, Milliseconds grace)
{
    const bool at_once = grace <= Milliseconds(0);
    if (::kill(-group, at_once ? SIGKILL : SIGTERM) != 0 && errno == ESRCH) return false;
    if (!at_once) ::kill(-group, SIGCONT);  // a stopped process does not hear the other one
    loop.resident<EndingGroups>().add(group, at_once ? Milliseconds(0) : grace);
    return true;
}

const char* signal_name(int number)
{
    switch (number) {
    case SIGHUP: return "SIGHUP";
    case SIGINT: return "SIGINT";
    case SIGQUIT: return "SIGQUIT";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGKILL: return "SIGKILL";
    case SIGSEGV: return "SIGSEGV";
    case SIGPIPE: return "SIGPIPE";
    case SIGALRM: return "SIGALRM";
    case SIGTERM: return "SIGTERM";
    case SIGUSR1: return "SIGUSR1";
    case SIGUSR2: return "SIGUSR2";
    case SIGSYS: return "SIGSYS";
    case SIGXCPU: return "SIGXCPU";
    case SIGXFSZ: return "SIGXFSZ";
    default: return "another signal";
    }
}

}  // namespace ostler
