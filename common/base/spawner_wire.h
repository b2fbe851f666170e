// spawner_wire.h - what a worker and its spawner tell each other, over a Unix stream socket.
//
// Both are the same binary, one forked from the other: plain structures, the bytes of this machine.
#pragma once

#include <cstdint>

#include "common/base/process.h"

namespace ostler::spawner {

enum class Order : std::uint32_t {
    start,  ///< a program; texts and descriptors come with it
    stop,   ///< `run` and all that belongs to it
};

/// Worker to spawner.  Descriptors with the first byte: input, output, error, then the directory.
/// Texts, each with its NUL: the program, the arguments, the environment.
struct Command {
    Order order = Order::start;
    std::uint32_t run = 0;
    std::uint32_t texts_size = 0;  ///< bytes that follow
    std::uint32_t arguments = 0;
    std::uint32_t variables = 0;
    std::uint32_t mark = no_mark;  ///< index of a variable
    std::uint32_t file_mask = 022;
    std::uint32_t by_fork = 0;
    std::int64_t grace_ms = 0;
    ResourceLimits limits;

    static constexpr std::uint32_t no_mark = ~0U;
};

inline constexpr std::uint32_t most_texts = 4U << 20;

/// Spawner to worker: a program ended, or was not started.
struct Report {
    std::uint32_t run = 0;
    std::int32_t error = 0;
    char step[16] = {};  ///< of a StartError
    std::int32_t status = 0;
    std::int32_t signal = 0;
    std::uint8_t dumped_core = 0;
    std::uint8_t left_behind = 0;
    std::uint8_t memory_at_most = 0;
    std::int64_t cpu_us = 0;
    std::uint64_t memory_bytes = 0;
};

}  // namespace ostler::spawner
