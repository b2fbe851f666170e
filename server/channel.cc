// channel.cc - one Wire and at most one descriptor at a time, over a Unix stream socket.
//
// A stream and not SOCK_SEQPACKET, which macOS lacks: every message has the same small size, so
// the kernel takes it whole or not at all, and anything else is treated as malformed.
#include "server/channel.h"

#include <sys/socket.h>

#include <cerrno>

#include "common/base/fd_passing.h"
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

}  // namespace

bool make_channel(Fd& master, Fd& worker) { return open_socket_pair(SOCK_STREAM, master, worker); }

bool send_message(int channel, const Message& message, int fd)
{
    Wire wire{static_cast<std::uint32_t>(message.order), message.value, message.connections,
              message.longest_turn_us, message.requests};
    iovec part{&wire, sizeof wire};
    const ssize_t n = send_with_fds(channel, {&part, 1}, {&fd, fd >= 0 ? 1u : 0u});
    return n == static_cast<ssize_t>(sizeof wire);
}

Received receive_message(int channel, Message& message, Fd& fd)
{
    Wire wire{};
    const ssize_t n = receive_with_fds(channel, &wire, sizeof wire, {&fd, 1});
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Received::none : Received::closed;
    if (n != static_cast<ssize_t>(sizeof wire)) return Received::closed;
    if (wire.order > static_cast<std::uint32_t>(Order::stop)) return Received::closed;
    message = Message{static_cast<Order>(wire.order), wire.value, wire.connections,
                      wire.longest_turn_us, wire.requests};
    return Received::message;
}

}  // namespace ostler
