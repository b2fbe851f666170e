// process_tree_test.cc - families, where the system tells.
#include "common/base/process_tree.h"

#include <doctest/doctest.h>

#ifdef __linux__
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "common/base/fd.h"
#include "common/base/platform.h"

using namespace ostler;

TEST_CASE("a family is found, parents first")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const std::int64_t before = boot_clock_ms();
    const pid_t child = ::fork();
    if (child == 0) {
        const pid_t grandchild = ::fork();
        if (grandchild != 0)
            static_cast<void>(::write(ends[1], &grandchild, sizeof grandchild) > 0);
        for (;;) ::pause();
    }
    pid_t grandchild = 0;
    REQUIRE(::read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    const auto children = children_of(::getpid());
    CHECK(std::count(children.begin(), children.end(), child) == 1);
    CHECK(std::count(children.begin(), children.end(), grandchild) == 0);
    CHECK(family_of(child) == std::vector<pid_t>{child, grandchild});
    CHECK(start_of(child) >= before - 10);
    CHECK(start_of(child) <= boot_clock_ms());
    for (const pid_t id : {grandchild, child}) ::kill(id, SIGKILL);
    CHECK(::waitpid(child, nullptr, 0) == child);
    CHECK(children_of(child).empty());
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("variables are found by their whole name")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], 1);
        const char* const arguments[] = {"sh", "-c", "echo; kill -STOP $$", nullptr};
        const char* const variables[] = {"PATH=/usr/bin:/bin", "ABC=x=y", "EMPTY=", nullptr};
        ::execve("/bin/sh", const_cast<char**>(arguments), const_cast<char**>(variables));
        ::_exit(1);
    }
    char byte;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    CHECK(variable_of(child, "ABC") == "x=y");
    CHECK(variable_of(child, "EMPTY") == "");
    CHECK_FALSE(variable_of(child, "AB"));
    CHECK_FALSE(variable_of(child, "NONE"));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK_FALSE(variable_of(child, "ABC"));
    ::close(ends[0]);
    ::close(ends[1]);
}
#endif
