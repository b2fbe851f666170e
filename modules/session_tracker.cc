// session_tracker.cc - activity in batches, expiry in small steps.
#include "modules/session_tracker.h"

#include <algorithm>
#include <utility>

namespace ostler {

namespace {

constexpr std::size_t most_seen = 20'000;   // then it is told at once
constexpr std::size_t most_in_order = 256;  // sessions of one touch
constexpr std::size_t purge_step = 200;     // rows: a few milliseconds of a store's time
constexpr Milliseconds purge_pause{50};
constexpr Milliseconds complaint_interval{10'000};

void add(SessionActivity& to, const SessionActivity& more)
{
    to.requests += more.requests;
    if (more.seen < to.seen) return;
    to.seen = more.seen;
    to.idle_until = std::max(to.idle_until, more.idle_until);
    to.address = more.address;
    to.agent = more.agent;
}

}  // namespace

SessionTracker::SessionTracker(Loop& loop, SessionStore& store, Milliseconds activity,
                               Milliseconds purge)
    : loop_(loop), store_(store), activity_interval_(activity), purge_interval_(purge),
      tell_clock_(loop, tell_note_), purge_clock_(loop, purge_note_)
{
    purge_clock_.set(purge_interval_);
}

SessionTracker::~SessionTracker() { tell(); }

void SessionTracker::hasten(Milliseconds activity, Milliseconds purge)
{
    activity_interval_ = std::min(activity_interval_, activity);
    if (purge >= purge_interval_) return;
    purge_interval_ = purge;
    purge_clock_.set(purge);
}

void SessionTracker::note(const SessionActivity& activity)
{
    const auto [at, fresh] = seen_.try_emplace(activity.handle, activity);
    if (!fresh) return add(at->second, activity);
    if (seen_.size() >= most_seen) return tell();
    if (!tell_clock_.is_set()) tell_clock_.set(activity_interval_);
}

void SessionTracker::complete(SessionRecord& record) const
{
    const auto at = seen_.find(record.handle);
    if (at == seen_.end()) return;
    record.seen = std::max(record.seen, at->second.seen);
    record.idle_until = std::max(record.idle_until, at->second.idle_until);
    record.requests += at->second.requests;
}

void SessionTracker::take(SessionActivity& into)
{
    const auto at = seen_.find(into.handle);
    if (at == seen_.end()) return;
    add(into, at->second);
    seen_.erase(at);
}

bool SessionTracker::may_complain(std::uint64_t& held_back)
{
    if (complained_ && loop_.now() - complained_at_ < complaint_interval) {
        ++held_back_;
        return false;
    }
    complained_ = true;
    complained_at_ = loop_.now();
    held_back = std::exchange(held_back_, 0);
    return true;
}

void SessionTracker::tell()
{
    tell_clock_.cancel();
    auto at = seen_.begin();
    while (at != seen_.end()) {
        SessionOrder order;
        order.kind = SessionOrder::Kind::touch;
        for (; at != seen_.end() && order.activity.size() < most_in_order; ++at)
            order.activity.push_back(std::move(at->second));
        store_.tell(std::move(order));
    }
    seen_.clear();
}

void SessionTracker::purge()
{
    purge_clock_.set(purge_interval_);
    if (is_pending()) return;
    tell();
    SessionOrder order;
    order.kind = SessionOrder::Kind::purge;
    // Another worker may know of activity that it has not told yet.
    order.now = loop_.wall_seconds() -
                std::chrono::ceil<std::chrono::seconds>(2 * activity_interval_).count();
    order.most = purge_step;
    store_.ask(*this, std::move(order));
}

void SessionTracker::answered(SessionAnswer& answer)
{
    // As much as was asked for: there is more.
    if (answer.result == StoreResult::done && answer.count >= purge_step)
        purge_clock_.set(purge_pause);
}

SessionTrackers::SessionTrackers(Loop& loop) : loop_(loop)
{
    loop.resident<SessionStores>();  // made before us, it ends after us
}

SessionTracker& SessionTrackers::get(SessionStore& store, Milliseconds activity, Milliseconds purge)
{
    for (const auto& tracker : trackers_)
        if (&tracker->store() == &store) {
            tracker->hasten(activity, purge);
            return *tracker;
        }
    trackers_.push_back(std::make_unique<SessionTracker>(loop_, store, activity, purge));
    return *trackers_.back();
}

}  // namespace ostler
