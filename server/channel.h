// channel.h - fixed-size messages between the master and one worker, over a socket pair.
//
// The end of the channel is a message, too: a worker whose master is gone sees EOF and drains.
#pragma once

#include <cstdint>

#include "common/base/fd.h"

namespace ostler {

enum class Order : std::uint32_t {
    // worker to master
    ready,       ///< accepting connections
    alive,       ///< once a second; `value`: connections open now
    // master to worker
    drain,       ///< stop accepting, finish what is under way; `value`: limit in ms, 0 none
    reopen_log,  ///< `value`: index of the LogSink; a descriptor comes with it
    stop,        ///< end now
};

struct Message {
    Order order = Order::alive;
    std::uint32_t value = 0;
};

/// Both ends are non-blocking and close-on-exec.
bool make_channel(Fd& master, Fd& worker);
/// False when the other side is gone or its buffer is full; `fd` >= 0 travels along (a copy).
bool send_message(int channel, const Message&, int fd = -1);

enum class Received : unsigned char { message, none, closed };
/// Takes one message; `fd` is set when a descriptor came with it.  Anything malformed is `closed`.
Received receive_message(int channel, Message& message, Fd& fd);

}  // namespace ostler
