// accesslog.cc - one line a request, when its last byte has left: NCSA combined, JSON or as you
// like.
//
// Runs on every request: nothing here allocates, and the sink never waits (common/base/log_sink.h).
#include "modules/accesslog.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/base/log.h"
#include "common/base/log_line.h"
#include "common/base/log_sink.h"
#include "common/base/section.h"
#include "common/exchange.h"

namespace ostler {

namespace {

/// "304" or "4xx"; 0 for anything else.
int status_pattern(std::string_view text)
{
    if (text.size() != 3 || text[0] < '1' || text[0] > '5') return 0;
    if (text.substr(1) == "xx") return text[0] - '0';
    if (!is_digit(text[1]) || !is_digit(text[2])) return 0;
    return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

void read_file(AccesslogConf& conf, Section& section)
{
    constexpr const char* about = "where lines go: a path, stdout, stderr, syslog, syslog:FACILITY "
                                  "or off";
    std::string file = conf.file;  // printed when the key is absent
    if (!section.get_log_target("file", file, about)) return;
    const std::string problem = LogSink::problem_with(file);
    if (!problem.empty()) return section.error("file", problem);
    conf.file = file;
}

void read_format(AccesslogConf& conf, Section& section)
{
    section.get("cookies", conf.cookies,
                "cookies whose values %{NAME}C writes; of others it says \"redacted\"");
    section.get("format", conf.format,
                "combined, common, vhost_combined, json, terminal, or a string of % directives");
    std::string error;
    conf.compiled = compile_access_format(conf.format, false, error, conf.cookies);
    if (!conf.compiled) section.error("format", error);
}

void read_skip(AccesslogConf& conf, Section& section)
{
    std::vector<std::string> list;
    if (!section.get("skip", list,
                     "requests without a line: path prefixes (\"/health\") and "
                     "statuses (\"304\", \"2xx\")"))
        return;
    conf.skip = {};
    for (const std::string& item : list) {
        if (item.starts_with('/'))
            conf.skip.paths.push_back(item);
        else if (const int status = status_pattern(item))
            conf.skip.statuses.push_back(status);
        else
            section.error("skip", cat('"', item,
                                      "\" is neither a path, which starts with /, nor a "
                                      "status like 304 or 2xx"));
    }
}

void configure(AccesslogConf& conf, Section& section)
{
    read_file(conf, section);
    read_format(conf, section);
    read_skip(conf, section);
}

bool colours_wanted(const LogSink& sink)
{
    const char* const no_color = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    if (no_color && *no_color) return false;
    return sink.is_terminal() && !(terminal && std::string_view(terminal) == "dumb");
}

bool open(AccesslogConf& conf)
{
    conf.sink = nullptr;
    if (conf.file == "off") return true;
    std::string error;
    LogSink* const sink = LogSink::open(conf.file, error);
    if (!sink) {
        log_error("accesslog: ", conf.file, ": ", error);
        return false;
    }
    conf.compiled = compile_access_format(conf.format, colours_wanted(*sink), error, conf.cookies);
    if (!conf.compiled) {
        log_error("accesslog: format: ", error);
        return false;
    }
    conf.sink = sink;
    return true;
}

void log(const Exchange& exchange, const AccesslogConf& conf)
{
    if (!conf.sink) return;
    if (!conf.skip.empty() && conf.skip.matches(exchange)) return;
    static char memory[access_line_size];
    LogLine line(memory, sizeof memory - 1);  // the newline always has its place
    conf.compiled->write(line, exchange);
    memory[line.size()] = '\n';
    conf.sink->write({memory, line.size() + 1});
}

}  // namespace

bool AccessSkip::matches(const Exchange& exchange) const
{
    const int status = access_status(exchange);
    for (const int s : statuses)
        if (s == status || s == status / 100) return true;
    return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
        return exchange.request.path.starts_with(path);
    });
}

bool has_request_line(const Exchange& exchange) { return !exchange.request.target.empty(); }

int access_status(const Exchange& exchange)
{
    constexpr int client_left = 499;  // as nginx has it, and log analysers know it
    if (!exchange.traffic.complete && exchange.traffic.sent == 0) return client_left;
    return to_int(exchange.response.status);
}

extern const Module accesslog_module;
constexpr Module accesslog_module{.name = "accesslog",
                                  .about = "one line a request, in NCSA combined format, as JSON "
                                           "or in a format of your own",
                                  .config = conf<configure>,
                                  .open = on<open>,
                                  .log = on<log>};

}  // namespace ostler
