// process.cc - one program, as its owner sees it.
#include "common/base/process.h"

#include <signal.h>

#include "common/base/spawner.h"

namespace ostler {

std::unique_ptr<Child> Child::start(Loop& loop, const ProgramStart& what, Waker& owner,
                                    StartError& error)
{
    return Spawner::of(loop, what.background).start(what, owner, error);
}

void prepare_programs(Loop& loop, bool background) { Spawner::of(loop, background); }

Child::~Child()
{
    if (ended_) return;
    spawner_.forget(number_);
    spawner_.stop(number_, Milliseconds(0));
}

void Child::stop(Milliseconds grace)
{
    if (!ended_) spawner_.stop(number_, grace);
}

void Child::note(const ProgramEnd& end)
{
    end_ = end;
    ended_ = true;
    owner_.wake();
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
