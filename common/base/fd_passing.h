// fd_passing.h - bytes and open descriptors over a Unix stream socket.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "common/base/fd.h"

namespace ostler {

/// Most descriptors that one message carries.
inline constexpr std::size_t most_passed_fds = 4;

/// Like writev(2), without SIGPIPE; copies of `fds` go with the first byte.
ssize_t send_with_fds(int socket, std::span<iovec> parts, std::span<const int> fds);

/// Like read(2).  What came with the bytes is in `fds` from the front on, close-on-exec; the rest
/// is empty.  -1 with EBADMSG when more came than `fds` has room for (all are closed then).
ssize_t receive_with_fds(int socket, void* to, std::size_t size, std::span<Fd> fds);

}  // namespace ostler
