// config_hint_test.cc - unknown settings and where they belong.
#include "server/config_hint.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr WrongConfig rows[] = {
    {"an unknown setting at the top level", R"~(worker = 3;
)~",
     R"~(ostler.conf:1:1: error: unknown setting "worker" at the top level; did you mean "workers" in "server"?
worker = 3;
^
)~"},
    {"an unknown setting near a known one", R"~(server: { worker = 3; };
)~",
     R"~(ostler.conf:1:11: error: unknown setting "worker" in "server"; did you mean "workers"?
server: { worker = 3; };
          ^
)~"},
    {"an unknown setting that belongs into a module", R"~(hosts = ( {
    names = [ "example.org" ];
    documnt_root = "/srv/example";
} );
)~",
     R"~(ostler.conf:3:5: error: unknown setting "documnt_root" in host "example.org"; did you mean "root" in "static"?
    documnt_root = "/srv/example";
    ^
)~"},
    {"an unknown setting that belongs into another group", R"~(server: { max_body = "1M"; };
)~",
     R"~(ostler.conf:1:11: error: unknown setting "max_body" in "server"; did you mean "max_body" in "http"?
server: { max_body = "1M"; };
          ^
)~"},
    {"an unknown setting that resembles one of another group", R"~(static: { worker_proceses = 1; };
)~",
     R"~(ostler.conf:1:11: error: unknown setting "worker_proceses" in "static"; did you mean "workers" in "server"?
static: { worker_proceses = 1; };
          ^
)~"},
    {"an unknown setting that resembles none", R"~(static: { frobnicate = 1; };
)~",
     R"~(ostler.conf:1:11: error: unknown setting "frobnicate" in "static"
static: { frobnicate = 1; };
          ^
)~"},
    {"an unknown group", R"~(statc: { root = "/srv"; };
)~",
     R"~(ostler.conf:1:1: error: unknown setting "statc" at the top level; did you mean "static"?
statc: { root = "/srv"; };
^
)~"},
    {"an unknown setting in a location", R"~(locations = ( { path = "/pub/"; indx = "a"; } );
)~",
     R"~(ostler.conf:1:33: error: unknown setting "indx" in location "/pub/"; did you mean "index" in "static"?
locations = ( { path = "/pub/"; indx = "a"; } );
                                ^
)~"},
    {"a value for a group", R"~(static = true;
)~",
     R"~(ostler.conf:1:10: error: "static" at the top level must be a group: static: { ... }, not true
static = true;
         ^
)~"},
    {"a group for a list of groups", R"~(hosts: { names = "a"; };
)~",
     R"~(ostler.conf:1:8: error: "hosts" at the top level must be a list of groups such as ( { ... }, { ... } ), not a group
hosts: { names = "a"; };
       ^
)~"},
    {"strings for a list of groups", R"~(hosts = ( "example.org" );
)~",
     R"~(ostler.conf:1:11: error: every element of "hosts" must be a group { ... }, not "example.org"
hosts = ( "example.org" );
          ^
)~"},
    {"an unknown module", R"~(modules: { sesion = true; };
)~",
     R"~(ostler.conf:1:12: error: this build has no module "sesion"; did you mean "session"?
modules: { sesion = true; };
           ^
)~"},
    {"an unknown module that resembles none", R"~(modules: { php = true; };
)~",
     R"~(ostler.conf:1:12: error: this build has no module "php"
modules: { php = true; };
           ^
)~"},
};

}  // namespace

TEST_CASE("an unknown setting is told with the place where it belongs")
{
    for (const WrongConfig& row : rows) {
        CAPTURE(std::string(row.fact));
        std::vector<Problem> problems;
        const bool refused = load(row.text, problems) == nullptr;
        CHECK(refused == has_errors(problems));
        CHECK(messages(problems) == row.messages);
    }
}
