// privileges.h - from root to the server's user, and the limits a worker needs.
#pragma once

#include <string>
#include <sys/types.h>

#include "server/config.h"

namespace ostler {

/// Whom the workers run as.
struct Identity {
    bool change = false;   ///< false: as whoever started the server
    std::string user;      ///< for messages and the supplementary groups
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Looks up `server.user` and `server.group`.  False, and `error` says why, when there is no such
/// user or group.  Who is not root stays who he is, whatever the settings say.
bool find_identity(const ServerConf&, Identity&, std::string& error);

/// Becomes `identity` for good; who is not root and stays who he is gives up his capabilities.
/// Root sets supplementary groups, group and user, then tries to go back and fails if that works.
/// False, and `error` says why: do not go on.
bool drop_privileges(const Identity&, std::string& error);

/// For commands that do in this process what a worker would: becomes whom the workers run as, when
/// we may.  False, and `error` says why, when that fails.
bool become_worker_user(const ServerConf&, std::string& error);

/// Raises the soft limit of open files as far as `connections` need and the hard limit allows.
/// False when they will not all fit; `note` then says what is there and what is needed.
bool raise_file_limit(int connections, std::string& note);

}  // namespace ostler
