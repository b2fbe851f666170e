// fd_passing.cc - SCM_RIGHTS, spelled out once.
#include "common/base/fd_passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/base/check.h"
#include "common/base/platform.h"

namespace ostler {

namespace {

union ControlSpace {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * most_passed_fds)];
};

#ifdef MSG_CMSG_CLOEXEC
constexpr int receive_flags = MSG_CMSG_CLOEXEC;
#else
constexpr int receive_flags = 0;
#endif

/// Takes every descriptor out of `head`; false when there were too many.
bool take_descriptors(msghdr& head, std::span<Fd> fds)
{
    bool fits = (head.msg_flags & MSG_CTRUNC) == 0;
    std::size_t taken = 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&head); c; c = CMSG_NXTHDR(&head, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int received = -1;
            std::memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof received);
            Fd fd(received);
            if (!receive_flags) set_close_on_exec(received, true);
            if (taken < fds.size())
                fds[taken++] = std::move(fd);
            else
                fits = false;
        }
    }
    return fits;
}

}  // namespace

ssize_t send_with_fds(int socket, std::span<iovec> parts, std::span<const int> fds)
{
    CHECK_THAT(fds.size() <= most_passed_fds);
    ControlSpace control{};
    msghdr head{};
    head.msg_iov = parts.data();
    head.msg_iovlen = static_cast<decltype(head.msg_iovlen)>(parts.size());
    if (!fds.empty()) {
        head.msg_control = control.bytes;
        head.msg_controllen =
            static_cast<decltype(head.msg_controllen)>(CMSG_SPACE(fds.size_bytes()));
        cmsghdr* c = CMSG_FIRSTHDR(&head);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = static_cast<decltype(c->cmsg_len)>(CMSG_LEN(fds.size_bytes()));
        std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    ssize_t sent;
    do sent = ::sendmsg(socket, &head, no_sigpipe_flag());
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t receive_with_fds(int socket, void* to, std::size_t size, std::span<Fd> fds)
{
    for (Fd& fd : fds) fd.reset();
    iovec part{to, size};
    ControlSpace control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control.bytes;
    head.msg_controllen = sizeof control.bytes;
    ssize_t got;
    do got = ::recvmsg(socket, &head, receive_flags);
    while (got < 0 && errno == EINTR);
    if (got < 0 || take_descriptors(head, fds)) return got;
    for (Fd& fd : fds) fd.reset();
    errno = EBADMSG;
    return -1;
}

}  // namespace ostler
