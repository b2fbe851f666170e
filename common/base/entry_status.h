// entry_status.h - what a directory's entry is, asked for as cheaply as the system allows.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ostler {

struct EntryStatus {
    mode_t mode = 0;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  ///< seconds since 1970
};

/// Fills `status` for `name` in `directory`; a symbolic link itself, not what it leads to.  On
/// Linux a network file system is not asked again for what it told a moment ago.  Returns 0 or
/// an errno.
int entry_status(int directory, const char* name, EntryStatus& status);

}  // namespace ostler
