// privileges.cc - setuid without a way back, checked.
#include "server/privileges.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/base/text.h"
#include "server/capabilities.h"

namespace ostler {

namespace {

bool find_group(const std::string& name, gid_t& gid)
{
    if (const group* entry = getgrnam(name.c_str())) {
        gid = entry->gr_gid;
        return true;
    }
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), gid);
    return error == std::errc() && end == name.data() + name.size();
}

}  // namespace

bool find_identity(const ServerConf& conf, Identity& identity, std::string& error)
{
    identity = Identity{false, {}, geteuid(), getegid()};
    if (geteuid() != 0 || (conf.user.empty() && conf.group.empty())) return true;
    if (!conf.user.empty()) {
        const passwd* entry = getpwnam(conf.user.c_str());
        if (!entry) {
            error = cat("server.user: there is no user \"", conf.user, '"');
            return false;
        }
        identity.user = conf.user;
        identity.uid = entry->pw_uid;
        identity.gid = entry->pw_gid;
    }
    if (!conf.group.empty() && !find_group(conf.group, identity.gid)) {
        error = cat("server.group: there is no group \"", conf.group, '"');
        return false;
    }
    identity.change = identity.uid != geteuid() || identity.gid != getegid();
    return true;
}

bool drop_privileges(const Identity& identity, std::string& error)
{
    if (!identity.change) return geteuid() == 0 || drop_capabilities(error);
    const char* failed = nullptr;
    // Groups first: after setuid nobody may change them.
    if (identity.user.empty() ? setgroups(1, &identity.gid) != 0
                              : initgroups(identity.user.c_str(),
#ifdef __APPLE__
                                           static_cast<int>(identity.gid)
#else
                                           identity.gid
#endif
                                               ) != 0)
        failed = "initgroups";
    else if (setgid(identity.gid) != 0) failed = "setgid";
    else if (setuid(identity.uid) != 0) failed = "setuid";
    if (failed) {
        error = cat("cannot become ", identity.user, ": ", failed, ": ", std::strerror(errno));
        return false;
    }
    const bool back = identity.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0);
    if (back || getuid() != identity.uid || geteuid() != identity.uid ||
        getgid() != identity.gid || getegid() != identity.gid) {
        error = cat("cannot become ", identity.user, " for good: root rights came back");
        return false;
    }
    return true;
}

bool become_worker_user(const ServerConf& conf, std::string& error)
{
    Identity identity;
    if (!find_identity(conf, identity, error)) return false;
    return !identity.change || drop_privileges(identity, error);
}

bool raise_file_limit(int connections, std::string& note)
{
    // One descriptor a connection, one a file being sent, and what the process itself holds.
    const auto clients = static_cast<rlim_t>(connections);
    const rlim_t wanted = 2 * clients + 128;
    const rlim_t least = clients + 64;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted) return true;
    rlim_t most = wanted;
    if (limit.rlim_max != RLIM_INFINITY) most = std::min(most, limit.rlim_max);
#ifdef __APPLE__
    most = std::min(most, rlim_t{OPEN_MAX});  // more is refused whatever the hard limit says
#endif
    const rlimit raised{std::max(most, limit.rlim_cur), limit.rlim_max};
    if (raised.rlim_cur > limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit.rlim_cur = raised.rlim_cur;
    if (limit.rlim_cur >= least) return true;
    note = cat("server.connections is ", connections, ", but only ",
               static_cast<unsigned long long>(limit.rlim_cur),
               " files may be open: raise the limit (ulimit -n, LimitNOFILE) to ",
               static_cast<unsigned long long>(wanted));
    return false;
}

}  // namespace ostler
