// process.h - programs started from the loop: their start, their end, and what is left of them.
//
// A start costs the same however large this process is (vfork, not fork).  Nothing here waits
// for a program, except destructors at the end of the process.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/fd.h"
#include "common/base/list.h"
#include "common/base/loop.h"
#include "common/base/result.h"

namespace ostler {

/// What a program may use; 0: as much as we may ourselves.
struct ResourceLimits {
    std::uint64_t cpu_seconds = 0;   ///< SIGXCPU then, SIGKILL two seconds later
    std::uint64_t memory_bytes = 0;  ///< address space of each of its processes
    std::uint64_t files = 0;         ///< descriptors of each of its processes
    std::uint64_t processes = 0;     ///< of its user, in all
};

/// Everything a program is started with.  It gets a process group of its own, the descriptors 0,
/// 1 and 2 only, default signals, an empty signal mask, and no way to more privileges.
struct ProgramStart {
    const char* program = nullptr;            ///< path for execve(2)
    char* const* arguments = nullptr;         ///< ends with a null pointer
    char* const* environment = nullptr;       ///< ends with a null pointer
    int directory = -1;                       ///< descriptor of the working directory; -1: ours
    int input = -1, output = -1, error = -1;  ///< become 0, 1 and 2; they stay the caller's
    mode_t file_mask = 022;
    ResourceLimits limits;
    /// The way for systems without vfork(2), and for the test of it.
    bool by_fork = false;
    /// The way for systems without pidfd_open(2), and for the test of it.
    bool by_signal = false;
};

/// Why a program was not started.
struct StartError {
    int error = 0;          ///< an errno
    const char* step = "";  ///< what failed: "exec", "chdir", "vfork"
};

/// How a program ended and what it used, with those of its children it waited for.
struct ProgramEnd {
    int status = 0;                ///< exit status; meaningless with a signal
    int signal = 0;                ///< 0: it ended by itself
    bool dumped_core = false;
    std::int64_t cpu_us = 0;       ///< user and system time
    /// Largest resident size.  The system counts ours at the start as the program's, too: a program
    /// that stayed smaller than we are is only known to.
    std::uint64_t memory_bytes = 0;
    bool memory_at_most = false;
};

class ChildSignals;

/// One program that was started.
class Child final : public Linked<ChildSignals> {
 public:
    /// `owner` is woken when the program has ended; it then asks ended().
    static Result<std::unique_ptr<Child>, StartError> start(Loop&, const ProgramStart&,
                                                            Waker& owner);
    /// A program that still runs is killed with its group, and waited for.
    ~Child();

    pid_t id() const { return id_; }
    /// Asks the kernel as long as the answer is no.
    bool ended();
    /// Valid once ended().
    const ProgramEnd& end() const { return end_; }

 private:
    friend class ChildSignals;
    Child(Loop& loop, pid_t id, Waker& owner);
    void watch(bool by_signal);
    void note(int status, const rusage& usage);

    const pid_t id_;
    Waker& owner_;
    Loop& loop_;
    std::int64_t our_memory_;     // ru_maxrss at the start
    Fd handle_;                   // of the process, where the system has such a thing
    std::optional<Watch> watch_;
    ProgramEnd end_;
    bool ended_ = false;
};

/// Ends what is in the process group `group` now: TERM, and KILL after `grace` to what is left
/// then.  False when there is nobody in it.
bool end_group(Loop&, pid_t group, Milliseconds grace);

/// "SIGSEGV"; "another signal" for the rare ones.
const char* signal_name(int number);

}  // namespace ostler
