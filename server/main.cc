// main.cc - from the command line to what it asks for.
#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "server/cgi_command.h"
#include "server/commands.h"
#include "server/control.h"
#include "server/explain_command.h"
#include "server/master.h"
#include "server/options.h"
#include "server/serve.h"
#include "server/service.h"

namespace {

using namespace ostler;

/// A daemon leaves the folder it was started in.
std::string absolute(const std::string& path)
{
    char folder[PATH_MAX];
    if (path.starts_with('/') || !getcwd(folder, sizeof folder)) return path;
    return cat(static_cast<const char*>(folder), '/', path);
}

/// Somebody who waits for us to end is not left: a supervisor, or a person at a terminal.
bool stays_in_foreground(const Options& options)
{
    return options.foreground || find_supervisor() != Supervisor::none || isatty(STDERR_FILENO);
}

int run(const Options& options)
{
    MasterOptions master;
    master.load = [file = absolute(options.file)](std::vector<Problem>& problems) {
        return load_configuration(file, problems);
    };
    master.background = !stays_in_foreground(options);
    return Master(std::move(master)).run();
}

/// The pid file out of a configuration that cannot be loaded; empty when it is not obvious.
std::string guess_pid_file(const std::string& file)
{
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::size_t key = text.find("pid_file");
    if (key == std::string::npos) return {};
    const std::size_t open = text.find_first_not_of(" \t=:", key + 8);
    if (open == std::string::npos || text[open] != '"') return {};
    const std::size_t close = text.find('"', open + 1);
    const std::string path = text.substr(open + 1, close - open - 1);
    return path.starts_with('/') ? path : std::string();
}

int send_signal(const Options& options)
{
    // In the order of Options::Signal.
    constexpr std::array<std::string_view, 5> names = {"reload", "reopen", "quit", "stop",
                                                       "status"};
    const bool as_json = options.json && options.signal == Options::Signal::status;
    const std::string_view name =
        as_json ? "status json" : names[static_cast<std::size_t>(options.signal)];
    std::vector<Problem> problems;
    const auto configuration = load_configuration(options.file, problems);
    if (!configuration) {
        // Whoever broke the file may still want to know about the server, or to stop it.
        const std::string guess = guess_pid_file(options.file);
        if (options.signal != Options::Signal::reload && !guess.empty())
            return send_command(guess, name);
        print_problems(problems);
        return exit_config;
    }
    return send_command(configuration->server.pid_file, name);
}

}  // namespace

int main(int argc, char** argv)
{
    const auto options = parse_options(argc, argv);
    if (!options) return report_usage(options.error());
    if (const auto status = run_command(*options)) return *status;
    switch (options->action) {
    case Options::Action::signal: return send_signal(*options);
    case Options::Action::serve: return serve_folder(*options);
    case Options::Action::explain: return explain_command(*options);
    case Options::Action::cgi_run: return run_cgi_command(*options);
    default: return run(*options);
    }
}
