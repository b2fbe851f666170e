// net_linux.cc - socket calls as Linux has them.
#if defined(__linux__)

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include "server/net.h"

namespace ostler::net {

const int more_follows = MSG_MORE;

int accept_client(int listener, sockaddr_storage& peer, socklen_t& length)
{
    length = sizeof peer;
    return accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

ssize_t send_file(int socket, int file, std::uint64_t offset, std::size_t count)
{
    off_t at = static_cast<off_t>(offset);
    return ::sendfile(socket, file, &at, count);
}

std::optional<std::size_t> unacknowledged(int socket)
{
    int bytes = 0;
    if (ioctl(socket, SIOCOUTQ, &bytes) != 0 || bytes < 0) return std::nullopt;
    return static_cast<std::size_t>(bytes);
}

}  // namespace ostler::net

#endif
