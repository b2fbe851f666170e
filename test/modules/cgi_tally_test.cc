// cgi_tally_test.cc - places that several processes share.
#include "modules/cgi_tally.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

using namespace ostler;
using Answer = CgiTally::Answer;

namespace {

constexpr CgiTally::Limits limits{3, 2, 2};

std::shared_ptr<CgiTally> make_tally()
{
    auto slots = ProcessSlots::make();
    REQUIRE(slots);
    auto tally = CgiTally::make(slots);
    REQUIRE(tally);
    return tally;
}

/// Another worker: does `what`, then waits for its end.
struct Other {
    Other(CgiTally& tally, const std::function<void()>& what)
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        id = ::fork();
        if (id == 0) {
            tally.join();
            what();
            static_cast<void>(::write(ends[1], "x", 1) > 0);
            for (;;) ::pause();
        }
        char byte;
        REQUIRE(::read(ends[0], &byte, 1) == 1);
        ::close(ends[0]);
        ::close(ends[1]);
    }
    ~Other() { end(); }
    void end()
    {
        if (id > 0) ::kill(id, SIGKILL);
        if (id > 0) ::waitpid(id, nullptr, 0);
        id = 0;
    }
    pid_t id = 0;
};

}  // namespace

TEST_CASE("places are those of all workers together")
{
    const auto tally = make_tally();
    const Other other(*tally, [&] {
        tally->take(7, tally->next_ticket(), limits, false);
        tally->take(7, tally->next_ticket(), limits, false);
    });
    REQUIRE(tally->join());
    CHECK(tally->running() == 2);
    CHECK(tally->take(7, tally->next_ticket(), limits, false) == Answer::script_full);
    CHECK(tally->take(8, tally->next_ticket(), limits, false) == Answer::granted);
    CHECK(tally->take(9, tally->next_ticket(), limits, false) == Answer::full);
    CHECK(tally->running() == 3);
    tally->give_back(8);
    CHECK(tally->take(9, tally->next_ticket(), limits, false) == Answer::granted);
}

TEST_CASE("what a dead worker had is free")
{
    const auto tally = make_tally();
    Other other(*tally, [&] {
        for (int i = 0; i < 2; ++i) tally->take(7, tally->next_ticket(), limits, false);
        tally->add_waiting(limits);
        tally->add_waiting(limits);
        tally->publish(tally->next_ticket());
    });
    REQUIRE(tally->join());
    CHECK(tally->take(7, tally->next_ticket(), limits, false) == Answer::script_full);
    CHECK_FALSE(tally->add_waiting(limits));
    other.end();
    CHECK(tally->take(7, tally->next_ticket(), limits, false) == Answer::granted);
    CHECK(tally->add_waiting(limits));
    CHECK(tally->running() == 1);
    CHECK(tally->waiting() == 1);
}

TEST_CASE("who has waited longer elsewhere comes first, is told, and not for ever")
{
    const auto tally = make_tally();
    ::signal(place_signal(), SIG_DFL);  // ignored
    const Other other(*tally, [&] { tally->publish(tally->next_ticket()); });
    REQUIRE(tally->join());
    const std::uint64_t younger = tally->next_ticket();
    CHECK(tally->take(7, younger, limits, false) == Answer::behind);
    CHECK(tally->running() == 0);
    CHECK(tally->take(7, younger, limits, true) == Answer::granted);
}

TEST_CASE("who waits for one script only is in nobody else's way")
{
    const auto tally = make_tally();
    const Other other(*tally, [&] { tally->publish(7, tally->next_ticket()); });
    REQUIRE(tally->join());
    const std::uint64_t younger = tally->next_ticket();
    CHECK(tally->take(7, younger, limits, false) == Answer::behind);
    CHECK(tally->take(8, younger, limits, false) == Answer::granted);
}

TEST_CASE("more scripts than the table holds are counted together only")
{
    const auto tally = make_tally();
    REQUIRE(tally->join());
    constexpr CgiTally::Limits many{1000, 1, 0};
    for (std::uint64_t i = 0; i < 500; ++i)
        CHECK(tally->take(32 * i + 1, tally->next_ticket(), many, false) == Answer::granted);
    CHECK(tally->running() == 500);
    for (std::uint64_t i = 0; i < 500; ++i) tally->give_back(32 * i + 1);
    CHECK(tally->running() == 0);
    CHECK(tally->take(1, tally->next_ticket(), many, false) == Answer::granted);
    CHECK(tally->take(1, tally->next_ticket(), many, false) == Answer::script_full);
}
