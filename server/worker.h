// worker.h - one worker process: one loop, its listeners, its connections.
#pragma once

#include <span>

#include "server/config.h"

namespace ostler {

/// A socket the master bound; shared by the workers, never closed by one on its own.
struct ListenSocket {
    int fd = -1;
    const ListenSpec* spec = nullptr;
};

struct WorkerStart {
    Configuration* configuration = nullptr;
    std::span<const ListenSocket> sockets;
    int channel = -1;      ///< to the master (server/channel.h)
    unsigned index = 0;    ///< 0 to workers - 1
};

/// Serves until told to stop, drained or left alone by the master; returns the exit status.
/// Called in the child after privileges were dropped.  Says Order::ready once it accepts, then
/// Order::alive every second.
int run_worker(const WorkerStart&);

}  // namespace ostler
