// generation.h - one configuration as the master holds it: with its sockets and its identity.
//
// A reload makes the next generation beside the one that serves; what both listen on is shared.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/log_sink.h"
#include "server/config.h"
#include "server/privileges.h"
#include "server/socket.h"
#include "server/worker.h"

namespace ostler {

/// Reads the configuration; called for the start and for every reload.
using Loader = std::function<std::unique_ptr<Configuration>(std::vector<Problem>&)>;
using BoundSockets = std::vector<std::shared_ptr<BoundSocket>>;

struct Generation {
    unsigned number = 0;
    std::unique_ptr<Configuration> configuration;
    Identity identity;
    BoundSockets bound;                  ///< one for each entry of `listen`, in its order
    std::vector<ListenSocket> sockets;   ///< the same as the workers get them
    LogSink* error_log = nullptr;

    const ServerConf& server() const { return configuration->server; }
    unsigned worker_count() const { return static_cast<unsigned>(server().workers); }
};

/// Looks up the user, opens the logs.  Every reason why not is added to `errors`.
bool open_generation(Generation&, std::vector<std::string>& errors);

/// Binds what `listen` asks for, taking what fits out of `have`, which is left as it is.  Every
/// reason why not is added to `errors`.
bool bind_generation(Generation&, const BoundSockets& have, std::vector<std::string>& errors);

/// Sockets of `before` that `after` does not use any more.
BoundSockets only_in(const BoundSockets& before, const BoundSockets& after);

/// Makes the sockets systemd handed over usable as `have`: each goes to the entry of `listen` it
/// matches.  Those that match nothing are closed and named in `unused`.
BoundSockets adopt(std::vector<Fd> sockets, const std::vector<ListenSpec>& listen,
                   std::vector<std::string>& unused);

}  // namespace ostler
