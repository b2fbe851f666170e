// options.h - the command line as a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace ostler {

/// What the process says to its caller.
enum ExitCode : int {
    exit_ok = 0,
    exit_runtime = 1,  ///< the world's fault: a port is taken, a file is gone
    exit_usage = 2,    ///< the command line is wrong
    exit_config = 78,  ///< the configuration is wrong (EX_CONFIG of sysexits.h)
};

struct Options {
    enum class Action : unsigned char {
        run,       ///< ostler [-c FILE] [-D]
        test,      ///< -t
        print,     ///< -T
        modules,   ///< -m [MODULE]
        version,   ///< -v
        versions,  ///< -V
        signal,    ///< -s SIGNAL
        serve,     ///< serve [DIR]
        cgi_run,   ///< cgi run TARGET
        explain,   ///< explain [METHOD] URL
        command,   ///< a module's: sessions list
        help,      ///< -h
    };
    enum class Signal : unsigned char { reload, reopen, quit, stop, status, upgrade };

    Action action = Action::run;
    std::string file;  ///< -c; the compiled-in path unless given
    bool file_given = false;
    bool foreground = false;  ///< -D
    bool quiet = false;       ///< -q
    bool json = false;        ///< --json
    std::string module;       ///< -m MODULE; empty: all
    Signal signal = Signal::status;

    bool run_tests = false;   ///< --run-tests: those of the configuration, too

    std::string target;          ///< cgi run: PATH[?QUERY]

    // explain
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> fields;  ///< --header
    std::string from;          ///< --from ADDRESS; empty: this machine
    bool environment = false;  ///< --environment: with the variables of a script
    std::string command;             ///< a module's own, and what stands behind it
    std::vector<std::string> words;

    // serve
    std::string folder = ".";
    int port = 8080;          ///< -p; 0: any free one; 8443 with --https
    bool port_given = false;  ///< not: take the next one when it is taken
    bool cgi = false;         ///< --cgi: files below cgi-bin are scripts
    bool open = false;        ///< --open: show it in a browser
    bool lan = false;         ///< --lan: not only for this machine
    bool https = false;       ///< --https: with a certificate for localhost
};

/// The file that is read without -c.
const char* default_config_file();

/// The error is one sentence that says what would be right, without the program's name.
Result<Options, std::string> parse_options(int argc, const char* const* argv);

/// What -h prints.
std::string help_text();

}  // namespace ostler
