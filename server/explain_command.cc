// explain_command.cc - `ostler explain`.
#include "server/explain_command.h"

#include <cstdio>

#include "common/base/log_sink.h"
#include "common/base/text.h"
#include "server/commands.h"
#include "server/explain.h"
#include "server/privileges.h"

namespace ostler {

namespace {

/// A name without a scheme is what people type: example.org/x.
std::string complete_url(const std::string& url)
{
    const bool complete =
        url.starts_with('/') || url == "*" || url.find("://") != std::string::npos;
    return complete ? url : cat("http://", url);
}

/// Only what is wrong with the server itself is worth a line beside the explanation.
void quieten_log()
{
    std::string error;
    if (LogSink* sink = LogSink::open("stderr", error)) set_error_log(*sink, Level::error);
}

}  // namespace

int explain_command(const Options& options)
{
    Asked asked;
    asked.method = options.method;
    asked.fields = options.fields;
    if (!options.from.empty()) asked.from = options.from;
    if (!set_url(asked, complete_url(options.url)))
        return report_usage(cat("explain: \"", options.url,
                                "\" is neither a URL such as http://example.org/x nor a path"));
    for (const auto& [name, value] : options.fields)
        if (same_ignoring_case(name, "host")) asked.host = value;
    std::vector<Problem> problems;
    const auto configuration = load_configuration(options.file, problems);
    if (!configuration) {
        print_problems(problems);
        return exit_config;
    }
    std::string error;
    if (!become_worker_user(configuration->server, error)) {
        std::fprintf(stderr, "ostler: %s\n", error.c_str());
        return exit_runtime;
    }
    quieten_log();
    InProcess server(*configuration);
    const Explanation e = explain_request(*configuration, server, asked);
    const std::string text =
        options.json ? explanation_json(e) : explanation_text(e, options.environment);
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return std::fflush(stdout) == 0 && written ? exit_ok : exit_runtime;
}

}  // namespace ostler
