// process.h - programs started from the loop: their start, their end, and what is left of them.
//
// The loop asks, a small process of its own does it (common/base/spawner.h): a start costs the
// loop one message, however large this process is.  Nothing here waits for a program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/loop.h"

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
    /// What it leaves running lives on when it ends by itself.  Otherwise that is ended, too: TERM,
    /// and KILL after `grace`.
    bool background = false;
    Milliseconds grace{2000};
    /// Name of a variable of `environment` whose value no other program has: tells whose a process
    /// is that left its group and its parents.
    std::string_view mark;
    /// The way for systems without vfork(2), and for the test of it.
    bool by_fork = false;
};

/// Why a program was not started.
struct StartError {
    int error = 0;          ///< an errno; 0: it was started
    const char* step = "";  ///< what failed: "exec", "chdir", "vfork"; a constant
};

/// How a program ended and what it used, with those of its children it waited for.
struct ProgramEnd {
    StartError failure;  ///< the rest is meaningless with one
    int status = 0;      ///< exit status; meaningless with a signal
    int signal = 0;      ///< 0: it ended by itself
    bool dumped_core = false;
    bool left_behind = false;  ///< processes of its group, which are ended now
    std::int64_t cpu_us = 0;   ///< user and system time
    /// Largest resident size.  The system counts that of the process that started it, too: a
    /// program that stayed smaller is only known to.
    std::uint64_t memory_bytes = 0;
    bool memory_at_most = false;
};

class Spawner;

/// One program.
class Child final {
 public:
    /// `owner` is woken when the program has ended, or was not started: it then asks ended().
    /// Null only when there is nobody who could start it; `error` says why.
    static std::unique_ptr<Child> start(Loop&, const ProgramStart&, Waker& owner,
                                        StartError& error);
    /// A program that still runs is killed with all that belongs to it.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Ends it with its descendants and the rest of its group: TERM now, KILL after `grace` to what
    /// is left then.
    void stop(Milliseconds grace);

    bool ended() const { return ended_; }
    /// Valid once ended().
    const ProgramEnd& end() const { return end_; }

 private:
    friend class Spawner;
    Child(Spawner& spawner, std::uint32_t number, Waker& owner)
        : spawner_(spawner), number_(number), owner_(owner)
    {
    }
    void note(const ProgramEnd&);

    Spawner& spawner_;
    const std::uint32_t number_;
    Waker& owner_;
    ProgramEnd end_;
    bool ended_ = false;
};

/// Makes what starts programs, which start() would do on first use: best while this process is
/// small.
void prepare_programs(Loop&, bool background);

/// "SIGSEGV"; "another signal" for the rare ones.
const char* signal_name(int number);

}  // namespace ostler
