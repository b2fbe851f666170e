// net_bsd.cc - socket calls as macOS and FreeBSD have them; twin of net_linux.cc.
#if !defined(__linux__)

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "server/net.h"

namespace ostler::net {

const int more_follows = 0;

int accept_client(int listener, sockaddr_storage& peer, socklen_t& length)
{
    length = sizeof peer;
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC) && !defined(__APPLE__)
    return accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    const int fd = accept(listener, reinterpret_cast<sockaddr*>(&peer), &length);
    if (fd < 0) return fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
#endif
}

ssize_t send_file(int socket, int file, std::uint64_t offset, std::size_t count)
{
    // Both report what went beside EAGAIN; a partial send is a success here.
    off_t sent = 0;
#if defined(__APPLE__)
    sent = static_cast<off_t>(count);
    const int failed = ::sendfile(file, socket, static_cast<off_t>(offset), &sent, nullptr, 0);
#else
    const int failed =
        ::sendfile(file, socket, static_cast<off_t>(offset), count, nullptr, &sent, 0);
#endif
    if (failed != 0 && sent == 0) return -1;
    return static_cast<ssize_t>(sent);
}

std::optional<std::size_t> unacknowledged(int socket)
{
#if defined(SO_NWRITE)
    int bytes = 0;
    socklen_t size = sizeof bytes;
    if (getsockopt(socket, SOL_SOCKET, SO_NWRITE, &bytes, &size) != 0 || bytes < 0)
        return std::nullopt;
    return static_cast<std::size_t>(bytes);
#else
    static_cast<void>(socket);
    return std::nullopt;
#endif
}

}  // namespace ostler::net

#endif
