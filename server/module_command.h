// module_command.h - commands that modules bring along: `ostler sessions list`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/module.h"
#include "server/options.h"

namespace ostler {

/// Null when no module has the command `word`.
const Module* find_module_command(std::string_view word);
/// The words of all such commands.
std::vector<std::string_view> module_command_words();
/// Two lines for each of them, as -h prints them.
std::string module_command_help();

/// Runs options.command with options.words, as the user of the workers.  Returns the exit status.
int run_module_command(const Options&);

}  // namespace ostler
