// config_server_test.cc - the groups `server` and `listen`.
#include "server/config_server.h"

#include <doctest/doctest.h>

#include <unistd.h>

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
     R"~(ostler.conf:1:12: error: tls needs a certificate: set tls.certificate and tls.key, for the server or a host
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

TEST_CASE("a user is named only by who can change it; others are warned")
{
    std::vector<Problem> problems;
    const auto c = load("server: { user = \"root\"; };", problems);
    REQUIRE(c);
    CHECK(c->server.user == "root");
    CHECK(messages(problems) ==
          (::geteuid() == 0
               ? ""
               : "ostler.conf:1:18: warning: \"user\" in \"server\": has no effect: only root can "
                 "change the user\nserver: { user = \"root\"; };\n                 ^\n"));
}

TEST_CASE("an event backend that libevent does not have is told with those that it has")
{
    std::vector<Problem> problems;
    CHECK_FALSE(load("server: { event_backend = \"pol\"; };", problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].text.starts_with("\"event_backend\" in \"server\": this libevent has "));
    CHECK(problems[0].text.find("\"poll\"") != std::string::npos);
    CHECK(load("server: { event_backend = \"poll\"; };", problems));
    CHECK(load("server: { event_backend = \"\"; };", problems));
}

TEST_CASE("every setting of server is read")
{
    std::vector<Problem> problems;
    const auto c = load(R"(server: { workers = 5; pid_file = "run/pid"; error_log = "logs/e.log";
log_level = "debug"; connections = 7; stop_timeout = "8s"; worker_timeout = "9s"; software = "x/1"; };)",
                        problems);
    CHECK(messages(problems) == "");
    REQUIRE(c);
    CHECK(c->server.workers == 5);
    CHECK(c->server.pid_file == "/etc/ostler/run/pid");
    CHECK(c->server.error_log == "/etc/ostler/logs/e.log");
    CHECK(c->server.log_level == Level::debug);
    CHECK(c->server.connections == 7);
    CHECK(c->server.stop_timeout == std::chrono::seconds(8));
    CHECK(c->server.worker_timeout == std::chrono::seconds(9));
    CHECK(c->server.software == "x/1");
}

TEST_CASE("addresses are numeric, with or without brackets, and named as clients would")
{
    const std::pair<const char*, const char*> names[] = {
        {"*", "*:80"},
        {"127.0.0.1", "127.0.0.1:80"},
        {"::1", "[::1]:80"},
        {"[::1]", "[::1]:80"},
        {"fe80::1%eth0", "[fe80::1%eth0]:80"},
        {"unix:/run/x", "unix:/run/x"},
    };
    for (const auto& [address, name] : names) {
        std::vector<Problem> problems;
        const auto c =
            load(std::string("listen = ( { address = \"") + address + "\"; } );", problems);
        REQUIRE(c);
        CHECK(c->listen[0].name() == name);
    }
    for (const char* address :
         {"", "localhost", "1.2.3", "1.2.3.4:80", "[1.2.3.4", "unix:", "unix:x", "::g", "%eth0"}) {
        CAPTURE(std::string(address));
        std::vector<Problem> problems;
        CHECK_FALSE(
            load(std::string("listen = ( { address = \"") + address + "\"; } );", problems));
    }
}
