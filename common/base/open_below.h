// open_below.h - opens files below a directory and never outside it.
//
// Nothing is decided by the text of a path: the kernel resolves it beneath a descriptor
// (openat2 on Linux), or we do, one component at a time.  What was opened is judged by fstat.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace ostler {

/// Which symbolic links are followed below a root; each includes those before it.
enum class Symlinks : unsigned char {
    none,        ///< not one
    inside,      ///< links that stay below the root
    same_owner,  ///< links that leave it, when the link and what it leads to have one owner
    all,         ///< every link
};

/// A directory to open files below.
struct RootDirectory {
    int fd = -1;            ///< of the directory
    std::string_view path;  ///< its absolute path: an absolute link that starts so stays inside
};

/// How a path is opened.
enum class OpenAs : unsigned char {
    file,       ///< for reading, whatever it is
    directory,  ///< only a directory, which need not be readable: for fstat, and as a root
};

/// Opens `path`, relative to `root`, without blocking whatever it is; "" is the root itself.
/// `path` has no ".." component and no leading '/'.  A descriptor of a directory, a FIFO or a
/// device comes back as well: ask fstat.  The error is an errno; EXDEV: a link leaves the root;
/// ELOOP: a link where none may be, or too many.
Result<Fd, int> open_below(const RootDirectory& root, std::string_view path, Symlinks policy,
                           OpenAs as = OpenAs::file);

/// The same by openat, component by component: where the kernel cannot do it, and for links
/// that leave the root.
Result<Fd, int> open_by_walking(const RootDirectory& root, std::string_view path, Symlinks policy,
                                OpenAs as = OpenAs::file);

/// Opens a directory to hand to open_below.
Result<Fd, int> open_root(const char* path);

}  // namespace ostler
