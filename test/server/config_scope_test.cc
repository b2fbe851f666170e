// config_scope_test.cc - modules, hosts and locations that cannot be.
#include "server/config_scope.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr WrongConfig rows[] = {
    {"settings of a module that is off", R"~(cgi: { root = "/usr/lib/cgi-bin"; };
)~",
     R"~(ostler.conf:1:1: error: "cgi" is off: set modules.cgi = true
cgi: { root = "/usr/lib/cgi-bin"; };
^
)~"},
    {"settings of a module that is off in this location",
     R"~(locations = ( { path = "/a/"; modules: { static = false; }; static: { depth = 1; }; } );
)~",
     R"~(ostler.conf:1:61: error: "static" is off: set modules.static = true
locations = ( { path = "/a/"; modules: { static = false; }; static: { depth = 1; }; } );
                                                            ^
)~"},
    {"a module that needs another", R"~(modules: { session = true; };
)~",
     R"~(ostler.conf:1:12: error: "session" needs "cookie": set modules.cookie = true
modules: { session = true; };
           ^
)~"},
    {"a module whose need is switched off in a location",
     R"~(modules: { session = true; cookie = true; };
locations = ( { path = "/a/"; modules: { cookie = false; }; } );
)~",
     R"~(ostler.conf:2:42: error: "session" needs "cookie": set modules.cookie = true
locations = ( { path = "/a/"; modules: { cookie = false; }; } );
                                         ^
)~"},
    {"a module that refuses its settings", R"~(static: { root = "/srv/secret"; };
)~",
     R"~(ostler.conf:1:18: error: "root" in "static": must not be secret
static: { root = "/srv/secret"; };
                 ^
)~"},
    {"a module that misses a setting", R"~(modules: { cgi = true; };
)~",
     R"~(ostler.conf:1:12: error: "root" in "cgi": is needed: the folder of the scripts
modules: { cgi = true; };
           ^
)~"},
    {"a module that is switched on in a location and misses a setting",
     R"~(locations = ( { path = "/cgi/"; modules: { cgi = true; }; } );
)~",
     R"~(ostler.conf:1:44: error: "root" in "cgi": is needed: the folder of the scripts
locations = ( { path = "/cgi/"; modules: { cgi = true; }; } );
                                           ^
)~"},
    {"a host without names", R"~(hosts = ( { static: { root = "/srv"; }; } );
)~",
     R"~(ostler.conf:1:11: error: a host needs "names", such as names = [ "example.org" ]
hosts = ( { static: { root = "/srv"; }; } );
          ^
)~"},
    {"a host with an empty list of names", R"~(hosts = ( { names = [ ]; } );
)~",
     R"~(ostler.conf:1:11: error: a host needs "names", such as names = [ "example.org" ]
hosts = ( { names = [ ]; } );
          ^
)~"},
    {"two hosts with one name", R"~(hosts = ( { names = [ "a.example" ]; },
          { names = [ "b.example", "A.example." ]; } );
)~",
     R"~(ostler.conf:2:36: error: host name "a.example" is taken: see line 1 of ostler.conf
          { names = [ "b.example", "A.example." ]; } );
                                   ^
)~"},
    {"a host name with a port", R"~(hosts = ( { names = "example.org:8080"; } );
)~",
     R"~(ostler.conf:1:21: error: host name "example.org:8080": write it without the port: ports are in "listen"
hosts = ( { names = "example.org:8080"; } );
                    ^
)~"},
    {"a host name with a scheme", R"~(hosts = ( { names = "https://example.org/"; } );
)~",
     R"~(ostler.conf:1:21: error: host name "https://example.org/": write the name only, without scheme and path
hosts = ( { names = "https://example.org/"; } );
                    ^
)~"},
    {"a host name with a star in the middle", R"~(hosts = ( { names = [ "www.*.example" ]; } );
)~",
     R"~(ostler.conf:1:23: error: host name "www.*.example": a star stands for the first labels only: "*.example.org"
hosts = ( { names = [ "www.*.example" ]; } );
                      ^
)~"},
    {"a host name with a space", R"~(hosts = ( { names = [ "exa mple.org" ]; } );
)~",
     R"~(ostler.conf:1:23: error: host name "exa mple.org": a name is made of letters, digits, "-" and "."; write international names in their ASCII form (xn--...)
hosts = ( { names = [ "exa mple.org" ]; } );
                      ^
)~"},
    {"a host name with an empty label", R"~(hosts = ( { names = [ "example..org" ]; } );
)~",
     R"~(ostler.conf:1:23: error: host name "example..org": it has an empty label
hosts = ( { names = [ "example..org" ]; } );
                      ^
)~"},
    {"a location without a path",
     R"~(hosts = ( { names = "a"; locations = ( { static: { depth = 1; }; } ); } );
)~",
     R"~(ostler.conf:1:40: error: a location needs a "path", such as path = "/pub/"
hosts = ( { names = "a"; locations = ( { static: { depth = 1; }; } ); } );
                                       ^
)~"},
    {"a location with a path that does not start with a slash",
     R"~(locations = ( { path = "pub/"; } );
)~",
     R"~(ostler.conf:1:24: error: a location's path starts with "/": write "/pub/"
locations = ( { path = "pub/"; } );
                       ^
)~"},
    {"a location with a number for a path", R"~(locations = ( { path = 1; } );
)~",
     R"~(ostler.conf:1:24: error: "path" in a location must be a string in double quotes, not 1
locations = ( { path = 1; } );
                       ^
)~"},
    {"two locations with one path", R"~(locations = ( { path = "/pub/"; },
              { path = "/pub/"; } );
)~",
     R"~(ostler.conf:2:24: error: location "/pub/" is there already: see line 1
              { path = "/pub/"; } );
                       ^
)~"},
    {"a location that can never match",
     R"~(locations = ( { path = "/a//b/"; }, { path = "/a/../b"; } );
)~",
     R"~(ostler.conf:1:24: warning: location "/a//b/" can never match: empty segments are removed from a request's path
locations = ( { path = "/a//b/"; }, { path = "/a/../b"; } );
                       ^
ostler.conf:1:46: warning: location "/a/../b" can never match: dot segments are removed from a request's path
locations = ( { path = "/a//b/"; }, { path = "/a/../b"; } );
                                             ^
)~"},
    {"everything at once, in the order of the lines", R"~(serve: { };
modules: { cgi = 1; };
http: { max_body = 1; idle_timeout = "x"; };
hosts = ( { names = "a:1"; locations = ( { path = "x"; } ); } );
)~",
     R"~(ostler.conf:1:1: error: unknown setting "serve" at the top level; did you mean "server"?
serve: { };
^
ostler.conf:2:18: error: "cgi" in "modules" must be true or false, not 1
modules: { cgi = 1; };
                 ^
ostler.conf:3:20: error: "max_body" in "http" must be a size in quotes, such as "1" (units: k, M, G or T), not 1
http: { max_body = 1; idle_timeout = "x"; };
                   ^
ostler.conf:3:38: error: "idle_timeout" in "http" must be a time such as "30s" (units: ms, s, m, h or d), not "x"
http: { max_body = 1; idle_timeout = "x"; };
                                     ^
ostler.conf:4:21: error: host name "a:1": write it without the port: ports are in "listen"
hosts = ( { names = "a:1"; locations = ( { path = "x"; } ); } );
                    ^
ostler.conf:4:51: error: a location's path starts with "/": write "/x"
hosts = ( { names = "a:1"; locations = ( { path = "x"; } ); } );
                                                  ^
)~"},
    {"a wrong location of all hosts is told once",
     R"~(hosts = ( { names = "a"; }, { names = "b"; } );
locations = ( { path = "/x"; static: { depth = 11; }; } );
)~",
     R"~(ostler.conf:2:48: error: "depth" in "static" must be a number from 0 to 10, not 11
locations = ( { path = "/x"; static: { depth = 11; }; } );
                                               ^
)~"},
};

}  // namespace

TEST_CASE("a wrong module, host or location is told")
{
    for (const WrongConfig& row : rows) {
        CAPTURE(std::string(row.fact));
        std::vector<Problem> problems;
        const bool refused = load(row.text, problems) == nullptr;
        CHECK(refused == has_errors(problems));
        CHECK(messages(problems) == row.messages);
    }
}
