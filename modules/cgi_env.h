// cgi_env.h - the environment of a script (RFC 3875 section 4.1): from nothing, by a list.
#pragma once

#include <string_view>

#include "common/exchange.h"
#include "modules/cgi_conf.h"

namespace ostler {

/// PATH of a script, unless the configuration sets another.
inline constexpr std::string_view default_search_path = "/usr/local/bin:/usr/bin:/bin";

/// A script that was found for a request.  Views live as long as the exchange.
struct Script {
    const char* file = nullptr;         ///< absolute path, ends with NUL
    const char* interpreter = nullptr;  ///< null: the file is executed itself
    std::string_view name;              ///< SCRIPT_NAME: the part of the path that leads to it
    std::string_view path_info;         ///< the rest of the path; empty or begins with '/'
    std::string_view document_root;
    bool nph = false;  ///< its output is a complete HTTP response
};

/// Variables in the form of execve(2), in the exchange's arena.
struct Environment {
    char** list = nullptr;
    std::string_view block;  ///< the same as text, each variable ended by NUL
};

/// `length` is CONTENT_LENGTH, when there is content.
Environment make_environment(Exchange&, const CgiConf&, const Script&,
                             std::optional<std::uint64_t> length);

/// True for names the configuration must not set: what make_environment() computes, and HTTP_*.
bool is_computed_variable(std::string_view name);

}  // namespace ostler
