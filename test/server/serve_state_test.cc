// serve_state_test.cc - the private folder of `ostler serve`.
#include "server/serve_state.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// A variable of the environment for one test.
struct Variable {
    Variable(const char* n, const char* value) : name(n)
    {
        if (const char* old = ::getenv(n)) before = old, was_set = true;
        value ? ::setenv(n, value, 1) : ::unsetenv(n);
    }
    ~Variable() { was_set ? ::setenv(name, before.c_str(), 1) : ::unsetenv(name); }
    const char* name;
    std::string before;
    bool was_set = false;
};

}  // namespace

TEST_CASE("every folder served has a private folder, the same one each time")
{
    const Scratch home;
    const Variable state("XDG_STATE_HOME", nullptr), user("HOME", home.path().c_str());
    const auto one = serve_state_folder("/srv/one");
    REQUIRE_MESSAGE(one, one.error());
    CHECK(one->starts_with(home.path()));
    CHECK(one->find("/ostler/serve-") != std::string::npos);
    struct stat info {};
    REQUIRE(::stat(one->c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
    CHECK(*serve_state_folder("/srv/one") == *one);
    CHECK(*serve_state_folder("/srv/two") != *one);
}

TEST_CASE("XDG_STATE_HOME says where, if it is absolute")
{
    const Scratch home, other;
    const Variable user("HOME", home.path().c_str());
    {
        const Variable state("XDG_STATE_HOME", other.path("state").c_str());
        CHECK(serve_state_folder("/srv")->starts_with(other.path("state/ostler/")));
    }
    const Variable state("XDG_STATE_HOME", "relative");
    CHECK(serve_state_folder("/srv")->starts_with(home.path()));
}

TEST_CASE("what is in the way is told")
{
    const Scratch home;
    {
        const Variable state("XDG_STATE_HOME", nullptr), user("HOME", nullptr);
        CHECK(serve_state_folder("/srv").error() == "HOME is not set");
    }
    const Variable state("XDG_STATE_HOME", home.path().c_str());
    home.write("ostler", "a file");
    CHECK(serve_state_folder("/srv").error() == cat(home.path("ostler"), ": not a folder"));
    REQUIRE(::unlink(home.path("ostler").c_str()) == 0);
    REQUIRE(::mkdir(home.path("ostler").c_str(), 0700) == 0);
    REQUIRE(::chmod(home.path("ostler").c_str(), 0777) == 0);
    CHECK(serve_state_folder("/srv").error() ==
          cat(home.path("ostler"), ": others may write in it"));
}
