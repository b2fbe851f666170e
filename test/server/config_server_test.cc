// config_server_test.cc - the groups `server` and `listen`.
#include "server/config_server.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr WrongConfig rows[] = {
    {"a name for an address", R"~(listen = ( { address = "localhost"; } );
)~",
     R"~(ostler.conf:1:24: error: "address" in "listen": must be a numeric address such as "127.0.0.1" or "::1", "*" for all, or "unix:/path"
listen = ( { address = "localhost"; } );
                       ^
)~"},
    {"a port out of range", R"~(listen = ( { port = 65536; } );
)~",
     R"~(ostler.conf:1:21: error: "port" in "listen" must be a number from 0 to 65535, not 65536
listen = ( { port = 65536; } );
                    ^
)~"},
    {"a socket file with a relative path", R"~(listen = ( { address = "unix:http.sock"; } );
)~",
     R"~(ostler.conf:1:24: error: "address" in "listen": the path of a socket file is absolute, such as "unix:/run/ostler/http.sock"
listen = ( { address = "unix:http.sock"; } );
                       ^
)~"},
    {"a socket file with a port", R"~(listen = ( { address = "unix:/run/http.sock"; port = 80; } );
)~",
     R"~(ostler.conf:1:54: error: "port" in "listen": a socket file has no port
listen = ( { address = "unix:/run/http.sock"; port = 80; } );
                                                     ^
)~"},
    {"TLS", R"~(listen = ( { port = 443; tls = true; } );
)~",
     R"~(ostler.conf:1:32: error: "tls" in "listen": this build has no TLS yet
listen = ( { port = 443; tls = true; } );
                               ^
)~"},
    {"the same listener twice", R"~(listen = ( { port = 80; }, { address = "*"; } );
)~",
     R"~(ostler.conf:1:28: error: "listen" has *:80 twice
listen = ( { port = 80; }, { address = "*"; } );
                           ^
)~"},
    {"nobody listens", R"~(listen = ( );
)~",
     R"~(ostler.conf:1:10: error: "listen" is empty: nobody could connect
listen = ( );
         ^
)~"},
    {"a user that does not exist", R"~(server: { user = "no-such-user"; group = "no-such-group"; };
)~",
     R"~(ostler.conf:1:18: error: "user" in "server": there is no user "no-such-user" on this system
server: { user = "no-such-user"; group = "no-such-group"; };
                 ^
ostler.conf:1:42: error: "group" in "server": there is no group "no-such-group" on this system
server: { user = "no-such-user"; group = "no-such-group"; };
                                         ^
)~"},
    {"a line break in the Server field", R"~(server: { software = "a\nb"; };
)~",
     R"~(ostler.conf:1:22: error: "software" in "server": must be printable ASCII: it is sent as a header field
server: { software = "a\nb"; };
                     ^
)~"},
    {"a string for a number", R"~(server: { workers = "2"; };
)~",
     R"~(ostler.conf:1:21: error: "workers" in "server" must be a whole number, not "2"
server: { workers = "2"; };
                    ^
)~"},
    {"a number for a word", R"~(server: { log_level = 3; };
)~",
     R"~(ostler.conf:1:23: error: "log_level" in "server" must be "error", "warn", "info" or "debug", not 3
server: { log_level = 3; };
                      ^
)~"},
};

}  // namespace

TEST_CASE("a wrong listener or server setting is told")
{
    for (const WrongConfig& row : rows) {
        CAPTURE(std::string(row.fact));
        std::vector<Problem> problems;
        const bool refused = load(row.text, problems) == nullptr;
        CHECK(refused == has_errors(problems));
        CHECK(messages(problems) == row.messages);
    }
}
