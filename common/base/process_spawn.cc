// process_spawn.cc - the child before its exec.
//
// After vfork(2) the child shares our memory and we stand still: it makes system calls, writes
// nothing but `failure`, and allocates nothing.
#include "common/base/process_spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/fd.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace ostler {

namespace {

bool place_descriptors(const ProgramStart& p)
{
    // The originals are above 3 and close-on-exec, like everything of ours.
    return ::dup2(p.input, 0) >= 0 && ::dup2(p.output, 1) >= 0 && ::dup2(p.error, 2) >= 0;
}

template <class Resource> bool limit(Resource what, std::uint64_t most, std::uint64_t extra = 0)
{
    if (most == 0) return true;
    rlimit now{};
    if (::getrlimit(what, &now) != 0) return false;
    const auto capped = [&now](std::uint64_t n) {
        const auto want = static_cast<rlim_t>(n);
        return now.rlim_max != RLIM_INFINITY && want > now.rlim_max ? now.rlim_max : want;
    };
    const rlimit wanted{capped(most), capped(most + extra)};
    return ::setrlimit(what, &wanted) == 0;
}

bool apply_limits(const ResourceLimits& l)
{
    return limit(RLIMIT_CPU, l.cpu_seconds, 2) && limit(RLIMIT_AS, l.memory_bytes) &&
           limit(RLIMIT_NOFILE, l.files)
#if defined(RLIMIT_NPROC)
           && limit(RLIMIT_NPROC, l.processes)
#endif
        ;
}

/// Returns only when something failed; the name of what.
const char* become(const ProgramStart& p)
{
    if (::setpgid(0, 0) != 0) return "setpgid";
    if (!place_descriptors(p)) return "dup2";
    if (p.directory >= 0 && ::fchdir(p.directory) != 0) return "chdir";
    if (p.file_mask != 022) ::umask(p.file_mask);
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a spawner that was killed leaves no program behind
#endif
    if (!apply_limits(p.limits)) return "setrlimit";
    // Handlers of ours become the default in execve; until then no signal may come.
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(p.program, p.arguments, p.environment);
    return "exec";
}

Result<pid_t, StartError> to_result(pid_t id, const StartError& failure)
{
    if (id < 0) return Unexpected{failure};
    if (!failure.error) return id;
    while (::waitpid(id, nullptr, 0) < 0 && errno == EINTR) {
    }
    return Unexpected{failure};
}

#if defined(__linux__) || defined(__FreeBSD__)
// A function of its own, so that no variable of the caller's is in registers across the call.
[[gnu::noinline]] Result<pid_t, StartError> spawn_by_vfork(const ProgramStart& p)
{
    volatile int error = 0;
    const char* volatile step = "vfork";
    const pid_t id = ::vfork();
    if (id == 0) {
        step = become(p);
        error = errno;
        ::_exit(127);
    }
    if (id < 0) error = errno;
    return to_result(id, {error, step});
}
#endif

/// For systems whose vfork is not to be trusted: failures come back through a pipe.
Result<pid_t, StartError> spawn_by_fork(const ProgramStart& p)
{
    StartError failure{0, "fork"};
    int ends[2];
    if (::pipe(ends) != 0) return Unexpected{StartError{errno, "pipe"}};
    const Fd from(ends[0]);
    Fd to(ends[1]);
    ::fcntl(from.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(to.get(), F_SETFD, FD_CLOEXEC);
    const pid_t id = ::fork();
    if (id == 0) {
        failure.step = become(p);  // the pointer means the same in both processes
        failure.error = errno;
        const ssize_t written = ::write(to.get(), &failure, sizeof failure);
        ::_exit(written > 0 ? 127 : 126);
    }
    if (id < 0) {
        failure.error = errno;
        return Unexpected{failure};
    }
    to.reset();
    ssize_t got;
    do got = ::read(from.get(), &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof failure)) failure.error = 0;
    return to_result(id, failure);
}

}  // namespace

Result<pid_t, StartError> spawn(const ProgramStart& p)
{
    // No handler may run in the child: it would run on our memory.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
#if defined(__linux__) || defined(__FreeBSD__)
    auto id = p.by_fork ? spawn_by_fork(p) : spawn_by_vfork(p);
#else
    auto id = spawn_by_fork(p);
#endif
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return id;
}

}  // namespace ostler
