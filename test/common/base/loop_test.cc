// loop_test.cc - jobs, timers, watches.
#include "common/base/loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>

#include "common/base/fd.h"

using namespace ostler;
using namespace std::chrono_literals;

namespace {

struct TestJob final : Job {
    explicit TestJob(std::function<void()> what) : act(std::move(what)) {}
    void run() override { act(); }
    std::function<void()> act;
};

struct Counter final : Waker {
    void wake() override
    {
        ++count;
        if (then) then();
    }
    int count = 0;
    std::function<void()> then;
};

struct Pipe {
    Pipe()
    {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        out = Fd(ends[0]);
        in = Fd(ends[1]);
    }
    void put() const { CHECK(write(in.get(), "x", 1) == 1); }
    Fd out, in;
};

/// Keeps the processor busy until the loop's own clock has gone on by `time`.  In nanoseconds: from
/// a microsecond that has begun already to one that begins is up to a microsecond too short.
void be_busy(std::chrono::nanoseconds time)
{
    const auto clock = [] {
        timespec t{};
        clock_gettime(CLOCK_MONOTONIC, &t);
        return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
    };
    const auto until = clock() + time;
    while (clock() < until) {}
}

}  // namespace

// --- jobs ---------------------------------------------------------------------------------

TEST_CASE("jobs run in the order they were posted, each once, and not inside post")
{
    Loop loop;
    std::string ran;
    TestJob a([&] { ran += 'a'; }), b([&] { ran += 'b'; });
    loop.post(b);
    loop.post(a);
    loop.post(b);
    CHECK(ran.empty());
    loop.turn(false);
    CHECK(ran == "ba");
    loop.turn(false);
    CHECK(ran == "ba");
}

TEST_CASE("a job that posts itself runs once a turn, so descriptors are not starved")
{
    Loop loop;
    int runs = 0;
    TestJob* self = nullptr;
    TestJob again([&] {
        if (++runs < 100) loop.post(*self);
    });
    self = &again;
    loop.post(again);
    loop.turn(false);
    CHECK(runs == 1);
    loop.turn(false);
    CHECK(runs == 2);
    loop.run_jobs();
    CHECK(runs == 100);
}

TEST_CASE("what a job posts runs in the next turn")
{
    Loop loop;
    std::string ran;
    TestJob b([&] { ran += 'b'; });
    TestJob a([&] {
        ran += 'a';
        loop.post(b);
    });
    loop.post(a);
    loop.turn(false);
    CHECK(ran == "a");
    loop.turn();  // may wait, and does not: a job is queued
    CHECK(ran == "ab");
}

TEST_CASE("a destroyed job does not run, also when a job of the same round destroys it")
{
    Loop loop;
    int runs = 0;
    auto victim = std::make_unique<TestJob>([&] { ++runs; });
    auto last = std::make_unique<TestJob>([&] { ++runs; });
    TestJob killer([&] {
        victim.reset();
        last.reset();
    });
    loop.post(killer);
    loop.post(*victim);
    loop.post(*last);
    loop.turn(false);
    loop.turn(false);
    CHECK(runs == 0);
}

TEST_CASE("a job may destroy itself")
{
    Loop loop;
    std::unique_ptr<TestJob> job;
    job = std::make_unique<TestJob>([&] { job.reset(); });
    loop.post(*job);
    loop.turn(false);
    CHECK_FALSE(job);
}

TEST_CASE("stop ends run after the turn")
{
    Loop loop;
    int turns = 0;
    TestJob* self = nullptr;
    TestJob job([&] {
        if (++turns == 3) loop.stop();
        loop.post(*self);
    });
    self = &job;
    loop.post(job);
    loop.run();
    CHECK(turns == 3);
}

// --- time ---------------------------------------------------------------------------------

TEST_CASE("a timer wakes once, when its time has come and not before")
{
    Loop loop;
    Counter woken;
    Timer timer(loop, woken);
    timer.set(1000ms);
    loop.skip(999ms);
    loop.turn(false);
    // The clock of the machine goes on as well; less than a millisecond is left to it.
    if (woken.count == 0) CHECK(timer.is_set());
    loop.skip(1ms);
    loop.turn(false);
    CHECK(woken.count == 1);
    CHECK_FALSE(timer.is_set());
    loop.skip(5000ms);
    loop.turn(false);
    CHECK(woken.count == 1);
}

TEST_CASE("a timer fires by itself when the loop waits")
{
    Loop loop;
    Counter woken;
    Timer timer(loop, woken);
    timer.set(5ms);
    while (woken.count == 0) loop.turn();
    CHECK(woken.count == 1);
}

TEST_CASE("the last deadline set is the one that holds, earlier or later")
{
    Loop loop;
    Counter woken;
    Timer timer(loop, woken);
    timer.set(10s);
    timer.set(60s);
    loop.skip(30s);
    loop.turn(false);
    CHECK(woken.count == 0);
    timer.set(1s);
    loop.skip(2s);
    loop.turn(false);
    CHECK(woken.count == 1);
    loop.skip(100s);
    loop.turn(false);
    CHECK(woken.count == 1);
}

TEST_CASE("a deadline moved later while the event is armed fires at the later time by itself")
{
    Loop loop;
    Counter woken, tick;
    Timer timer(loop, woken);
    timer.set(5ms);
    timer.set(30s);
    Timer other(loop, tick);
    other.set(20ms);
    while (tick.count == 0) loop.turn();  // the event of the first deadline fired meanwhile
    CHECK(woken.count == 0);
    loop.skip(30s);
    loop.turn(false);
    CHECK(woken.count == 1);
}

TEST_CASE("a cancelled or destroyed timer does not wake")
{
    Loop loop;
    Counter woken;
    Timer timer(loop, woken);
    auto gone = std::make_unique<Timer>(loop, woken);
    timer.set(1s);
    gone->set(1s);
    timer.cancel();
    gone.reset();
    loop.skip(10s);
    loop.turn(false);
    CHECK(woken.count == 0);
    timer.set(1s);
    loop.skip(2s);
    loop.turn(false);
    CHECK(woken.count == 1);
}

TEST_CASE("a timer may be set again by the one it wakes")
{
    Loop loop;
    Counter woken;
    Timer timer(loop, woken);
    woken.then = [&] { timer.set(1s); };
    timer.set(1s);
    for (int i = 1; i <= 3; ++i) {
        loop.skip(1s);
        loop.turn(false);
        CHECK(woken.count == i);
    }
}

TEST_CASE("time is that of after the wait, also for those the wait woke")
{
    // A loop that slept for a minute and is woken by a descriptor: a deadline set in the callback
    // counts from now, not from before the sleep.
    Loop loop;
    Pipe p;
    Counter readable, late;
    Timer deadline(loop, late);
    Watch watch(loop, p.out.get(), Watch::For::readable, readable);
    const Milliseconds before = loop.now();
    Milliseconds seen{0};
    readable.then = [&] {
        seen = loop.now();
        deadline.set(30s);
    };
    watch.arm();
    std::unique_ptr<Timer> nap;
    Counter woke;
    nap = std::make_unique<Timer>(loop, woke);
    woke.then = [&] { p.put(); };
    nap->set(20ms);
    while (readable.count == 0) loop.turn();
    CHECK(seen >= before + 20ms);
}

TEST_CASE("time stands still within a turn")
{
    Loop loop;
    std::int64_t first = 0, second = 0;
    TestJob a([&] { first = loop.wall_microseconds(); });
    TestJob b([&] {
        be_busy(2ms);
        second = loop.wall_microseconds();
    });
    loop.post(a);
    loop.post(b);
    loop.turn(false);
    CHECK(first == second);
    CHECK(loop.take_longest_turn() >= 2000us);
    CHECK(loop.take_longest_turn() == 0us);
}

// --- descriptors ----------------------------------------------------------------------------

TEST_CASE("a watch tells once for every time it is armed")
{
    Loop loop;
    Pipe p;
    Counter readable;
    Watch watch(loop, p.out.get(), Watch::For::readable, readable);
    p.put();
    loop.turn(false);
    CHECK(readable.count == 0);
    watch.arm();
    watch.arm();
    loop.turn(false);
    CHECK(readable.count == 1);
    loop.turn(false);
    CHECK(readable.count == 1);
    watch.arm();
    watch.disarm();
    loop.turn(false);
    CHECK(readable.count == 1);
}

TEST_CASE("a turn looks at the descriptors once, however much keeps coming")
{
    // EVLOOP_NONBLOCK alone goes on for as long as anything is ready: jobs would starve.
    Loop loop;
    Pipe p;
    Counter readable;
    Watch watch(loop, p.out.get(), Watch::For::readable, readable);
    int ran = 0;
    TestJob job([&] { ++ran; });
    readable.then = [&] {
        if (readable.count < 1000) watch.arm();
    };
    p.put();
    watch.arm();
    for (int turn = 1; turn <= 3; ++turn) {
        loop.post(job);
        loop.turn();
        CHECK(readable.count == turn);
        CHECK(ran == turn);
    }
    loop.turn(false);
    CHECK(readable.count == 4);
}

TEST_CASE("a watch may be destroyed by the one it tells")
{
    Loop loop;
    Pipe p;
    Counter writable;
    auto watch = std::make_unique<Watch>(loop, p.in.get(), Watch::For::writable, writable);
    writable.then = [&] { watch.reset(); };
    watch->arm();
    loop.turn(false);
    CHECK(writable.count == 1);
    CHECK_FALSE(watch);
}

// --- backends -------------------------------------------------------------------------------

TEST_CASE("the backend that was asked for is the one in use")
{
    for (const char* name : {"poll", "select"}) {
        Loop loop(name);
        CHECK(loop.backend() == name);
    }
    CHECK_FALSE(Loop("select").reports_close());
}

TEST_CASE("variables of libevent's in the environment do not change the backend")
{
    const std::string best(Loop().backend());
    for (const char* name : {"EVENT_NOEPOLL", "EVENT_NOKQUEUE", "EVENT_NODEVPOLL"})
        setenv(name, "1", 1);
    const std::string now(Loop().backend());
    for (const char* name : {"EVENT_NOEPOLL", "EVENT_NOKQUEUE", "EVENT_NODEVPOLL"}) unsetenv(name);
    CHECK(now == best);
}
