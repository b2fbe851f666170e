// session_redis_url.h - where a Redis is, as the setting session.store says it.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace ostler {

struct RedisTarget {
    bool tls = false;
    std::string host;  ///< a name or an address; empty: a Unix socket
    int port = 6379;
    std::string path;  ///< of the Unix socket
    int database = 0;
    std::string user;               ///< empty: the server's default user
    std::string password;           ///< of the URL; empty: none, or in a file
    std::string prefix = "ostler";  ///< of all keys
};

/// Reads "redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]", the same with "rediss://" for TLS, and
/// "redis:unix:PATH".  Each may end in "?db=N&user=NAME&prefix=TEXT".  USER and PASSWORD are
/// percent-decoded.  The error says what would be right, and repeats no password.
Result<RedisTarget, std::string> parse_redis_url(std::string_view url);

}  // namespace ostler
