// process_slots_test.cc - numbers that end with their process.
#include "common/base/process_slots.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>

using namespace ostler;

namespace {

/// A process that claims a slot, tells it, and waits for its end.
struct Claimant {
    explicit Claimant(ProcessSlots& slots)
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        id = ::fork();
        if (id == 0) {
            const int claimed = slots.claim();
            static_cast<void>(::write(ends[1], &claimed, sizeof claimed) > 0);
            for (;;) ::pause();
        }
        REQUIRE(::read(ends[0], &slot, sizeof slot) == sizeof slot);
        ::close(ends[0]);
        ::close(ends[1]);
    }
    ~Claimant() { end(); }
    void end()
    {
        if (id > 0) ::kill(id, SIGKILL);
        if (id > 0) ::waitpid(id, nullptr, 0);
        id = 0;
    }
    pid_t id = 0;
    int slot = -1;
};

}  // namespace

TEST_CASE("each process gets a slot of its own, and the same when it asks again")
{
    const auto slots = ProcessSlots::make();
    REQUIRE(slots);
    CHECK(slots->claim() == 0);
    CHECK(slots->claim() == 0);
    const Claimant second(*slots), third(*slots);
    CHECK(second.slot == 1);
    CHECK(third.slot == 2);
}

TEST_CASE("a slot is held by a living process only")
{
    const auto slots = ProcessSlots::make();
    REQUIRE(slots);
    Claimant first(*slots);
    CHECK(slots->claim() == 1);
    CHECK_FALSE(slots->hold(0));
    CHECK_FALSE(slots->hold(1));
    CHECK(slots->hold(2));
    slots->release(2);
    first.end();
    CHECK(slots->hold(0));
    slots->release(0);
    const Claimant next(*slots);
    CHECK(next.slot == 0);
}

TEST_CASE("shared memory is shared with processes forked later")
{
    auto* const number = static_cast<int*>(map_shared(sizeof(int)));
    REQUIRE(number);
    CHECK(*number == 0);
    const pid_t id = ::fork();
    if (id == 0) {
        *number = 7;
        ::_exit(0);
    }
    ::waitpid(id, nullptr, 0);
    CHECK(*number == 7);
}
