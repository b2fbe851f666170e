// commands.h - what the command line asks for beside running: tests, tables, versions.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "common/base/problem.h"
#include "server/options.h"

namespace ostler {

/// Does -h, -v, -V, -m, -t and -T and returns the exit code; nothing for actions that need the
/// machine (run, signal, serve).
std::optional<int> run_command(const Options&);

/// Tells about a wrong command line on stderr; returns exit_usage.
int report_usage(std::string_view error);

/// Prints what was found in a configuration: on stderr as text, on stdout as JSON.
void print_problems(std::span<const Problem>, bool json = false);

/// "ostler 0.1.0".
std::string_view version_text();

}  // namespace ostler
