// status_page.cc - the board as a page: what is under way first, sums below.
#include "modules/status_page.h"

#include <algorithm>
#include <cstdio>

#include "common/base/local_time.h"
#include "common/base/text.h"

namespace ostler {

namespace {

void append_html(std::string& out, std::string_view text)
{
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
        }
    }
}

std::string html(std::string_view text)
{
    std::string out;
    append_html(out, text);
    return out;
}

std::string grouped(std::uint64_t n)
{
    std::string digits = cat(n);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
    return digits;
}

std::string decimal(double n, const char* format = "%.1f")
{
    char digits[40];
    std::snprintf(digits, sizeof digits, format, n);
    return digits;
}

std::string size(std::uint64_t bytes)
{
    constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double n = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; n >= 1024 && unit + 1 < std::size(units); ++unit) n /= 1024;
    return cat(unit == 0 ? cat(bytes) : decimal(n), ' ', units[unit]);
}

/// "250 ms", "3.2 s", "5m 12s", "3d 4h".
std::string span_of(std::int64_t us)
{
    us = std::max<std::int64_t>(us, 0);
    const std::int64_t s = us / 1'000'000;
    if (us < 1'000'000)
        return cat(us % 1000 == 0 ? cat(us / 1000) : decimal(static_cast<double>(us) / 1e3), " ms");
    if (s < 60) return cat(decimal(static_cast<double>(us) / 1e6), " s");
    if (s < 3600) return cat(s / 60, "m ", s % 60, 's');
    if (s < 86400) return cat(s / 3600, "h ", s % 3600 / 60, 'm');
    return cat(s / 86400, "d ", s % 86400 / 3600, 'h');
}

std::string clock_of(std::int64_t us)
{
    return std::string(local_time(us / 1'000'000).date_time, 19);
}

class Page {
 public:
    explicit Page(const BoardView& view) : view_(view) {}

    std::string write()
    {
        const BoardServer& s = view_.server;
        out_ =
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Status of ostler</title>\n"
            "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n"
            "<link rel=\"stylesheet\" href=\"status.css\">\n"
            "<script src=\"status.js\" defer></script>\n</head>\n<body>\n<header>\n"
            "<h1>Status of ostler</h1>\n<p>";
        append(out_, html(text_of(s.version)), ", ", html(text_of(s.state)), " since ",
               clock_of(s.started_us), " (", span_of(view_.now_us - s.started_us), ")</p>\n",
               "<p><button type=\"button\" id=\"pause\" hidden>Pause</button> "
               "<a href=\"json\">JSON</a> <a href=\"metrics\">Metrics</a></p>\n",
               "</header>\n<main>\n");
        write_figures();
        write_seconds();
        write_under_way();
        write_scopes();
        write_durations();
        write_modules();
        write_workers();
        write_errors();
        return std::move(out_) + "</main>\n</body>\n</html>\n";
    }

 private:
    void figure(std::string_view name, std::string_view value)
    {
        append(out_, "<div><dt>", name, "</dt><dd>", value, "</dd></div>\n");
    }

    void write_figures()
    {
        std::uint64_t sent = 0;
        for (const auto& scope : view_.scopes) sent += scope.sent;
        out_ += "<dl class=\"figures\">\n";
        figure("Requests a second", decimal(view_.rate()));
        figure("Under way", grouped(view_.in_flight()));
        figure("Connections", grouped(view_.connections()));
        figure("Requests", grouped(view_.requests()));
        figure("Sent", size(sent));
        figure("Half within", span_of(static_cast<std::int64_t>(view_.quantile(0.5) * 1e6)));
        figure("99% within", span_of(static_cast<std::int64_t>(view_.quantile(0.99) * 1e6)));
        out_ += "</dl>\n";
    }

    void write_seconds()
    {
        const std::uint64_t most = std::max<std::uint64_t>(
            1, *std::max_element(view_.per_second.begin(), view_.per_second.end()));
        append(out_,
               "<figure><svg viewBox=\"0 0 240 40\" preserveAspectRatio=\"none\" role=\"img\" "
               "aria-label=\"Requests in each of the last 60 seconds, ",
               grouped(most), " at most\">\n");
        for (std::size_t i = 0; i < view_.per_second.size(); ++i) {
            const std::uint64_t height = view_.per_second[i] * 40 / most;
            if (view_.per_second[i])
                append(out_, "<rect x=\"", i * 4, "\" y=\"",
                       40 - std::max<std::uint64_t>(height, 1), "\" width=\"3\" height=\"",
                       std::max<std::uint64_t>(height, 1), "\"/>");
        }
        append(out_, "</svg><figcaption>Requests in the last 60 seconds; the highest bar is ",
               grouped(most), " a second</figcaption></figure>\n");
    }

    void begin_table(std::string_view caption, std::initializer_list<std::string_view> heads)
    {
        append(out_, "<table>\n<caption>", caption, "</caption>\n<thead><tr>");
        for (const std::string_view head : heads) append(out_, "<th scope=\"col\">", head, "</th>");
        out_ += "</tr></thead>\n<tbody>\n";
        columns_ = heads.size();
    }
    void row(std::initializer_list<std::string> cells)
    {
        out_ += "<tr>";
        for (const std::string& cell : cells) append(out_, "<td>", cell, "</td>");
        out_ += "</tr>\n";
    }
    void none(std::string_view text)
    {
        append(out_, "<tr class=\"none\"><td colspan=\"", columns_, "\">", text, "</td></tr>\n");
    }
    void end_table() { out_ += "</tbody>\n</table>\n"; }

    void write_under_way()
    {
        begin_table("Under way", {"Age", "Request", "Host", "Client", "Id"});
        for (const BoardRequest& r : view_.under_way)
            row({span_of(view_.now_us - r.started_us),
                 cat(html(text_of(r.method)), ' ', html(text_of(r.path))), html(text_of(r.host)),
                 html(text_of(r.client)), html(text_of(r.id))});
        if (view_.under_way.empty()) none("Nothing.");
        end_table();
    }

    void write_scopes()
    {
        begin_table("Hosts and locations",
                    {"Host", "Location", "2xx", "3xx", "4xx", "5xx", "Sent"});
        for (const BoardView::Scope& s : view_.scopes)
            row({s.host.empty() ? "<i>any other</i>" : html(s.host), html(s.location),
                 grouped(s.by_class[1]), grouped(s.by_class[2]), grouped(s.by_class[3]),
                 grouped(s.by_class[4]), size(s.sent)});
        end_table();
    }

    void write_durations()
    {
        const double all = static_cast<double>(std::max<std::uint64_t>(view_.requests(), 1));
        begin_table("How long requests took", {"Up to", "Requests", "Part"});
        for (std::size_t i = 0; i < view_.durations.size(); ++i) {
            const bool last = i == duration_bounds_us.size();
            const double part = static_cast<double>(view_.durations[i]) / all;
            const std::string percent = decimal(part * 100);
            row({last ? "longer" : span_of(duration_bounds_us[i]), grouped(view_.durations[i]),
                 cat("<meter min=\"0\" max=\"100\" value=\"", percent, "\">", percent, "%</meter> ",
                     percent, '%')});
        }
        end_table();
    }

    /// Families are ostler_MODULE_WHAT: a table a module.
    void write_modules()
    {
        std::vector<std::string> done;
        const auto module_of = [](const std::string& family) {
            const std::size_t from = std::string_view("ostler_").size();
            return family.substr(from, family.find('_', from) - from);
        };
        const auto title_of = [](const std::string& module) -> std::string {
            if (module == "cgi") return "Scripts";
            if (module == "session") return "Sessions";
            return html(module);
        };
        for (const BoardView::Value& first : view_.values) {
            const std::string module = module_of(first.info.family);
            if (std::find(done.begin(), done.end(), module) != done.end()) continue;
            done.push_back(module);
            begin_table(title_of(module), {"What", "Which", "Number"});
            for (const BoardView::Value& v : view_.values)
                if (module_of(v.info.family) == module)
                    row({html(v.info.help), html(v.info.labels), grouped(v.value)});
            end_table();
        }
    }

    void write_workers()
    {
        begin_table("Workers", {"Process", "State", "Up", "Generation", "Connections", "Under way",
                                "Longest turn"});
        for (const BoardView::Worker& w : view_.workers) {
            const char* state = w.state == Board::State::ready     ? "ready"
                                : w.state == Board::State::leaving ? "leaving"
                                                                   : "starting";
            row({cat(w.index, " (", w.pid, ')'), state, span_of(view_.now_us - w.started_us),
                 cat(w.generation), grouped(w.facts.connections), grouped(w.facts.in_flight),
                 span_of(static_cast<std::int64_t>(w.facts.longest_turn_us))});
        }
        end_table();
        append(out_, "<p>", grouped(view_.server.restarts),
               " workers died and were replaced. Configuration ",
               html(text_of(view_.server.configuration)), ", loaded ",
               clock_of(view_.server.loaded_us), ".</p>\n");
    }

    void write_errors()
    {
        begin_table("Last errors and warnings", {"Line of the log"});
        constexpr std::size_t most = 20;
        for (std::size_t i = 0; i < std::min(view_.errors.size(), most); ++i)
            row({html(view_.errors[i].text)});
        if (view_.errors.empty()) none("None.");
        end_table();
    }

    const BoardView& view_;
    std::string out_;
    std::size_t columns_ = 0;
};

}  // namespace

std::string status_page(const BoardView& view) { return Page(view).write(); }

constexpr std::string_view status_style =
    R"asset(/* status.css - the colours are those of the listings. */
:root {
  color-scheme: light dark;
  --paper: #fbf8f3; --ink: #23201c; --soft: #6a6259; --line: #ddd3c4; --box: #f2ebdf; --link: #7a4312;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1d1a17; --ink: #ece5da; --soft: #b3a898; --line: #443c33; --box: #29241f; --link: #e9b483;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 64rem; padding: 1rem 1.25rem 3rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0.5rem 0; font-size: clamp(1.2rem, 4vw, 1.7rem); line-height: 1.25; }
p { margin: 0.25rem 0; color: var(--soft); }
a { color: var(--link); }
button { font: inherit; color: inherit; background: var(--box); border: 1px solid var(--line); border-radius: 0.3rem; padding: 0 0.6rem; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.figures { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1rem 0; }
.figures div { background: var(--box); border-radius: 0.4rem; padding: 0.4rem 0.8rem; min-width: 8rem; }
dt { color: var(--soft); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
svg { width: 100%; height: 4rem; background: var(--box); fill: var(--link); display: block; }
figcaption { color: var(--soft); font-size: 0.85rem; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 0; font-variant-numeric: tabular-nums; }
caption { text-align: start; font-weight: 600; padding: 0.25rem 0; }
th, td { text-align: start; padding: 0.2rem 0.6rem 0.2rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 400; font-size: 0.85rem; }
.none td { color: var(--soft); }
meter { width: 6rem; }
@media print { button { display: none; } }
)asset";

constexpr std::string_view status_script =
    R"asset(// status.js - asks again every two seconds; the page works without it.
"use strict";
const button = document.getElementById("pause");
let paused = false;
button.hidden = false;
button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? "Go on" : "Pause";
});
async function refresh() {
  if (!paused && !document.hidden) {
    try {
      const answer = await fetch("./", { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
      document.querySelector("header p").replaceWith(document.adoptNode(page.querySelector("header p")));
    } catch (error) {
      document.querySelector("header p").textContent = "The server does not answer.";
    }
  }
  setTimeout(refresh, 2000);
}
setTimeout(refresh, 2000);
)asset";

}  // namespace ostler
