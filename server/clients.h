// clients.h - what all connections of a worker share: pools, limits, the clock's text, counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/arena.h"
#include "common/base/list.h"
#include "common/base/loop.h"
#include "common/exchange.h"
#include "common/http/date.h"
#include "common/http/h1_head.h"
#include "server/config.h"

namespace ostler {

struct AllClients;
struct IdleClients;

/// A connection as the worker sees it.
class Client : public Linked<AllClients>, public Linked<IdleClients> {
 public:
    /// Closes the connection if nothing is under way on it; true when it did.  From a Job or
    /// an accept callback, never from inside a call of this client's own.
    virtual bool close_if_idle() = 0;
    /// The worker no longer accepts: answers carry `Connection: close` from now on.
    virtual void wind_down() = 0;
    /// What is under way on it; null: nothing.
    virtual const Exchange* under_way() const { return nullptr; }
    virtual ~Client() = default;
};

/// One exchange and its memory; recycled, so that a warm worker allocates nothing.
class ExchangeSlot {
 public:
    template <class... Args> Exchange& make(Args&&... args)
    {
        return *::new (room_) Exchange(std::forward<Args>(args)...);
    }
    Arena arena;

 private:
    friend class Clients;
    alignas(Exchange) std::byte room_[sizeof(Exchange)];
    ExchangeSlot* next_ = nullptr;
};

class Clients {
 public:
    Clients(Loop& loop, const Configuration& configuration);
    ~Clients();
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    Loop& loop;
    const Configuration& configuration;
    const Router& router;

    // --- connections ------------------------------------------------------------------

    std::size_t count() const { return count_; }
    /// True when another connection can be taken without running out of descriptors.
    bool has_room() const { return count_ < most_; }
    void add(Client&);
    /// Destroys `client`, which was made with new.
    void remove(Client& client);
    /// Nothing is under way on `client` from now on / something is.
    void set_idle(Client& client) { idle_.push_back(client); }
    void set_busy(Client& client) { static_cast<Linked<IdleClients>&>(client).unlink(); }
    /// Closes the connections that have been idle the longest; returns how many.
    std::size_t close_idle(std::size_t most);

    /// Winding down: no keep-alive any more.  `close_idle_now`: idle ones go at once.
    void wind_down(bool close_idle_now);
    bool winding_down() const { return winding_down_; }
    /// Tells the board what is under way, and what was answered since the last time.
    void publish(std::uint64_t longest_turn_us);
    /// Ends everything, answers under way included.
    void close_all();

    // --- exchanges --------------------------------------------------------------------

    ExchangeSlot* take_slot();
    void return_slot(ExchangeSlot* slot);
    /// A new request id, 12 hexadecimal digits, written to `to`.
    std::string_view make_request_id(char* to);

    const HeadLimits& head_limits() const { return head_limits_; }

    /// The Date field for the current second.
    std::string_view date();

    std::uint64_t requests = 0;  ///< answered so far

 private:
    List<Client, AllClients> all_;
    List<Client, IdleClients> idle_;
    std::size_t count_ = 0;
    std::size_t most_;
    HeadLimits head_limits_;
    ExchangeSlot* free_slots_ = nullptr;
    std::size_t free_count_ = 0;
    std::uint64_t id_state_;
    std::uint64_t published_ = 0;  // of `requests`
    bool winding_down_ = false;
    std::int64_t date_second_ = -1;
    char date_[http_date_size];
};

}  // namespace ostler
