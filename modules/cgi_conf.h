// cgi_conf.h - the settings of one scope of the module cgi.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/open_below.h"

namespace ostler {

class CgiGate;
class CgiTally;
class Loop;
class Section;

struct CgiConf {
    using Ms = std::chrono::milliseconds;
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    // Which files are scripts.
    std::string root;    ///< folder of scripts; empty: scripts are among the location's files
    std::string prefix;  ///< URL path that `root` stands for, without a final '/'
    std::string script;  ///< one script for every path below `prefix`; empty: none
    std::string document_root;  ///< DOCUMENT_ROOT; empty: the folder the script was found below
    Pairs interpreters;         ///< extension in lower case -> program; empty: the file itself
    bool executable = false;    ///< files with an execute bit are scripts
    std::vector<std::string> index;
    bool path_info = true;
    Symlinks symlinks = Symlinks::same_owner;

    // What a script is told.
    Pairs environment;
    bool authorization = false;

    // How much of it there may be.
    int concurrent = 64;
    int concurrent_per_script = 16;
    int queue = 128;
    Ms queue_time{10'000};
    Ms timeout{60'000};         ///< longest silence
    Ms header_timeout{60'000};  ///< until the header section is complete
    Ms wall_time{3'600'000};    ///< 0: no limit
    Ms kill_after{2'000};       ///< between TERM and KILL
    Ms cpu_time{300'000};       ///< 0: no limit
    std::uint64_t memory = 0;
    int files = 256;
    int processes = 0;
    std::uint64_t output = 0;
    int stderr_lines = 100;

    bool background = false;  ///< what a script leaves running may go on
    std::vector<std::string> sendfile;
    std::string temporary = "/tmp";
    bool explain = false;  ///< the diagnosis goes to clients on this machine, too

    std::shared_ptr<CgiTally> tally;  ///< made in open(), before the fork
    std::shared_ptr<CgiGate> gate;    ///< made in start()

    /// True when everything below `root` is a script, so that nothing falls through.
    bool owns_everything() const { return !root.empty() && executable; }
    /// False when nothing can be a script here.
    bool runs_anything() const
    {
        return executable || !root.empty() || !script.empty() || !interpreters.empty();
    }
    /// Null when the extension of `name` (any case) has none; the program may be empty.
    const std::string* interpreter_of(std::string_view name) const;
};

void configure_cgi(CgiConf&, Section&);

}  // namespace ostler
