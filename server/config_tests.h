// config_tests.h - assertions in the configuration: `tests = ( { url = "/x"; status = 404; } )`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/config_tree.h"

namespace ostler {

class Configuration;
class Section;

/// One request, and what its answer must be like.
struct ConfigTest {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    // Asked.
    std::string url;
    std::string method = "GET";
    std::string from = "127.0.0.1";
    Pairs headers;
    std::string content;
    // Expected; empty: anything.
    int status = 200;
    std::string location;
    Pairs header;
    std::vector<std::string> body_contains;

    ConfigNode node;  ///< as written, for the places of messages
};

/// Reads one element of `tests`.
void configure_test(ConfigTest&, Section&);

struct ConfigTestsRun {
    std::size_t all = 0;
    std::size_t failed = 0;
    std::vector<Problem> problems;  ///< everything that is not as expected, at its place
};

/// Puts every test of `configuration` through it, in this process: scripts are run, log files are
/// not written.
ConfigTestsRun run_config_tests(Configuration& configuration);

}  // namespace ostler
