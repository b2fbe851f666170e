// session_tracker.h - what a worker has seen of sessions, told to their store now and then; and the
// removal of the expired.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/loop.h"
#include "modules/session_store.h"

namespace ostler {

/// One for each store in a worker.
class SessionTracker final : SessionQuery {
 public:
    /// How often activity is told, and how often expired sessions are removed.
    SessionTracker(Loop&, SessionStore&, Milliseconds activity, Milliseconds purge);
    /// Tells what it has.
    ~SessionTracker();

    /// One request of a session more.
    void note(const SessionActivity&);
    /// Makes `record` as new as what is known here.
    void complete(SessionRecord& record) const;
    /// Adds to `into` what is not told yet of its session; it counts as told.
    void take(SessionActivity& into);
    /// The session is gone.
    void forget(const std::string& handle) { seen_.erase(handle); }
    /// True at most once in some seconds: whether a line about clients with too many sessions is
    /// due.  `held_back` is the number of times the answer was no since.
    bool may_complain(std::uint64_t& held_back);

    void tell();

    const SessionStore& store() const { return store_; }
    /// Shorter of the present interval and `activity`.
    void hasten(Milliseconds activity, Milliseconds purge);

 private:
    template <void (SessionTracker::*F)()> struct Note final : Waker {
        explicit Note(SessionTracker& t) : tracker(t) {}
        void wake() override { (tracker.*F)(); }
        SessionTracker& tracker;
    };
    void answered(SessionAnswer&) override;
    void purge();

    Loop& loop_;
    SessionStore& store_;
    Milliseconds activity_interval_, purge_interval_;
    std::unordered_map<std::string, SessionActivity> seen_;
    Note<&SessionTracker::tell> tell_note_{*this};
    Note<&SessionTracker::purge> purge_note_{*this};
    Timer tell_clock_, purge_clock_;
    Milliseconds complained_at_{0};
    bool complained_ = false;
    std::uint64_t held_back_ = 0;
};

/// The trackers of one worker; they end before their stores.
class SessionTrackers final : public Resident {
 public:
    explicit SessionTrackers(Loop& loop);
    SessionTracker& get(SessionStore& store, Milliseconds activity, Milliseconds purge);

 private:
    Loop& loop_;
    std::vector<std::unique_ptr<SessionTracker>> trackers_;
};

}  // namespace ostler
