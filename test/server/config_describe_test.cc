// config_describe_test.cc - what -m prints.
#include "server/config_describe.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("the table lists modules in their order, and the other groups")
{
    CHECK(describe_table(module_rows) ==
          R"(Modules of this build, in the order in which they are asked:
  cookie     off  reads cookies
  session    off  keeps sessions
  cgi        off  runs scripts
  static     on   serves files
  plain      off  has no settings
  accesslog  on   writes a line

Switched by `modules: { NAME = true|false; };` in the server, a host or a location.

Other groups of the configuration:
  server     processes, logs and limits of the server as a whole
  listen     a list of groups: where clients connect
  modules    which modules are on; also in a host or a location
  http       limits of requests and connections; also in a host or a location
  tls        certificates and what HTTPS needs; also in a host
  hosts      a list of groups: settings by the name the client asks for
  locations  a list of groups: settings by the beginning of the path; in a host or for all
  tests      a list of groups: requests and what their answers must be, for -t --run-tests

"ostler -m NAME" shows the settings of one of them.
)");
}

TEST_CASE("a module is shown with all of its settings")
{
    CHECK(describe_group("cgi", module_rows) == R"(cgi - runs scripts (off by default)

  root  folder of the scripts
        path; default ""
)");
    CHECK(describe_group("session", module_rows) == R"(session - keeps sessions (off by default)
needs "cookie"
no settings
)");
    CHECK(describe_group("plain", module_rows) ==
          "plain - has no settings (off by default)\nno settings\n");
    const std::string files = describe_group("static", module_rows);
    CHECK(files.find(R"(
  depth   levels
          number, 0 to 10; default 3
)") != std::string::npos);
    CHECK(files.find(R"(
  limits  limits
          list of groups
          name  whose
                string; default ""
          most  how many
                number, 1 or more; default 4
)") != std::string::npos);
}

TEST_CASE("every plain group has settings, and every setting says what it is about")
{
    for (const GroupInfo& group : plain_groups()) {
        CAPTURE(std::string(group.name));
        const auto settings = describe_settings(group.name, module_rows);
        REQUIRE(settings);
        CHECK_FALSE(settings->empty());
        for (const SettingInfo& info : *settings) {
            CHECK_FALSE(info.about.empty());
            CHECK_FALSE(info.type.empty());
        }
        CHECK_FALSE(describe_module(group.name).empty());
    }
    CHECK_FALSE(describe_settings("nothing", module_rows));
    CHECK(describe_group("nothing", module_rows).empty());
    CHECK(describe_module("nothing").empty());
}
