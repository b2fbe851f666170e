// signals.h - signals as bytes in a pipe, so that the master acts on them between two waits.
#pragma once

#include <vector>

#include "common/base/fd.h"

namespace ostler {

/// The signals of the master.  One per process; SIGPIPE is ignored from then on.
class SignalPipe {
 public:
    /// False, with errno set, when the pipe cannot be made.
    bool open();
    /// Readable when a signal came.
    int fd() const { return reader_.get(); }
    /// Those that came since the last call, in order.
    std::vector<int> take();
    void close_in_child();

 private:
    Fd reader_;
    Fd writer_;
};

/// What a child does with the signals that reach a whole process group (Ctrl-C, a closed
/// terminal, systemd's TERM to everybody).
enum class ForkSignals : unsigned char {
    defaults,         ///< dies of them
    left_to_master,   ///< ignores them: the master tells a worker by its channel what to do
};

/// fork(2) of a child that gets none of its parent's signal handling, without a moment in which a
/// handler of the parent's could run in it.  Its mask is empty.
int fork_child(ForkSignals);

}  // namespace ostler
