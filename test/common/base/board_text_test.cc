// board_text_test.cc - the board for programs.
#include "common/base/board_text.h"

#include <doctest/doctest.h>

using namespace ostler;

namespace {

BoardView sample()
{
    BoardView view;
    view.now_us = 1'000'000'000;
    view.server.started_us = 900'000'000;
    view.server.generation = 2;
    set_text(view.server.version, "1.2.3");
    set_text(view.server.state, "serving");
    view.workers.push_back({12, 900'000'000, 0, 2, Board::State::ready, {3, 1, 2'000}});
    view.scopes.push_back({"a.example", "/", {0, 5, 1, 0, 0}, 700});
    view.durations[0] = 4;
    view.durations[1] = 1;
    view.durations.back() = 1;
    view.duration_us = 90'000'000;
    view.values.push_back({{"ostler_x_total", "a=\"1\"", "Xs.", MetricKind::counter}, 8});
    view.values.push_back({{"ostler_y", "", "Ys.", MetricKind::gauge}, 9});
    view.values.push_back({{"ostler_x_total", "a=\"2\"", "Xs.", MetricKind::counter}, 7});
    view.errors.push_back({999'000'000, "bad \"x\""});
    return view;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("metrics have their families together, and a histogram that adds up")
{
    const std::string text = board_metrics(sample());
    for (const char* part :
         {"ostler_build_info{version=\"1.2.3\"} 1\n", "ostler_connections 3\n",
          "ostler_requests_total{host=\"a.example\",location=\"/\",code=\"2xx\"} 5\n",
          "ostler_sent_bytes_total{host=\"a.example\",location=\"/\"} 700\n",
          "ostler_request_duration_seconds_bucket{le=\"0.001\"} 4\n",
          "ostler_request_duration_seconds_bucket{le=\"30\"} 5\n",
          "ostler_request_duration_seconds_bucket{le=\"+Inf\"} 6\n",
          "ostler_request_duration_seconds_sum 90\n", "ostler_request_duration_seconds_count 6\n",
          "# HELP ostler_x_total Xs.\n# TYPE ostler_x_total counter\nostler_x_total{a=\"1\"} 8\n"
          "ostler_x_total{a=\"2\"} 7\n",
          "# TYPE ostler_y gauge\nostler_y 9\n"}) {
        CAPTURE(part);
        CHECK(has(text, part));
    }
}

TEST_CASE("JSON says the same")
{
    const std::string text = board_json(sample());
    for (const char* part :
         {"\"version\": \"1.2.3\"", "\"uptime\": 100", "\"total\": 6", "\"connections\": 3",
          "\"host\": \"a.example\", \"location\": \"/\", \"1xx\": 0, \"2xx\": 5",
          "{\"name\": \"ostler_y\", \"labels\": \"\", \"about\": \"Ys.\", \"value\": 9}",
          "{\"time\": 999, \"text\": \"bad \\\"x\\\"\"}", "{\"up_to\": \"more\", \"count\": 1}"}) {
        CAPTURE(part);
        CHECK(has(text, part));
    }
}

TEST_CASE("a quantile is an upper bound out of the histogram")
{
    const BoardView view = sample();
    CHECK(view.quantile(0.5) == doctest::Approx(0.001));
    CHECK(view.quantile(0.8) == doctest::Approx(0.0025));
    CHECK(view.quantile(1) == doctest::Approx(30));
    CHECK(BoardView().quantile(0.5) == 0);
}
