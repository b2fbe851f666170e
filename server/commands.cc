// commands.cc - what the command line asks for beside running.
#include "server/commands.h"

#include <event2/event.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/log.h"
#include "common/base/log_sink.h"
#include "common/base/text.h"
#include "common/module.h"
#include "modules/table.h"
#include "server/build_info.h"
#include "server/config.h"
#include "server/config_audit.h"
#include "server/privileges.h"

namespace ostler {

namespace {

/// False when the reader is gone or the disk is full.
bool put(std::FILE* to, std::string_view text)
{
    const bool written = std::fwrite(text.data(), 1, text.size(), to) == text.size();
    return std::fflush(to) == 0 && written;
}

int print(std::string_view text) { return put(stdout, text) ? exit_ok : exit_runtime; }

std::string count_of(std::size_t n, std::string_view thing)
{
    return cat(n, ' ', thing, n == 1 ? "" : "s");
}

std::string event_method()
{
    event_base* base = ::event_base_new();
    if (!base) return "none";
    const std::string method = ::event_base_get_method(base);
    ::event_base_free(base);
    return method;
}

std::string versions_text()
{
    std::string out = cat(version_text(), '\n');
    if (*OSTLER_BUILD) out += "build: " OSTLER_BUILD "\n";
    append(out, "compiler: ",
#if defined(__clang__)
           "clang ", __clang_version__,
#else
           "gcc ", __VERSION__,
#endif
           '\n', build_info(), "events: ", event_method(),
           "\nconfiguration: ", default_config_file(), "\nmodules:");
    for (const Module* m : module_table()) append(out, ' ', m->name);
    out += '\n';
    return out;
}

int show_modules(const Options& options)
{
    if (options.module.empty()) return print(describe_modules());
    const std::string text = describe_module(options.module);
    if (!text.empty()) return print(text);
    return report_usage(
        cat("there is no module \"", options.module, "\"; \"ostler -m\" lists them"));
}

std::size_t count_errors(const std::vector<Problem>& problems)
{
    return static_cast<std::size_t>(
        std::count_if(problems.begin(), problems.end(),
                      [](const Problem& p) { return p.severity == Problem::Severity::error; }));
}

/// Runs the tests as whom the workers run as; what failed is added to `problems`.
ConfigTestsRun run_tests(Configuration& configuration, std::vector<Problem>& problems)
{
    std::string error;
    if (!become_worker_user(configuration.server, error)) {
        Problem p;
        p.file = configuration.file;
        p.text = cat("the tests cannot be run: ", error);
        problems.push_back(std::move(p));
        return {};
    }
    // What a script or a missing file has to say belongs to the result.
    if (LogSink* sink = LogSink::open("stderr", error)) set_error_log(*sink, Level::error);
    ConfigTestsRun run = run_config_tests(configuration);
    problems.insert(problems.end(), run.problems.begin(), run.problems.end());
    return run;
}

std::string summary(const Options& options, const ConfigTestsRun& run, std::size_t warnings)
{
    std::string text = cat("ostler: ", options.file, " is fine");
    if (warnings) append(text, ", ", count_of(warnings, "warning"));
    if (options.run_tests && run.all) append(text, ", ", count_of(run.all, "test"), " passed");
    if (options.run_tests && !run.all) text += ", no tests";
    return text + '\n';
}

std::string complaint(const Options& options, const ConfigTestsRun& run, std::size_t errors)
{
    if (run.failed)
        return cat("ostler: ", options.file, ": ", run.failed, " of ", count_of(run.all, "test"),
                   " failed; \"ostler explain\" shows how an answer comes about\n");
    return cat("ostler: ", options.file, ": ", count_of(errors, "error"), '\n');
}

int test_configuration(const Options& options)
{
    std::vector<Problem> problems;
    const auto configuration = load_configuration(options.file, problems);
    ConfigTestsRun run;
    if (configuration) audit_configuration(*configuration, problems);
    if (configuration && options.run_tests) run = run_tests(*configuration, problems);
    const std::size_t errors = count_errors(problems);
    const std::size_t warnings = problems.size() - errors;
    if (options.quiet)
        std::erase_if(problems,
                      [](const Problem& p) { return p.severity == Problem::Severity::warning; });
    const bool printing = options.action == Options::Action::print;
    // With -T the configuration is what stdout is for.
    print_problems(problems, options.json && !(printing && configuration));
    if (printing && configuration && print(configuration->print()) != exit_ok) return exit_runtime;
    const bool talks = !options.quiet && !options.json && !(printing && configuration);
    if (errors > 0) {
        if (talks) put(stderr, complaint(options, run, errors));
        return exit_config;
    }
    return talks ? print(summary(options, run, warnings)) : exit_ok;
}

}  // namespace

std::string_view version_text() { return "ostler " OSTLER_VERSION; }

std::optional<int> run_command(const Options& options)
{
    switch (options.action) {
    case Options::Action::help: return print(help_text());
    case Options::Action::version: return print(cat(version_text(), '\n'));
    case Options::Action::versions: return print(versions_text());
    case Options::Action::modules: return show_modules(options);
    case Options::Action::test:
    case Options::Action::print: return test_configuration(options);
    case Options::Action::run:
    case Options::Action::signal:
    case Options::Action::serve:
    case Options::Action::explain:
    case Options::Action::cgi_run:
    case Options::Action::command: break;
    }
    return std::nullopt;
}

int report_usage(std::string_view error)
{
    put(stderr, cat("ostler: ", error, "\nTry \"ostler -h\".\n"));
    return exit_usage;
}

void print_problems(std::span<const Problem> problems, bool json)
{
    if (json) {
        put(stdout, format_problems_json(problems));
        return;
    }
    std::string text;
    for (const Problem& p : problems) text += format_problem(p);
    put(stderr, text);
}

}  // namespace ostler
