// cgi_gate_test.cc - turns and the queue for them.
#include "modules/cgi_gate.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

using namespace ostler;
using Entry = CgiGate::Entry;

namespace {

struct Visitor final : CgiGate::Guest {
    void granted() override { ++turns; }
    int turns = 0;
};

}  // namespace

TEST_CASE("as many run as may, the next ones queue, the rest is refused")
{
    CgiGate gate({2, 2, 1});
    Visitor a, b, c, d;
    CHECK(gate.enter(a, "x") == Entry::granted);
    CHECK(gate.enter(b, "y") == Entry::granted);
    CHECK(gate.enter(c, "z") == Entry::queued);
    CHECK(gate.enter(d, "z") == Entry::refused);
    CHECK(gate.running() == 2);
    gate.leave("x");
    CHECK(c.turns == 1);
    CHECK(gate.running() == 2);
    CHECK(gate.waiting() == 0);
}

TEST_CASE("turns come in the order of arrival")
{
    CgiGate gate({1, 1, 10});
    Visitor first, guests[3];
    gate.enter(first, "x");
    for (Visitor& g : guests) CHECK(gate.enter(g, "x") == Entry::queued);
    for (Visitor& g : guests) {
        CHECK(g.turns == 0);
        gate.leave("x");
        CHECK(g.turns == 1);
    }
    gate.leave("x");
    CHECK(gate.running() == 0);
}

TEST_CASE("a script at its limit does not hold up the others behind it")
{
    CgiGate gate({2, 1, 10});
    Visitor a, b, c;
    CHECK(gate.enter(a, "slow") == Entry::granted);
    CHECK(gate.enter(b, "slow") == Entry::queued);
    CHECK(gate.enter(c, "fast") == Entry::granted);
    gate.leave("fast");
    CHECK(b.turns == 0);
    gate.leave("slow");
    CHECK(b.turns == 1);
}

TEST_CASE("who gives up or dies in the queue makes room in it")
{
    CgiGate gate({1, 1, 1});
    Visitor a, b, c;
    gate.enter(a, "x");
    {
        Visitor gone;
        CHECK(gate.enter(gone, "x") == Entry::queued);
    }
    CHECK(gate.waiting() == 0);
    CHECK(gate.enter(b, "x") == Entry::queued);
    gate.give_up(b);
    CHECK(gate.enter(c, "x") == Entry::queued);
    gate.leave("x");
    CHECK(b.turns == 0);
    CHECK(c.turns == 1);
}

TEST_CASE("with a tally the places are shared, and who waits is asked again when one is free")
{
    const auto tally = CgiTally::make(ProcessSlots::make());
    REQUIRE(tally);
    REQUIRE(tally->join());
    // Two scopes of one worker would have a tally each: here the second stands for another worker.
    CgiGate here({1, 1, 10}, tally), there({1, 1, 10}, tally);
    Loop loop;
    here.join(loop.resident<CgiGates>());
    there.join(loop.resident<CgiGates>());
    Visitor a, b, c;
    CHECK(here.enter(a, "x") == Entry::granted);
    CHECK(there.enter(b, "x") == Entry::queued);
    here.leave("x");
    ::kill(::getpid(), place_signal());
    while (b.turns == 0) loop.turn();
    CHECK(there.running() == 1);
    CHECK(here.enter(c, "y") == Entry::queued);
    there.leave("x");
    while (c.turns == 0) loop.turn();  // by the clock, without a signal
    CHECK(here.waiting() == 0);
}
