// session_redis_settings.h - what is needed to reach a Redis, made ready while files can be read
// and names can be looked up without making anybody wait.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "modules/session_redis_url.h"
#include "modules/session_store.h"

struct ssl_ctx_st;

namespace ostler {

struct RedisSettings {
    struct Address {
        sockaddr_storage data{};
        socklen_t size = 0;
    };

    RedisTarget target;
    std::vector<Address> addresses;   ///< at least one; tried in turn
    std::string password;             ///< empty: none is needed
    std::shared_ptr<ssl_ctx_st> tls;  ///< null without TLS
};

/// Empty when `conf` can be used as far as its text tells.
std::string problem_with_redis(const SessionStoreConf& conf);

/// Reads the files, looks up the name, makes the TLS context: may block.  The error says which file
/// or name it was and what would be right.
Result<std::shared_ptr<const RedisSettings>, std::string>
prepare_redis(const SessionStoreConf& conf);

}  // namespace ostler
