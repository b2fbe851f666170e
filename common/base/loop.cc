// loop.cc - jobs, timers and watches over one libevent base.
#include "common/base/loop.h"

#include <event2/event.h>

#include <cstdlib>
#include <ctime>

namespace ostler {

namespace {

std::int64_t microseconds(clockid_t clock)
{
    timespec t{};
    clock_gettime(clock, &t);
    return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

timeval to_timeval(Milliseconds ms)
{
    timeval tv{};
    tv.tv_sec = static_cast<decltype(tv.tv_sec)>(ms.count() / 1000);
    tv.tv_usec = static_cast<decltype(tv.tv_usec)>(ms.count() % 1000 * 1000);
    return tv;
}

/// Leaves every backend but `wanted` out of the choice.
void insist_on(event_config* config, std::string_view wanted)
{
    for (const char** method = event_get_supported_methods(); *method; ++method)
        if (wanted != *method) event_config_avoid_method(config, *method);
}

}  // namespace

Loop::Loop(std::string_view backend)
{
    head_.prev_ = head_.next_ = &head_;
    event_config* config = event_config_new();
    if (!config) std::abort();
    // EVENT_* variables in somebody's environment must not change how we run.
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    if (!backend.empty()) insist_on(config, backend);
    base_ = event_base_new_with_config(config);
    event_config_free(config);
    if (!base_) std::abort();
    reports_close_ = (event_base_get_features(base_) & EV_FEATURE_EARLY_CLOSE) != 0;
    read_clocks();
}

Loop::~Loop()
{
    while (!residents_.empty()) residents_.pop_back();
    event_base_free(base_);
}

std::string_view Loop::backend() const
{
    return event_base_get_method(base_);
}

std::int64_t Loop::monotonic_us() const { return microseconds(CLOCK_MONOTONIC) + skipped_us_; }

void Loop::read_clocks() const
{
    clocks_are_old_ = false;
    turn_started_us_ = monotonic_us();
    now_ = Milliseconds(turn_started_us_ / 1000);
    wall_us_ = microseconds(CLOCK_REALTIME) + skipped_us_;
}

void Loop::skip(Milliseconds time)
{
    skipped_us_ += std::chrono::microseconds(time).count();
    read_clocks();
    for (Timer* t = timers_.front(); t; t = timers_.after(*t)) t->fire_if_due();
}

std::int64_t Loop::wall_clock_microseconds()
{
    return microseconds(CLOCK_REALTIME);
}

void Loop::run_round()
{
    // Jobs posted while these run go behind the mark and wait for the next round, so
    // that a job which posts itself cannot starve the descriptors.
    post(mark_);
    while (head_.next_ != &mark_) {
        Job& job = *head_.next_;
        job.unlink();
        job.run();
    }
    mark_.unlink();
}

void Loop::run_jobs()
{
    while (head_.next_ != &head_) {
        Job& job = *head_.next_;
        job.unlink();
        job.run();
    }
}

void Loop::turn(bool may_wait)
{
    const bool idle = head_.next_ == &head_;
    clocks_are_old_ = true;
    // Without EVLOOP_ONCE a call goes on for as long as anything is ready.
    event_base_loop(base_, idle && may_wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    if (clocks_are_old_) read_clocks();
    if (head_.next_ == &head_) return;
    run_round();
    const std::int64_t took = monotonic_us() - turn_started_us_;
    if (took > longest_turn_us_) longest_turn_us_ = took;
}

void Loop::run()
{
    stopping_ = false;
    while (!stopping_) turn();
}

std::chrono::microseconds Loop::take_longest_turn()
{
    const std::chrono::microseconds longest(longest_turn_us_);
    longest_turn_us_ = 0;
    return longest;
}

Timer::~Timer()
{
    if (event_) event_free(event_);
}

void Timer::set(Milliseconds delay)
{
    deadline_ = loop_.now() + delay;
    if (armed_for_ != never && armed_for_ <= deadline_) return;
    arm(delay);
}

void Timer::arm(Milliseconds delay)
{
    if (!event_) {
        event_ = event_new(
            loop_.base_, -1, 0, [](int, short, void* self) { static_cast<Timer*>(self)->fired(); },
            this);
        if (!event_) std::abort();
        loop_.timers_.push_back(*this);
    }
    armed_for_ = loop_.now() + delay;
    const timeval tv = to_timeval(delay);
    event_add(event_, &tv);
}

void Timer::fired()
{
    armed_for_ = never;
    if (deadline_ == never) return;
    // libevent runs on its own clock: ask the real one how late it is.
    const Milliseconds now(loop_.monotonic_us() / 1000);
    if (now < deadline_) {
        const Milliseconds left = deadline_ - now;
        armed_for_ = deadline_;
        const timeval tv = to_timeval(left);
        event_add(event_, &tv);
        return;
    }
    deadline_ = never;
    waker_.wake();
}

void Timer::fire_if_due()
{
    if (is_set() && deadline_ <= loop_.now()) event_active(event_, EV_TIMEOUT, 0);
}

SignalWatch::SignalWatch(Loop& loop, int signal, Waker& waker) : waker_(waker)
{
    event_ = evsignal_new(
        loop.base(), signal,
        [](int, short, void* self) { static_cast<SignalWatch*>(self)->waker_.wake(); }, this);
    if (!event_ || event_add(event_, nullptr) != 0) std::abort();
}

SignalWatch::~SignalWatch()
{
    event_free(event_);
}

Watch::Watch(Loop& loop, int fd, For what, Waker& waker) : waker_(waker)
{
    event_ = event_new(
        loop.base_, fd, static_cast<short>((what == For::readable ? EV_READ : EV_WRITE) | EV_PERSIST),
        [](int, short, void* self) { static_cast<Watch*>(self)->fire(); }, this);
    if (!event_) std::abort();
}

Watch::~Watch()
{
    event_free(event_);
}

void Watch::fire()
{
    if (!armed_) return disarm();
    armed_ = false;
    waker_.wake();  // may be our end
}

void Watch::arm()
{
    armed_ = true;
    if (added_) return;
    event_add(event_, nullptr);
    added_ = true;
}

void Watch::disarm()
{
    armed_ = false;
    if (!added_) return;
    event_del(event_);
    added_ = false;
}

}  // namespace ostler
