// session_fake.h - a store in memory that does what the test says, and one exchange after another
// on a site with sessions.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/session.h"
#include "test/support/dispatch.h"

namespace ostler::test {

class FakeStore final : public SessionStore {
 public:
    using SessionStore::SessionStore;

    bool down = false;                         ///< answers `unavailable`
    bool holds = false;                        ///< keeps orders until release()
    std::map<std::string, SessionRecord> all;  ///< by handle
    std::vector<SessionOrder::Kind> asked;
    std::vector<SessionTask*> held;

    void release()
    {
        for (SessionTask* task : std::exchange(held, {})) answer(*task);
    }
    SessionRecord& only()
    {
        REQUIRE(all.size() == 1);
        return all.begin()->second;
    }

 private:
    void submit(SessionTask& task) override
    {
        asked.push_back(task.order.kind);
        if (holds)
            held.push_back(&task);
        else
            answer(task);
    }
    SessionRecord* living(const std::string& handle, std::int64_t now)
    {
        const auto at = all.find(handle);
        return at == all.end() || at->second.expires() <= now ? nullptr : &at->second;
    }
    void answer(SessionTask& task)
    {
        carry_out(task.order, task.answer);
        finished(task);
    }
    void carry_out(const SessionOrder& o, SessionAnswer& a)
    {
        if (down) {
            a.why = "it is down";
            return;
        }
        a.result = StoreResult::done;
        SessionRecord* found = living(o.handle, o.now);
        switch (o.kind) {
        case SessionOrder::Kind::load:
            for (auto& [handle, r] : all)
                if (r.key == o.key && r.expires() > o.now) found = &r;
            [[fallthrough]];
        case SessionOrder::Kind::find:
            if (found)
                a.record = *found;
            else
                a.result = StoreResult::absent;
            return;
        case SessionOrder::Kind::create: return create(o, a);
        case SessionOrder::Kind::save:
            if (found)
                save(*found, o, a);
            else
                a.result = StoreResult::absent;
            return;
        case SessionOrder::Kind::destroy:
            if (all.erase(o.handle) == 0) a.result = StoreResult::absent;
            return;
        case SessionOrder::Kind::purge:
            a.count =
                std::erase_if(all, [&](const auto& p) { return p.second.expires() <= o.now; });
            return;
        case SessionOrder::Kind::touch:
            for (const SessionActivity& t : o.activity) touch(t);
            return;
        case SessionOrder::Kind::list: return;
        }
    }
    void create(const SessionOrder& o, SessionAnswer& a)
    {
        const auto same = [&](const auto& p) { return p.second.origin == o.record.origin; };
        if (o.most_of_origin > 0 && static_cast<std::size_t>(std::count_if(
                                        all.begin(), all.end(), same)) >= o.most_of_origin)
            a.result = StoreResult::full;
        else if (encoded_session_size(o.record.values) > o.most_bytes)
            a.result = StoreResult::too_large;
        else
            all[o.record.handle] = o.record;
    }
    void save(SessionRecord& r, const SessionOrder& o, SessionAnswer& a)
    {
        SessionValues values = r.values;
        apply_session_changes(values, o.changes);
        if (encoded_session_size(values) > o.most_bytes) {
            a.result = StoreResult::too_large;
            return;
        }
        r.values = std::move(values);
        ++r.generation;
        if (o.new_key) r.key = *o.new_key;
        for (const SessionActivity& t : o.activity) touch(t);
        a.record = r;
    }
    void touch(const SessionActivity& t)
    {
        const auto at = all.find(t.handle);
        if (at == all.end()) return;
        SessionRecord& r = at->second;
        r.requests += t.requests;
        r.seen = std::max(r.seen, t.seen);
        r.idle_until = std::max(r.idle_until, t.idle_until);
        r.address = t.address;
        r.agent = t.agent;
    }
};

}  // namespace ostler::test

namespace ostler {
extern const Module session_module;
}  // namespace ostler

namespace ostler::test {

/// A worker with sessions; requests come one after the other or side by side.
struct SessionRig {
    SessionRig() { conf().store.url = "sqlite:/fake"; }

    SessionConf& conf() { return site.conf<SessionConf>(0); }
    DispatchHooks& hooks() { return site.conf<DispatchHooks>(1); }
    /// After the settings: the store is there and hooks may run.
    void start()
    {
        auto made = std::make_unique<FakeStore>(loop, conf().store);
        store = made.get();
        loop.resident<SessionStores>().put(std::move(made));
        site.start(loop);
    }

    struct Asked {
        Asked(SessionRig& rig, std::string_view cookie) : x(rig.loop, arena, rig.site, out)
        {
            x.request.path = "/app";
            x.request.peer.address = "192.0.2.1";
            if (!cookie.empty()) x.request.fields.add(FieldId::cookie, arena.copy(cookie));
        }
        std::string_view field(std::string_view name) const { return x.response.fields.get(name); }
        /// What a script would see; "(none)" without such a variable.
        std::string_view variable(std::string_view name) const
        {
            for (const LogVariable* v = x.script_variables(); v; v = v->next)
                if (v->name == name) return v->value;
            return "(none)";
        }
        int status() const { return to_int(x.response.status); }
        /// The pair of the answer's session cookie, as the client sends it; empty without one.
        std::string cookie() const
        {
            const std::string_view set = x.response.fields.get(FieldId::set_cookie);
            return std::string(set.substr(0, set.find(';')));
        }
        Arena arena;
        FakeStream out;
        Exchange x;
    };

    /// One request, to its end unless the store holds something.
    std::unique_ptr<Asked> ask(std::string_view cookie = {},
                               const std::function<void(Exchange&)>& change = {})
    {
        auto asked = std::make_unique<Asked>(*this, cookie);
        if (change) change(asked->x);
        asked->x.start();
        loop.run_jobs();
        return asked;
    }
    /// The clocks jump ahead, and what is due then happens.
    void skip(Milliseconds time)
    {
        loop.run_jobs();
        loop.skip(time);
        for (int i = 0; i < 4; ++i) loop.turn(false);
    }
    /// The next answers have these fields.
    void answer_with(std::vector<std::pair<std::string, std::string>> fields)
    {
        hooks().content = [fields](Exchange& x) {
            for (const auto& [name, value] : fields)
                x.response.fields.add(x.arena.copy(name), x.arena.copy(value));
            return answer(x, Code::ok, "what the script says");
        };
    }
    /// A session with these values, and its cookie.
    std::string make_session(const std::string& values)
    {
        answer_with({{"X-Session-Set", values}});
        const std::string cookie = ask()->cookie();
        answer_with({});
        return cookie;
    }

    Loop loop;
    Site site{{&session_module, &dispatch_module}};
    FakeStore* store = nullptr;
};

}  // namespace ostler::test
