// board_text.cc - the board as JSON and as metrics.
#include "common/base/board_text.h"

#include <algorithm>
#include <cstdio>

#include "common/base/json.h"
#include "common/base/text.h"

namespace ostler {

namespace {

double seconds(std::int64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }
double seconds(std::uint64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }

std::string_view state_name(Board::State state)
{
    switch (state) {
    case Board::State::starting: return "starting";
    case Board::State::ready: return "ready";
    case Board::State::leaving: return "leaving";
    }
    return {};
}

void write_server(JsonWriter& w, const BoardView& view)
{
    const BoardServer& s = view.server;
    w.key("server").begin_object().member("version", text_of(s.version)).member("pid", s.pid);
    w.member("state", text_of(s.state)).member("started", s.started_us / 1'000'000);
    w.member("uptime", (view.now_us - s.started_us) / 1'000'000);
    w.member("configuration", text_of(s.configuration)).member("generation", s.generation);
    w.member("loaded", s.loaded_us / 1'000'000).member("last_reload", text_of(s.last_reload));
    w.member("workers_restarted", s.restarts).end_object();
}

void write_requests(JsonWriter& w, const BoardView& view)
{
    w.key("requests").begin_object().member("total", view.requests());
    w.member("per_second", view.rate()).member("in_flight", view.in_flight());
    w.key("last_60_seconds").begin_array();
    for (const std::uint64_t n : view.per_second) w.value(n);
    w.end_array().key("duration").begin_object().member("sum", seconds(view.duration_us));
    w.member("p50", view.quantile(0.5)).member("p95", view.quantile(0.95));
    w.member("p99", view.quantile(0.99)).key("buckets").begin_array();
    for (std::size_t i = 0; i < view.durations.size(); ++i) {
        w.begin_object().key("up_to");
        if (i < duration_bounds_us.size())
            w.value(duration_bounds_us[i] / 1e6);
        else
            w.value("more");
        w.member("count", view.durations[i]).end_object();
    }
    w.end_array().end_object().end_object();
    w.member("connections", view.connections());
}

void write_lists(JsonWriter& w, const BoardView& view)
{
    w.key("workers").begin_array();
    for (const BoardView::Worker& worker : view.workers) {
        w.begin_object().member("index", worker.index).member("pid", worker.pid);
        w.member("state", state_name(worker.state)).member("generation", worker.generation);
        w.member("started", worker.started_us / 1'000'000);
        w.member("connections", worker.facts.connections);
        w.member("in_flight", worker.facts.in_flight);
        w.member("longest_turn", seconds(worker.facts.longest_turn_us)).end_object();
    }
    w.end_array().key("in_flight").begin_array();
    for (const BoardRequest& r : view.under_way) {
        w.begin_object().member("id", text_of(r.id)).member("client", text_of(r.client));
        w.member("method", text_of(r.method)).member("host", text_of(r.host));
        w.member("path", text_of(r.path)).member("age", seconds(view.now_us - r.started_us));
        w.end_object();
    }
    w.end_array().key("scopes").begin_array();
    for (const BoardView::Scope& s : view.scopes) {
        w.begin_object().member("host", s.host).member("location", s.location);
        for (std::size_t i = 0; i < s.by_class.size(); ++i)
            w.member(cat(i + 1, "xx"), s.by_class[i]);
        w.member("sent", s.sent).end_object();
    }
    w.end_array().key("modules").begin_array();
    for (const BoardView::Value& v : view.values) {
        w.begin_object().member("name", v.info.family).member("labels", v.info.labels);
        w.member("about", v.info.help).member("value", v.value).end_object();
    }
    w.end_array().key("errors").begin_array();
    for (const BoardView::Error& e : view.errors)
        w.begin_object().member("time", e.at_us / 1'000'000).member("text", e.text).end_object();
    w.end_array();
}

std::string number(double n)
{
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.10g", n);
    return digits;
}

/// Families in the order in which they are first seen, each with its head once.
class Metrics {
 public:
    explicit Metrics(std::string& out) : out_(out) {}

    void family(std::string_view name, std::string_view type, std::string_view help)
    {
        append(out_, "# HELP ", name, ' ', help, "\n# TYPE ", name, ' ', type, '\n');
    }
    void sample(std::string_view name, std::string_view labels, std::string_view value)
    {
        append(out_, name);
        if (!labels.empty()) append(out_, '{', labels, '}');
        append(out_, ' ', value, '\n');
    }
    void one(std::string_view name, std::string_view type, std::string_view help, double value)
    {
        family(name, type, help);
        sample(name, {}, number(value));
    }

 private:
    std::string& out_;
};

std::string scope_labels(const BoardView::Scope& s)
{
    std::string out;
    for (const auto& [name, value] :
         {std::pair("host", &s.host), std::pair("location", &s.location)}) {
        append(out, out.empty() ? "" : ",", name, "=\"");
        for (const char c : *value) {
            if (c == '\\' || c == '"') out += '\\';
            if (c == '\n')
                out += "\\n";
            else
                out += c;
        }
        out += '"';
    }
    return out;
}

void write_histogram(Metrics& m, const BoardView& view)
{
    constexpr std::string_view name = "ostler_request_duration_seconds";
    m.family(name, "histogram", "From the first byte of a request to the last one of its answer.");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < view.durations.size(); ++i) {
        sum += view.durations[i];
        const std::string bound =
            i < duration_bounds_us.size() ? number(duration_bounds_us[i] / 1e6) : "+Inf";
        m.sample(cat(name, "_bucket"), cat("le=\"", bound, '"'), cat(sum));
    }
    m.sample(cat(name, "_sum"), {}, number(seconds(view.duration_us)));
    m.sample(cat(name, "_count"), {}, cat(sum));
}

void write_scopes(Metrics& m, const BoardView& view)
{
    m.family("ostler_requests_total", "counter", "Requests answered.");
    for (const BoardView::Scope& s : view.scopes)
        for (std::size_t i = 0; i < s.by_class.size(); ++i)
            m.sample("ostler_requests_total", cat(scope_labels(s), ",code=\"", i + 1, "xx\""),
                     cat(s.by_class[i]));
    m.family("ostler_sent_bytes_total", "counter", "Bytes sent, heads included.");
    for (const BoardView::Scope& s : view.scopes)
        m.sample("ostler_sent_bytes_total", scope_labels(s), cat(s.sent));
}

}  // namespace

std::string board_json(const BoardView& view)
{
    std::string out;
    JsonWriter w(out);
    w.begin_object();
    write_server(w, view);
    write_requests(w, view);
    write_lists(w, view);
    w.end_object();
    return out + "\n";
}

std::string board_metrics(const BoardView& view)
{
    std::string out;
    Metrics m(out);
    m.family("ostler_build_info", "gauge", "The version that runs.");
    m.sample("ostler_build_info", cat("version=\"", text_of(view.server.version), '"'), "1");
    m.one("ostler_start_time_seconds", "gauge", "When the master started, since 1970.",
          static_cast<double>(view.server.started_us / 1'000'000));
    m.one("ostler_config_generation", "gauge", "Number of the configuration in force.",
          static_cast<double>(view.server.generation));
    m.one("ostler_config_load_time_seconds", "gauge", "When it was loaded, since 1970.",
          static_cast<double>(view.server.loaded_us / 1'000'000));
    m.one("ostler_workers", "gauge", "Worker processes.", static_cast<double>(view.workers.size()));
    m.one("ostler_workers_restarted_total", "counter", "Workers that died and were replaced.",
          static_cast<double>(view.server.restarts));
    m.one("ostler_connections", "gauge", "Open connections.",
          static_cast<double>(view.connections()));
    m.one("ostler_requests_in_flight", "gauge", "Requests under way.",
          static_cast<double>(view.in_flight()));
    write_scopes(m, view);
    write_histogram(m, view);
    std::vector<std::string_view> done;
    for (const BoardView::Value& first : view.values) {
        const std::string& name = first.info.family;
        if (std::find(done.begin(), done.end(), name) != done.end()) continue;
        done.push_back(name);
        m.family(name, first.info.kind == MetricKind::gauge ? "gauge" : "counter", first.info.help);
        for (const BoardView::Value& v : view.values)
            if (v.info.family == name) m.sample(name, v.info.labels, cat(v.value));
    }
    return out;
}

}  // namespace ostler
