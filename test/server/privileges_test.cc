// privileges_test.cc - who the workers become, and that they stay it.
#include "server/privileges.h"

#include <doctest/doctest.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

using namespace ostler;

namespace {

/// Runs `test` in a process of its own, which it spoils for others; true when it says so.
template <class Test> bool in_child(Test test)
{
    const pid_t pid = fork();
    if (pid == 0) _exit(test() ? 0 : 1);
    int status = 0;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace

TEST_CASE("without a user nobody changes")
{
    Identity identity;
    std::string error;
    REQUIRE(find_identity(ServerConf{}, identity, error));
    CHECK(!identity.change);
    CHECK(drop_privileges(identity, error));
}

TEST_CASE("a user who does not exist is named in the error")
{
    if (geteuid() != 0) return;  // then the setting has no effect
    ServerConf conf;
    Identity identity;
    std::string error;
    conf.user = "no-such-user";
    CHECK(!find_identity(conf, identity, error));
    CHECK(error == "server.user: there is no user \"no-such-user\"");
    conf.user = "nobody";
    conf.group = "no-such-group";
    CHECK(!find_identity(conf, identity, error));
    CHECK(error == "server.group: there is no group \"no-such-group\"");
}

TEST_CASE("root becomes the user, with his groups only, and cannot go back")
{
    if (geteuid() != 0) return;
    CHECK(in_child([] {
        ServerConf conf;
        conf.user = "nobody";
        Identity identity;
        std::string error;
        const passwd* nobody = getpwnam("nobody");
        if (!find_identity(conf, identity, error) || !identity.change) return false;
        if (!drop_privileges(identity, error)) return false;
        gid_t groups[64];
        const int count = getgroups(64, groups);
        for (int i = 0; i < count; ++i)
            if (groups[i] == 0) return false;
        return getuid() == nobody->pw_uid && getegid() == nobody->pw_gid && setuid(0) != 0 &&
               seteuid(0) != 0 && setgid(0) != 0;
    }));
}

TEST_CASE("the group of the settings wins over the user's")
{
    if (geteuid() != 0) return;
    const group* some = getgrnam("daemon");
    if (!some) return;
    const gid_t wanted = some->gr_gid;
    CHECK(in_child([wanted] {
        ServerConf conf;
        conf.user = "nobody";
        conf.group = "daemon";
        Identity identity;
        std::string error;
        return find_identity(conf, identity, error) && drop_privileges(identity, error) &&
               getgid() == wanted && getegid() == wanted;
    }));
}

TEST_CASE("who is not root stays who he is, whatever the settings say")
{
    if (geteuid() != 0) return;
    CHECK(in_child([] {
        if (setuid(1) != 0) return false;
        ServerConf conf;
        conf.user = "nobody";
        Identity identity;
        std::string error;
        return find_identity(conf, identity, error) && !identity.change &&
               drop_privileges(identity, error) && getuid() == 1;
    }));
}

TEST_CASE("dropping without the right to do so is an error")
{
    if (geteuid() != 0) return;
    CHECK(in_child([] {
        const Identity identity{true, "nobody", 65534, 65534};
        std::string error;
        if (setuid(1) != 0) return false;
        return !drop_privileges(identity, error) &&
               error.find("cannot become nobody: initgroups") == 0;
    }));
}

TEST_CASE("the soft limit of open files rises to what the connections need, not further")
{
    CHECK(in_child([] {
        const rlimit low{64, 2000};
        std::string note;
        if (setrlimit(RLIMIT_NOFILE, &low) != 0) return false;
        rlimit now{};
        if (!raise_file_limit(500, note) || getrlimit(RLIMIT_NOFILE, &now) != 0) return false;
        return now.rlim_cur == 1128 && note.empty();
    }));
}

TEST_CASE("a hard limit that is too low is told with the number that would do")
{
    CHECK(in_child([] {
        const rlimit low{64, 256};
        std::string note;
        if (setrlimit(RLIMIT_NOFILE, &low) != 0) return false;
        rlimit now{};
        if (raise_file_limit(4096, note) || getrlimit(RLIMIT_NOFILE, &now) != 0) return false;
        return now.rlim_cur == 256 && note.find("to 8320") != std::string::npos;
    }));
}
