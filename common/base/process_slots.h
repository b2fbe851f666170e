// process_slots.h - numbers for processes that share memory which was made before their fork.
//
// A number is held by a lock of the file system's kind, which ends with the process whatever ends
// it: so what a process that died had counted can be told, and cleared, by any other.
#pragma once

#include <memory>

#include "common/base/fd.h"

namespace ostler {

class ProcessSlots {
 public:
    static constexpr int count = 128;

    /// In the parent, before the fork; null with errno set when there is no file to lock.
    static std::shared_ptr<ProcessSlots> make();

    /// In a process of its own: takes the first free number and keeps it until the process ends.
    /// -1 when none is free.  Asked again, it says the same.
    int claim();

    /// Takes `slot` for a moment; false when a living process has it, this one included.
    bool hold(int slot);
    void release(int slot);

 private:
    explicit ProcessSlots(Fd file) : file_(std::move(file)) {}

    Fd file_;
    int own_ = -1;
    pid_t owner_ = 0;  ///< who claimed: a fork does not inherit
};

/// Zeroed memory that processes forked from now on share, until the last of them ends; null with
/// errno set when there is none.
void* map_shared(std::size_t size);

}  // namespace ostler
