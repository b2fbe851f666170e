// entry_status.cc - statx(2) for four facts where there is one, else fstatat(2) for all.
#include "common/base/entry_status.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace ostler {

namespace {

int by_fstatat(int directory, const char* name, EntryStatus& status)
{
    struct stat st;
    if (::fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return errno;
    status = {st.st_mode, static_cast<std::uint64_t>(st.st_size),
              static_cast<std::int64_t>(st.st_mtime)};
    return 0;
}

}  // namespace

#if defined(__linux__) && defined(STATX_BASIC_STATS)

int entry_status(int directory, const char* name, EntryStatus& status)
{
    constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    struct statx sx;
    if (::statx(directory, name, flags, STATX_TYPE | STATX_MODE | STATX_SIZE | STATX_MTIME, &sx) ==
        0) {
        status = {static_cast<mode_t>(sx.stx_mode), sx.stx_size, sx.stx_mtime.tv_sec};
        return 0;
    }
    // An old kernel, or a filter of system calls that has not heard of it.
    if (errno == ENOSYS || errno == EPERM) return by_fstatat(directory, name, status);
    return errno;
}

#else

int entry_status(int directory, const char* name, EntryStatus& status)
{
    return by_fstatat(directory, name, status);
}

#endif

}  // namespace ostler
