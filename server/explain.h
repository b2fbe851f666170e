// explain.h - how an answer comes about: which host and location, what each hook said, which file.
//
// The dispatcher is the server's own and knows nothing of this: it is given pipelines whose hooks
// write down what the real ones say.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/in_process.h"

namespace ostler {

/// One thing that happened, in order.
struct ExplainStep {
    enum class Kind : unsigned char {
        route,     ///< `host` and `location` were found for `path`
        request,   ///< a request hook was asked
        response,  ///< a response hook was asked
    };
    Kind kind = Kind::route;
    std::string path, host, location;  ///< of a route; host empty: no host of that name
    std::string module, phase, said;   ///< of a hook; said is "next", "done", "wait" or "reroute"
    std::vector<std::string> notes;    ///< what the module found
};

struct Explanation {
    Asked asked;
    Answered answered;
    std::string path, query;  ///< as the server understood them; empty: not at all
    std::vector<ExplainStep> steps;
    std::string file;     ///< the file or script that answers; empty: none
    bool script = false;  ///< a program would make the answer: `answered` says nothing of it
    std::vector<std::string> environment;  ///< of a script: NAME=VALUE
};

/// Asks `configuration` in this process; scripts are not run, nothing is stored.
Explanation explain_request(Configuration& configuration, InProcess& server, const Asked& asked);

/// For people.  `environment`: with the variables of a script.
std::string explanation_text(const Explanation&, bool environment);
/// One JSON object, with everything; ends in a newline.
std::string explanation_json(const Explanation&);

}  // namespace ostler
