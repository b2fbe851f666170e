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
    alive,       ///< once a second, with the counters; `value` 1: accepts no more, also sent at
                 ///< once when that begins
    // master to worker
    drain,       ///< after a reload: stop accepting, answer what is under way and the next request
                 ///< of idle connections with `close`; `value`: limit in ms, 0 none
    finish,      ///< before a stop: the same, but idle connections are closed at once
    reopen_log,  ///< `value`: index of the LogSink; a descriptor comes with it
    tls,         ///< a pipe comes with it (server/tls_update.h)
    stop,        ///< end now
};

struct Message {
    Order order = Order::alive;
    std::uint32_t value = 0;
    // Counters, in `alive` only.
    std::uint32_t connections = 0;      ///< open now
    std::uint32_t longest_turn_us = 0;  ///< longest turn of the loop since the last message
    std::uint64_t requests = 0;         ///< answered since the worker started
};

/// Both ends are non-blocking and close-on-exec.
bool make_channel(Fd& master, Fd& worker);
/// False when the other side is gone or its buffer is full; `fd` >= 0 travels along (a copy).
bool send_message(int channel, const Message&, int fd = -1);

enum class Received : unsigned char { message, none, closed };
/// Takes one message; `fd` is set when a descriptor came with it.  Anything malformed is `closed`.
Received receive_message(int channel, Message& message, Fd& fd);

}  // namespace ostler
