// signals_test.cc - signals come out of the pipe, and children start without ours.
#include "server/signals.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace ostler;

namespace {

/// Runs `test` in a process of its own: dispositions belong to the whole process.
template <class Test> bool in_child(Test test)
{
    const pid_t pid = fork();
    if (pid == 0) _exit(test() ? 0 : 1);
    int status = 0;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

bool has_disposition(int signal, void (*wanted)(int))
{
    struct sigaction action {};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == wanted;
}

bool blocks_nothing()
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (const int signal : {SIGHUP, SIGTERM, SIGCHLD, SIGUSR1, SIGINT})
        if (sigismember(&mask, signal)) return false;
    return true;
}

int status_of(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0) {}
    return status;
}

}  // namespace

TEST_CASE("signals come out of the pipe in their order, and wake poll")
{
    CHECK(in_child([] {
        SignalPipe signals;
        if (!signals.open() || !signals.take().empty()) return false;
        raise(SIGHUP);
        raise(SIGUSR1);
        raise(SIGPIPE);  // ignored
        pollfd fd{signals.fd(), POLLIN, 0};
        return poll(&fd, 1, 0) == 1 && signals.take() == std::vector<int>{SIGHUP, SIGUSR1} &&
               signals.take().empty();
    }));
}

TEST_CASE("signals blocked by whoever started us come through")
{
    CHECK(in_child([] {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        SignalPipe signals;
        if (!signals.open()) return false;
        raise(SIGTERM);
        return signals.take() == std::vector<int>{SIGTERM};
    }));
}

TEST_CASE("a child starts with default dispositions and nothing blocked")
{
    CHECK(in_child([] {
        SignalPipe signals;
        if (!signals.open()) return false;
        const pid_t pid = fork_child(ForkSignals::defaults);
        if (pid == 0) {
            bool right = blocks_nothing();
            for (const int s : {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGPIPE, SIGUSR1, SIGWINCH})
                right = right && has_disposition(s, SIG_DFL);
            _exit(right ? 0 : 1);
        }
        return status_of(pid) == 0 && blocks_nothing();
    }));
}

TEST_CASE("a worker ignores what is sent to the whole process group")
{
    CHECK(in_child([] {
        SignalPipe signals;
        if (!signals.open()) return false;
        const pid_t pid = fork_child(ForkSignals::left_to_master);
        if (pid == 0) {
            for (const int s : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGPIPE}) raise(s);
            _exit(has_disposition(SIGCHLD, SIG_DFL) ? 0 : 1);
        }
        return status_of(pid) == 0;
    }));
}
