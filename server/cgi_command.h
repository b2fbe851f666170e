// cgi_command.h - `ostler cgi run`: one script, run as the server would, shown with everything.
#pragma once

#include <string>
#include <string_view>

#include "server/options.h"

namespace ostler {

/// Runs options.target through the configuration options.file, without a network.  Content goes to
/// stdout, all else to stderr: environment, what was logged, head, times.  Returns the exit status.
int run_cgi_command(const Options&);

/// A string of the configuration language, quotes included.
std::string quoted(std::string_view text);

/// The part of a made-up configuration that makes the files of `folder`/cgi-bin scripts.  They find
/// `state`, when it is not empty, in STATE_FOLDER; `more` are settings of their location.
std::string cgi_configuration(const std::string& folder, const std::string& state = {},
                              std::string_view more = {});

}  // namespace ostler
