// channel.cc - one Wire and at most one descriptor at a time, over a Unix stream socket.
//
// A stream and not SOCK_SEQPACKET, which macOS lacks: every message has the same small size, so
// the kernel takes it whole or not at all, and anything else is treated as malformed.
#include "server/channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/base/platform.h"

namespace ostler {

namespace {

struct Wire {
    std::uint32_t order;
    std::uint32_t value;
    std::uint32_t connections;
    std::uint32_t longest_turn_us;
    std::uint64_t requests;
};
static_assert(sizeof(Wire) == 24);

union ControlSpace {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/// Takes every descriptor out of `head`; false when there were more than one.
bool take_descriptors(msghdr& head, Fd& fd)
{
    bool one_at_most = (head.msg_flags & MSG_CTRUNC) == 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&head); c; c = CMSG_NXTHDR(&head, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int received = -1;
            std::memcpy(&received, CMSG_DATA(c) + i * sizeof(int), sizeof received);
            if (fd) one_at_most = false;
            fd = Fd(received);
            set_close_on_exec(received, true);
        }
    }
    return one_at_most;
}

}  // namespace

bool make_channel(Fd& master, Fd& worker)
{
    return open_socket_pair(SOCK_STREAM, master, worker);
}

bool send_message(int channel, const Message& message, int fd)
{
    Wire wire{static_cast<std::uint32_t>(message.order), message.value, message.connections,
              message.longest_turn_us, message.requests};
    iovec part{&wire, sizeof wire};
    ControlSpace control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    if (fd >= 0) {
        head.msg_control = control.bytes;
        head.msg_controllen = sizeof control.bytes;
        cmsghdr* c = CMSG_FIRSTHDR(&head);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    for (;;) {
        const ssize_t n = sendmsg(channel, &head, no_sigpipe_flag());
        if (n < 0 && errno == EINTR) continue;
        return n == static_cast<ssize_t>(sizeof wire);
    }
}

Received receive_message(int channel, Message& message, Fd& fd)
{
    Wire wire{};
    iovec part{&wire, sizeof wire};
    ControlSpace control{};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = control.bytes;
    head.msg_controllen = sizeof control.bytes;
    ssize_t n = 0;
    do {
        n = recvmsg(channel, &head, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Received::none : Received::closed;
    fd.reset();
    if (!take_descriptors(head, fd)) return Received::closed;
    if (n != static_cast<ssize_t>(sizeof wire)) return Received::closed;
    if (wire.order > static_cast<std::uint32_t>(Order::stop)) return Received::closed;
    message = Message{static_cast<Order>(wire.order), wire.value, wire.connections,
                      wire.longest_turn_us, wire.requests};
    return Received::message;
}

}  // namespace ostler
