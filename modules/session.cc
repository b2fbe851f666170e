// session.cc - sessions: loaded before anybody asks, changed by what the answer says.
#include "modules/session.h"

#include "modules/session_command.h"
#include "modules/session_exchange.h"
#include "modules/session_metrics.h"
#include "modules/session_tracker.h"
#include "modules/session_wall.h"

namespace ostler {

namespace {

bool open(SessionConf& conf, RunAs who)
{
    const SessionStoreKind* kind = find_session_store_kind(conf.store.url);
    return !kind->open || kind->open(conf.store, who);
}

void start(SessionConf& conf, Loop& loop)
{
    conf.secure_cookie = cat("__Host-", conf.cookie);
    conf.sessions = &loop.resident<SessionStores>().get(conf.store);
    conf.tracker = &loop.resident<SessionTrackers>().get(*conf.sessions, conf.activity, conf.purge);
}

Step prepare(Exchange& x, const SessionConf& conf)
{
    if (x.witness) {
        x.note("asked as a client without a session: the store is left alone");
        return Step::next;
    }
    // Behind a rerouting it is there already, unless this location has another store.
    if (const auto* known = x.find<ExchangeSession>();
        known && known->conf().sessions == conf.sessions && known->conf().cookie == conf.cookie)
        return Step::next;
    return x.attach<ExchangeSession>(x, conf).load();
}

Step access(Exchange& x, const SessionConf& conf) { return guard(x, conf, session_of(x)); }

/// A page that a script made for one client, and says nothing about caches.
bool is_personal(const Exchange& x, const SessionConf& conf, const Session& session)
{
    if (!conf.require.empty()) return true;
    const Fields& f = x.response.fields;
    return !session.is_new() && !f.find(FieldId::cache_control) && !f.find(FieldId::etag) &&
           !f.find(FieldId::last_modified);
}

Step response(Exchange& x, const SessionConf& conf)
{
    SessionWishes wishes = take_session_wishes(x.response.fields);
    auto* session = x.find<ExchangeSession>();
    if (!session) return Step::next;
    if (is_personal(x, conf, *session)) keep_from_shared_caches(x);
    return session->save(std::move(wishes));
}

}  // namespace

Session* session_of(Exchange& x)
{
    auto* session = x.find<ExchangeSession>();
    return session && !session->failed() ? session : nullptr;
}

extern constexpr Module session_module{
    .name = "session",
    .about = "Sessions that scripts in any language share.",
    .on_by_default = false,
    .wants_tls = true,
    .config = conf<configure_session>,
    .open = on<open>,
    .start = on<start>,
    .metrics = session_metrics,
    .command = &session_command,
    .prepare = on<prepare>,
    .access = on<access>,
    .response = on<response>,
};

}  // namespace ostler
