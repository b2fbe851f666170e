// net.h - the socket calls that differ between systems; net_linux.cc and net_bsd.cc are twins.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ostler::net {

/// Accepts one connection: non-blocking, close-on-exec.  -1 and errno like accept(2).
int accept_client(int listener, sockaddr_storage& peer, socklen_t& length);

/// Sends up to `count` bytes of `file` from `offset`.  Returns how many went, 0 when the file
/// ends at `offset`, -1 and errno otherwise (EAGAIN: nothing went).
ssize_t send_file(int socket, int file, std::uint64_t offset, std::size_t count);

/// Flag for sendmsg(2): more follows at once, wait with a small packet.  0 where unknown.
extern const int more_follows;

/// Bytes handed to the kernel that the peer has not acknowledged; nothing where unknown.
std::optional<std::size_t> unacknowledged(int socket);

}  // namespace ostler::net
