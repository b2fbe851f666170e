// loop.h - the event loop of one worker process: jobs, timers, descriptor watches.
//
// Rule of the house: a libevent callback never advances an exchange.  It notes what
// happened and posts a Job; jobs run from the loop with an empty stack below them,
// so nothing is ever destroyed underneath its own caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/base/list.h"

struct event;
struct event_base;

namespace ostler {

/// Told that something it waits for may have happened.  wake() only notes the fact
/// (usually by posting a Job); it may be called from a libevent callback.
class Waker {
 public:
    virtual void wake() = 0;

 protected:
    ~Waker() = default;
};

/// One entry of the loop's run queue.  Intrusive: posting never allocates, posting
/// twice queues once, and destroying a queued job removes it.
class Job {
 public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

 protected:
    virtual void run() = 0;
    ~Job() { unlink(); }
    /// Takes the job out of the queue, if it is there.
    void unlink()
    {
        if (!prev_) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

 private:
    friend class Loop;
    Job* prev_ = nullptr;
    Job* next_ = nullptr;
};

using Milliseconds = std::chrono::milliseconds;

class Timer;
struct AllTimers;

/// Something that belongs to the whole process and works through its loop: what ends the
/// processes a module started, for example.  See Loop::resident().
class Resident {
 public:
    virtual ~Resident() = default;
};

class Loop {
 public:
    /// `backend` names a libevent method ("poll") that must be used; empty lets libevent choose.
    /// Aborts the process when no event base can be made.
    explicit Loop(std::string_view backend = {});
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Queues `job`; it runs in this turn of the loop or the next, never inside this call.
    void post(Job& job)
    {
        if (job.prev_) return;
        job.prev_ = head_.prev_;
        job.next_ = &head_;
        head_.prev_->next_ = &job;
        head_.prev_ = &job;
    }

    /// Runs queued jobs until none is left.  For tests: the real loop gives descriptors a
    /// turn between two rounds of jobs.
    void run_jobs();

    /// Turns until stop() is called.
    void run();
    /// Makes one turn: waits for events (not at all when jobs are queued), calls their
    /// callbacks, runs the jobs that are queued then.
    void turn(bool may_wait = true);
    void stop() { stopping_ = true; }

    /// Monotonic time, read once a turn: by the first who asks after the wait.
    Milliseconds now() const
    {
        if (clocks_are_old_) read_clocks();
        return now_;
    }
    /// Seconds since 1970, read once a turn.
    std::int64_t wall_seconds() const { return wall_microseconds() / 1'000'000; }
    /// Microseconds since 1970, read once a turn.
    std::int64_t wall_microseconds() const
    {
        if (clocks_are_old_) read_clocks();
        return wall_us_;
    }

    /// The same, asked of the clock now.
    static std::int64_t wall_clock_microseconds();

    /// The one T of this loop, made by T(Loop&) on first use.  Residents end with the loop, newest
    /// first, while its events still work.
    template <class T> T& resident()
    {
        for (const Entry& e : residents_)
            if (e.type == &resident_tag<T>) return static_cast<T&>(*e.object);
        auto made = std::make_unique<T>(*this);
        T& object = *made;
        residents_.push_back({&resident_tag<T>, std::move(made)});
        return object;
    }

    /// The longest turn so far, without the waiting; reset by reading.
    std::chrono::microseconds take_longest_turn();

    /// For tests: both clocks jump ahead by `time`, and the timers that are due then fire in the
    /// next turn.  What waits on an event of its own, not on a Timer, does not notice.
    void skip(Milliseconds time);

    event_base* base() { return base_; }
    /// The libevent method in use: "epoll", "kqueue", "poll".
    std::string_view backend() const;
    /// True when the backend reports a peer's FIN without reading (EV_CLOSED).
    bool reports_close() const { return reports_close_; }

 private:
    friend class Timer;
    friend class Watch;
    struct Anchor final : Job {
        void run() override {}
    };
    template <class T> static inline char resident_tag = 0;
    struct Entry {
        const void* type;
        std::unique_ptr<Resident> object;
    };
    void run_round();
    void read_clocks() const;
    std::int64_t monotonic_us() const;

    Anchor head_;
    Anchor mark_;   // end of the round that runs now
    event_base* base_ = nullptr;
    mutable Milliseconds now_{0};
    mutable std::int64_t wall_us_ = 0;
    mutable std::int64_t turn_started_us_ = 0;
    mutable bool clocks_are_old_ = true;  // we waited since they were read
    std::int64_t skipped_us_ = 0;
    std::int64_t longest_turn_us_ = 0;
    List<Timer, AllTimers> timers_;       // those that were set once
    bool stopping_ = false;
    bool reports_close_ = false;
    std::vector<Entry> residents_;
};

/// Wakes once, at a deadline.  Moving the deadline later, which is what keep-alive and
/// activity timers do all day, costs one store: the event stays where it is and re-arms
/// itself when it fires early.
class Timer : public Linked<AllTimers> {
 public:
    Timer(Loop& loop, Waker& waker) : loop_(loop), waker_(waker) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    /// Wakes after `delay` from Loop::now(), replacing an earlier deadline.
    void set(Milliseconds delay);
    void cancel() { deadline_ = never; }
    bool is_set() const { return deadline_ != never; }

 private:
    friend class Loop;
    static constexpr Milliseconds never{-1};
    void fired();
    void fire_if_due();
    void arm(Milliseconds delay);

    Loop& loop_;
    Waker& waker_;
    event* event_ = nullptr;          // made on first use, kept until the end
    Milliseconds deadline_ = never;   // when to wake
    Milliseconds armed_for_ = never;  // when the event fires; never when it is not pending
};

/// Wakes whenever a signal came, from the loop; stops when destroyed.
class SignalWatch {
 public:
    SignalWatch(Loop& loop, int signal, Waker& waker);
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    ~SignalWatch();

 private:
    event* event_;
    Waker& waker_;
};

/// Readiness of one descriptor; stops when destroyed.  Does not own the descriptor, which
/// must stay open for as long as the Watch lives.
class Watch {
 public:
    enum class For : unsigned char { readable, writable };
    Watch(Loop& loop, int fd, For what, Waker& waker);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    /// One-shot: tells the waker once, then has to be armed again.  Whoever arms it again before
    /// the loop waits pays no system call: the event stays where it is, and goes when it fires
    /// unwanted.
    void arm();
    void disarm();

 private:
    void fire();

    event* event_;
    Waker& waker_;
    bool armed_ = false;
    bool added_ = false;
};

}  // namespace ostler
