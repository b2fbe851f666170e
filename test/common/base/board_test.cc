// board_test.cc - numbers of several processes: sums that only grow, whoever dies.
#include "common/base/board.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "common/base/board_text.h"

using namespace ostler;

namespace {

constexpr std::int64_t second = 1'000'000;

constinit const Metric eaten{"ostler_test_eaten_total", "what=\"hay\"", "Meals.",
                             MetricKind::counter};
constinit const Metric eating{"ostler_test_eating", "", "Horses that eat.", MetricKind::gauge};

std::uint64_t value_of(const BoardView& view, std::string_view family)
{
    for (const BoardView::Value& v : view.values)
        if (v.info.family == family) return v.value;
    return 999'999;
}

/// What `work` does in a process that has a slot and then dies without a word.
template <class Work> std::size_t in_a_worker(const Work& work)
{
    const std::size_t slot = Board::take_slot(0, 1);
    REQUIRE(slot > 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        Board::enter(slot, 100 * second);
        work();
        ::kill(::getpid(), SIGKILL);
    }
    Board::set_pid(slot, pid);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return slot;
}

}  // namespace

TEST_CASE("sums of counters survive the processes that counted, gauges do not")
{
    REQUIRE(Board::create());
    Board::place_metric(eaten);
    Board::place_metric(eating);
    const BoardView before = Board::read(100 * second);
    const auto eat = [] {
        eaten.add(3);
        eating.add(2);
        eating.subtract();
    };
    const std::size_t slot = in_a_worker(eat);
    BoardView view = Board::read(100 * second);
    CHECK(value_of(view, "ostler_test_eaten_total") ==
          value_of(before, "ostler_test_eaten_total") + 3);
    CHECK(value_of(view, "ostler_test_eating") == 1);  // not yet known to be dead
    CHECK(view.workers.size() == 1);

    Board::release_slot(slot);
    view = Board::read(100 * second);
    CHECK(value_of(view, "ostler_test_eating") == 0);
    CHECK(view.workers.empty());

    const std::size_t again = in_a_worker(eat);
    CHECK(again == slot);
    view = Board::read(100 * second);
    CHECK(value_of(view, "ostler_test_eaten_total") ==
          value_of(before, "ostler_test_eaten_total") + 6);
    CHECK(value_of(view, "ostler_test_eating") == 1);
    Board::release_slot(again);
}

TEST_CASE("a scope counts by class of status, and has one place however often it is asked for")
{
    REQUIRE(Board::create());
    const std::uint32_t place = Board::place_scope("a\"b", "/x/");
    CHECK(Board::place_scope("a\"b", "/x/") == place);
    CHECK(Board::place_scope("a\"b", "/y/") != place);
    const std::size_t slot = in_a_worker([=] {
        Board::count(place, 200, 100, 500);
        Board::count(place, 404, 10, 2'000);
        Board::count(place, 799, 1, 3'600'000'000);  // nobody sends that
    });
    const BoardView view = Board::read(100 * second);
    Board::release_slot(slot);
    REQUIRE_FALSE(view.scopes.empty());
    const BoardView::Scope& scope = view.scopes.at(view.scopes.size() - 2);
    CHECK(scope.host == "a\"b");
    CHECK(scope.location == "/x/");
    CHECK(scope.by_class == std::array<std::uint64_t, 5>{0, 1, 0, 1, 1});
    CHECK(scope.sent == 111);
    CHECK(view.durations.front() >= 1);
    CHECK(view.durations.back() >= 1);
    CHECK(board_metrics(view).find("ostler_requests_total{host=\"a\\\"b\",location=\"/x/\","
                                   "code=\"4xx\"} 1\n") != std::string::npos);
}

TEST_CASE("what a worker says of itself is there until it is gone")
{
    REQUIRE(Board::create());
    std::array<BoardRequest, 2> requests{};
    requests[0].started_us = 90 * second;
    set_text(requests[0].path, "/later");
    requests[1].started_us = 80 * second;
    set_text(requests[1].path, std::string(500, 'x'));
    const std::size_t slot = in_a_worker([&] {
        Board::publish(BoardWorker{7, 2, 1234}, requests, 20, 99 * second);
    });
    BoardView view = Board::read(100 * second);
    CHECK(view.connections() == 7);
    CHECK(view.in_flight() == 2);
    REQUIRE(view.under_way.size() == 2);
    CHECK(text_of(view.under_way[0].path) == std::string(159, 'x'));  // the oldest first
    CHECK(text_of(view.under_way[1].path) == "/later");
    CHECK(view.per_second[59] == 20);
    CHECK(view.rate() == doctest::Approx(2));
    Board::release_slot(slot);
    view = Board::read(100 * second);
    CHECK(view.under_way.empty());
    CHECK(view.connections() == 0);
    CHECK(view.per_second[59] == 20);  // was answered all the same
}

TEST_CASE("the last errors are kept, the newest first, and no more than there is room for")
{
    REQUIRE(Board::create());
    const std::size_t slot = in_a_worker([] {
        for (int i = 0; i < 40; ++i)
            Board::note_error("error " + std::to_string(i), (200 + i) * second);
    });
    Board::release_slot(slot);
    const BoardView view = Board::read(300 * second);
    REQUIRE(view.errors.size() >= Board::most_errors);
    CHECK(view.errors[0].text == "error 39");
    CHECK(view.errors[Board::most_errors - 1].text == "error 24");
}

TEST_CASE("what has no place counts where nobody reads")
{
    static constinit const Metric lost{"ostler_test_lost", "", "Never placed.",
                                       MetricKind::counter};
    lost.add(5);
    Board::count(0, 200, 1, 1);
    const BoardView view = Board::read(100 * second);
    CHECK(value_of(view, "ostler_test_lost") == 999'999);
}

TEST_CASE("there are only so many slots")
{
    REQUIRE(Board::create());
    std::vector<std::size_t> slots;
    while (const std::size_t slot = Board::take_slot(0, 1)) slots.push_back(slot);
    CHECK(slots.size() == Board::most_slots - 1);
    for (const std::size_t slot : slots) Board::release_slot(slot);
    Board::set_pid(0, 5);  // nobody's: ignored
    CHECK(Board::read(100 * second).workers.empty());
}
