// listener.h - takes connections off one listening socket.
//
// The stock evconnlistener drains the whole backlog at once and spins when descriptors run
// out; this one takes a few a turn, makes room by closing idle connections, and rests.
#pragma once

#include "common/base/fd.h"
#include "common/base/loop.h"
#include "server/clients.h"
#include "server/worker.h"

struct event;

namespace ostler {

class Listener final : Waker {
 public:
    /// Does not own the socket, which the master bound.
    Listener(Clients& clients, const ListenSocket& socket);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    /// Accepts no more.  The object stays: connections point at its address.
    void stop();

 private:
    static void on_ready(int, short, void* self);
    void accept_some();
    bool accept_one();
    void out_of_descriptors();
    void turn_away();
    void wake() override;  // the rest is over

    Clients& clients_;
    int fd_;
    event* ready_ = nullptr;
    const Tls* tls_;        // null without TLS
    Timer rest_;
    Fd reserve_;            // given up to answer one client when no descriptor is left
    std::string local_address_;
    std::uint16_t local_port_ = 0;
};

}  // namespace ostler
