// tls_keeper.h - keeps TLS fresh in the master: watches certificate files, rotates ticket keys.
//
// Looks at the files twice a second (stat) and tries what has changed: a pair that is good
// replaces the one that serves, in this process and, through `send`, in every worker; one that
// is not leaves it serving, and that is said once.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "server/tls.h"
#include "server/tls_update.h"

namespace ostler {

class TlsKeeper {
 public:
    using Time = std::chrono::steady_clock::time_point;
    using Send = std::function<void(const TlsUpdate&)>;

    explicit TlsKeeper(Send send) : send_(std::move(send)) {}

    /// When tick() wants to be called next.
    Time due() const { return look_at_; }
    /// How long the ticket keys of now are good; zero when nobody has asked for them yet.
    std::chrono::seconds keys_left(Time now) const;
    /// The ticket keys come from another program, and rotate when they would have there.
    void rotate_at(Time when) { rotate_at_ = when; }
    /// Does what is due, at `now` and at the same moment in seconds since 1970, for the
    /// configuration in force and the one that starts beside it; null: it has no TLS.
    void tick(Time now, std::int64_t wall_seconds, Tls* current, Tls* next);

 private:
    /// What is known of the files of one pair.
    struct Watched {
        PairStamp refused{};  ///< files that were tried and are no good
        std::string why;      ///< not yet said; empty: it was
        bool told_expired = false;
        bool told_ocsp = false;
    };
    void look(const PairPtr& pair, std::int64_t wall_seconds);
    void take(const PairPtr& fresh, const TlsUpdate& update);
    void replace_here(const PairPtr& fresh);
    static void tell_expiry(const TlsPair&, Watched&, std::int64_t wall_seconds);
    void rotate(Time now);

    Send send_;
    Tls* current_ = nullptr;
    Tls* next_ = nullptr;
    Time look_at_{};
    Time rotate_at_{};
    std::map<PairFiles, Watched> watched_;
};

}  // namespace ostler
