// cgi_sendfile.h - X-Sendfile: a script names the file that is its answer.
#pragma once

#include <string_view>

#include "common/exchange.h"
#include "modules/cgi_conf.h"

namespace ostler {

/// Answers with the file at the absolute path `file`, when it is below a folder of cgi.sendfile.
/// The response's other fields are the script's; Range is obeyed when it is for one part.
Step send_file(Exchange&, const CgiConf&, std::string_view file);

}  // namespace ostler
