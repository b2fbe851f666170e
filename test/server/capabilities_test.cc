// capabilities_test.cc - what a service manager gave to the master, a worker does not keep.
#include "server/capabilities.h"

#include <doctest/doctest.h>

#ifdef __linux__

#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "server/privileges.h"

using namespace ostler;

namespace {

/// A line of /proc/self/status without its name: "CapEff" is "0000000000000400".
std::string status_line(const std::string& name)
{
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    return {};
}

/// Becomes nobody with the right to bind port 80, as systemd's AmbientCapabilities= does it.
bool become_nobody_with_a_capability()
{
    const passwd* const nobody = getpwnam("nobody");
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (!nobody || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0) return false;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
    sets[0].permitted = sets[0].effective = sets[0].inheritable = 1U << CAP_NET_BIND_SERVICE;
    return syscall(SYS_capset, &header, &sets) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0 &&
           status_line("CapAmb") == "0000000000000400";
}

bool keeps_none()
{
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
        if (status_line(set) != "0000000000000000") return false;
    return true;
}

}  // namespace

TEST_CASE("a worker that stays who it is gives up its capabilities")
{
    if (geteuid() != 0) return;
    const pid_t pid = fork();
    if (pid == 0) {
        if (!become_nobody_with_a_capability()) _exit(2);
        std::string error;
        if (!drop_privileges(Identity{}, error)) _exit(3);
        _exit(keeps_none() ? 0 : 4);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
}

#endif
