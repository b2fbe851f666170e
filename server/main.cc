// main.cc - from the command line to what it asks for.
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include "common/base/text.h"
#include "server/cgi_command.h"
#include "server/commands.h"
#include "server/control.h"
#include "server/explain_command.h"
#include "server/master.h"
#include "server/module_command.h"
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

/// Where the file that was called `name` on the command line is; empty when that is not clear.
/// Not where it was found by the system: after an upgrade another file has the name.
std::string find_program(const std::string& name)
{
    if (name.find('/') != std::string::npos) return absolute(name);
    const char* const path = getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string file = cat(absolute(folder.empty() ? "." : folder), '/', name);
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

int run(const Options& options, const std::string& called)
{
    MasterOptions master;
    if (const std::string program = find_program(called); !program.empty())
        master.program = {program, "-c", absolute(options.file)};
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
    constexpr std::array<std::string_view, 6> names = {"reload", "reopen", "quit",
                                                       "stop",   "status", "upgrade"};
    const bool as_json = options.json && options.signal == Options::Signal::status;
    const std::string_view name =
        as_json ? "status json" : names[static_cast<std::size_t>(options.signal)];
    std::vector<Problem> problems;
    const auto configuration = load_configuration(options.file, problems);
    if (!configuration) {
        // Whoever broke the file may still want to know about the server, or to stop it.
        const std::string guess = guess_pid_file(options.file);
        if (options.signal != Options::Signal::reload &&
            options.signal != Options::Signal::upgrade && !guess.empty())
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
    case Options::Action::command: return run_module_command(*options);
    case Options::Action::cgi_run: return run_cgi_command(*options);
    default: return run(*options, argv[0]);
    }
}
