// session_asker.h - what the tests of the session stores ask them, and a worker that asks.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/crypto.h"
#include "common/module.h"
#include "modules/session_store.h"

namespace ostler::test {

constexpr std::int64_t now = 1'900'000'000;  // far ahead: a server's own clock expires nothing

/// Asks and turns the loop until the answer is there.
class Asker final : SessionQuery {
 public:
    SessionAnswer operator()(Loop& loop, SessionStore& store, SessionOrder order)
    {
        start(store, std::move(order));
        while (is_pending()) loop.turn();
        return std::move(answer);
    }
    void start(SessionStore& store, SessionOrder order)
    {
        answers = 0;
        store.ask(*this, std::move(order));
    }
    bool is_waiting() const { return is_pending(); }
    int answers = 0;  ///< to what was asked last
    SessionAnswer answer;

 private:
    void answered(SessionAnswer& a) override
    {
        ++answers;
        answer = std::move(a);
    }
};

inline SessionKey key(std::string_view id) { return {sha256(id)}; }

inline SessionOrder order_for(SessionOrder::Kind kind, std::string handle = {})
{
    SessionOrder o;
    o.kind = kind;
    o.handle = std::move(handle);
    o.now = now;
    o.most = 100;
    o.most_bytes = 1000;
    return o;
}

inline SessionOrder creation(const std::string& name, SessionValues values = {{"a", "1"}})
{
    SessionOrder o = order_for(SessionOrder::Kind::create);
    o.record.handle = name;
    o.record.key = key(name);
    o.record.generation = 1;
    o.record.created = o.record.seen = now;
    o.record.idle_until = now + 600;
    o.record.ends = now + 3600;
    o.record.requests = 1;
    o.record.origin = o.record.address = "192.0.2.1";
    o.record.agent = "curl";
    o.record.values = std::move(values);
    return o;
}

inline SessionOrder look_up(std::string_view id, std::int64_t when = now)
{
    SessionOrder o = order_for(SessionOrder::Kind::load);
    o.key = key(id);
    o.now = when;
    return o;
}

inline SessionOrder change(std::string handle, SessionChanges changes)
{
    SessionOrder o = order_for(SessionOrder::Kind::save, std::move(handle));
    o.changes = std::move(changes);
    return o;
}

/// A store's settings; 20 s are enough on a busy machine.
inline SessionStoreConf within(std::chrono::milliseconds timeout)
{
    SessionStoreConf conf;
    conf.timeout = timeout;
    return conf;
}

/// One process; several of them share what `url` names.
struct Worker {
    explicit Worker(std::string url, SessionStoreConf settings = within(std::chrono::seconds(20)))
        : conf(std::move(settings))
    {
        std::signal(SIGPIPE, SIG_IGN);  // as the server does
        conf.url = std::move(url);
        REQUIRE(problem_with_session_store(conf) == "");
        store = &loop.resident<SessionStores>().get(conf);
    }
    SessionAnswer ask(SessionOrder order) { return Asker()(loop, *store, std::move(order)); }
    StoreResult result(SessionOrder order) { return ask(std::move(order)).result; }
    /// Asks until it answers, as requests do that come one after the other.
    StoreResult result_at_last(const SessionOrder& order)
    {
        StoreResult r = StoreResult::unavailable;
        for (int i = 0; i < 20'000 && (r = result(order)) == StoreResult::unavailable; ++i)
            ::usleep(1000);
        return r;
    }
    SessionStoreConf conf;
    Loop loop;
    SessionStore* store;
};

}  // namespace ostler::test
