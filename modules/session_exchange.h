// session_exchange.h - one exchange and its session: looked up before anybody asks, changed by what
// the answer says.
//
// Lives in the exchange; when that ends, whatever the store answers goes to nobody.
#pragma once

#include <string>
#include <string_view>

#include "common/exchange.h"
#include "modules/session.h"
#include "modules/session_fields.h"

namespace ostler {

class ExchangeSession final : public Session, SessionQuery {
 public:
    ExchangeSession(Exchange& x, const SessionConf& conf) : x_(x), conf_(conf) {}

    /// What the prepare hook says: the session of the request's cookie is looked up.
    Step load();
    /// What the response hook says: `wishes` are carried out and the client's cookie is set before
    /// the head leaves.
    Step save(SessionWishes wishes);

    /// The store did not answer, or with nonsense.
    bool failed() const { return state_ == State::failed; }
    const SessionConf& conf() const { return conf_; }

 private:
    enum class State : unsigned char { ready, loading, failed, creating, saving, destroying };

    void answered(SessionAnswer&) override;
    void loaded(SessionAnswer&);
    void saved(const SessionAnswer&);
    Step store_failed();
    bool is_ours(const SessionAnswer&) const;
    void offer_variables();

    SessionActivity activity() const;
    Step destroy(const SessionWishes&);
    Step create(SessionValues values);
    Step change(SessionChanges changes, bool rotate);
    bool must_rotate(const SessionChanges& changes) const;
    SessionKey new_id();
    void complain_of_many() const;
    void set_cookie(std::string_view value);
    void answer_unavailable();

    Exchange& x_;
    const SessionConf& conf_;  // of the location where it was loaded
    State state_ = State::ready;
    SessionKey key_;  // of the id the client sent
    std::string id_;  // a new one, for the client's cookie
};

/// Makes shared caches leave the answer alone.
void keep_from_shared_caches(Exchange&);

}  // namespace ostler
