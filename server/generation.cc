// generation.cc - logs, user and sockets of one configuration.
#include "server/generation.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"

namespace ostler {

bool open_generation(Generation& next, std::vector<std::string>& errors)
{
    const std::size_t before = errors.size();
    std::string error;
    if (!find_identity(next.server(), next.identity, error)) errors.push_back(error);
    next.error_log = LogSink::open(next.server().error_log, error);
    if (!next.error_log) errors.push_back(cat("server.error_log: ", next.server().error_log, ": ", error));
    if (errors.size() != before) return false;
    if (next.configuration->open({next.identity.change, next.identity.uid, next.identity.gid}))
        return true;
    errors.push_back("a module could not open what it needs (see above)");
    return false;
}

namespace {

bool contains(const BoundSockets& sockets, const std::shared_ptr<BoundSocket>& socket)
{
    return std::find(sockets.begin(), sockets.end(), socket) != sockets.end();
}

/// The socket for `spec` out of `have`, unless an earlier entry took it.
std::shared_ptr<BoundSocket> find(const BoundSockets& have, const BoundSockets& taken,
                                  const ListenSpec& spec)
{
    for (const auto& socket : have)
        if (same_place(socket->spec(), spec) && !contains(taken, socket)) return socket;
    return nullptr;
}

}  // namespace

bool bind_generation(Generation& next, const BoundSockets& have, std::vector<std::string>& errors)
{
    const std::size_t before = errors.size();
    for (const ListenSpec& spec : next.configuration->listen) {
        auto socket = find(have, next.bound, spec);
        if (!socket) {
            auto made = bind_socket(spec);
            if (!made) {
                errors.push_back(made.error());
                continue;
            }
            socket = std::move(*made);
        }
        socket->adapt(spec);
        next.bound.push_back(socket);
        for (const Fd& fd : socket->fds()) next.sockets.push_back({fd.get(), &spec});
    }
    return errors.size() == before;
}

BoundSockets only_in(const BoundSockets& before, const BoundSockets& after)
{
    BoundSockets gone;
    for (const auto& socket : before)
        if (!contains(after, socket)) gone.push_back(socket);
    return gone;
}

BoundSockets adopt(std::vector<Fd> sockets, const std::vector<ListenSpec>& listen,
                   std::vector<std::string>& unused)
{
    BoundSockets adopted;
    for (const ListenSpec& spec : listen) {
        std::vector<Fd> mine;
        for (Fd& fd : sockets)
            if (fd && listens_on(fd.get(), spec)) mine.push_back(std::move(fd));
        if (!mine.empty())
            adopted.push_back(std::make_shared<BoundSocket>(
                spec, std::move(mine), BoundSocket::Origin::handed_over));
    }
    for (const Fd& fd : sockets)
        if (fd) unused.push_back(socket_name(fd.get()));
    return adopted;
}

}  // namespace ostler
