// signals.cc - the self-pipe.
#include "server/signals.h"

#include <cerrno>
#include <csignal>
#include <initializer_list>

#include "common/base/platform.h"

namespace ostler {

namespace {

volatile std::sig_atomic_t pipe_writer = -1;

constexpr std::initializer_list<int> handled = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                                SIGUSR1, SIGUSR2, SIGCHLD};
// XFSZ: a log that may not grow any more loses lines, not the server.
constexpr std::initializer_list<int> ignored = {SIGPIPE, SIGWINCH, SIGXFSZ};

extern "C" void note_signal(int signal)
{
    const int saved = errno;
    const auto byte = static_cast<unsigned char>(signal);
    // A full pipe already wakes the master; whoever sends that many signals may lose some.
    if (write(pipe_writer, &byte, 1) < 0) errno = 0;
    errno = saved;
}

void set_disposition(int signal, void (*handler)(int))
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

}  // namespace

bool SignalPipe::open()
{
    if (!open_pipe(reader_, writer_)) return false;
    pipe_writer = writer_.get();
    for (const int signal : handled) set_disposition(signal, note_signal);
    for (const int signal : ignored) set_disposition(signal, SIG_IGN);
    // Whoever started us may have left some of them blocked.
    sigset_t mask;
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    return true;
}

std::vector<int> SignalPipe::take()
{
    std::vector<int> signals;
    unsigned char bytes[64];
    for (;;) {
        const ssize_t n = read(reader_.get(), bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return signals;
        signals.insert(signals.end(), bytes, bytes + n);
    }
}

void SignalPipe::close_in_child()
{
    reader_.reset();
    writer_.reset();
}

int fork_child(ForkSignals choice)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const int pid = fork();
    if (pid == 0) {
        for (const int signal : handled) set_disposition(signal, SIG_DFL);
        for (const int signal : ignored) set_disposition(signal, SIG_DFL);
        if (choice == ForkSignals::left_to_master)
            for (const int signal :
                 {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ})
                set_disposition(signal, SIG_IGN);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        return 0;
    }
    const int saved = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    errno = saved;
    return pid;
}

}  // namespace ostler
