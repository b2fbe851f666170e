// options_test.cc - the command line as a value.
#include "server/options.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ostler;
using Action = Options::Action;

namespace {

Result<Options, std::string> parse(std::vector<const char*> arguments)
{
    arguments.insert(arguments.begin(), "ostler");
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("without arguments the server runs with the compiled-in configuration")
{
    const auto o = parse({});
    REQUIRE(o);
    CHECK(o->action == Action::run);
    CHECK(o->file == default_config_file());
    CHECK_FALSE(o->foreground);
}

TEST_CASE("every action has its option")
{
    const std::vector<std::pair<std::vector<const char*>, Action>> rows = {
        {{"-D"}, Action::run},
        {{"-t"}, Action::test},
        {{"-tq"}, Action::test},
        {{"-T"}, Action::print},
        {{"-m"}, Action::modules},
        {{"-v"}, Action::version},
        {{"--version"}, Action::version},
        {{"-V"}, Action::versions},
        {{"-s", "stop"}, Action::signal},
        {{"serve"}, Action::serve},
        {{"sessions", "list", "--json"}, Action::command},
        {{"-h"}, Action::help},
        {{"serve", "-h"}, Action::help},
        {{"-t", "--json"}, Action::test},
        {{"-s", "status", "--json"}, Action::signal},
    };
    for (const auto& [arguments, action] : rows) {
        const std::string shown(arguments[0]);  // clang 14 captures no structured binding
        CAPTURE(shown);
        const auto o = parse(arguments);
        REQUIRE(o);
        CHECK(o->action == action);
    }
}

TEST_CASE("values stand behind their option or in the next word")
{
    CHECK(parse({"-c", "a.conf"})->file == "a.conf");
    CHECK(parse({"-ca.conf"})->file == "a.conf");
    CHECK(parse({"-tqca.conf"})->file == "a.conf");
    CHECK(parse({"-tqca.conf"})->quiet);
    CHECK(parse({"-m", "static"})->module == "static");
    CHECK(parse({"-mstatic"})->module == "static");
    CHECK(parse({"-m"})->module.empty());
    CHECK(parse({"-m", "--json"}).error() == "--json goes with -t, -T, -s status, explain and sessions");
    CHECK(parse({"-s", "reopen"})->signal == Options::Signal::reopen);
}

TEST_CASE("serve takes a folder and a port")
{
    const auto o = parse({"serve", "site", "-p", "0", "--cgi", "--open", "--lan", "--https"});
    REQUIRE(o);
    CHECK(o->folder == "site");
    CHECK(o->port == 0);
    CHECK(o->port_given);
    CHECK(o->cgi);
    CHECK(o->open);
    CHECK(o->lan);
    CHECK(o->https);
    CHECK(o->port == 0);
    CHECK(parse({"serve", "--https"})->port == 8443);
    CHECK(parse({"serve", "--port=81"})->port == 81);
    CHECK(parse({"serve", "--", "-odd"})->folder == "-odd");
    CHECK(parse({"serve"})->folder == ".");
    CHECK_FALSE(parse({"serve"})->port_given);
}

TEST_CASE("a wrong command line is told what would be right")
{
    const std::vector<std::pair<std::vector<const char*>, const char*>> rows = {
        {{"sevre"}, "there is no command \"sevre\"; did you mean \"serve\"?"},
        {{"frobnicate"}, "there is no command \"frobnicate\""},
        {{"-x"}, "there is no option -x"},
        {{"--jsno"}, "there is no option --jsno; did you mean \"--json\"?"},
        {{"-c"}, "-c needs a value: -c FILE"},
        {{"-c", ""}, "-c needs the name of a file"},
        {{"-t", "-T"}, "-t and -T exclude each other"},
        {{"-s", "relaod"},
         "-s takes \"reload\", \"reopen\", \"quit\", \"stop\", \"status\" or \"upgrade\", not \"relaod\""},
        {{"-q"}, "-q goes with -t"},
        {{"--json"}, "--json goes with -t, -T, -s status, explain and sessions"},
        {{"--json=1"}, "--json takes no value"},
        {{"-tD"}, "-D and -t exclude each other"},
        {{"-v", "-c", "x"}, "-c and -v exclude each other"},
        {{"-t", "x.conf"}, "unexpected \"x.conf\""},
        {{"serve", "a", "b"}, "one folder is served, \"b\" is one more"},
        {{"serve", "-p", "http"}, "-p takes a port from 0 to 65535, not \"http\""},
        {{"serve", "-p", "65536"}, "-p takes a port from 0 to 65535, not \"65536\""},
        {{"serve", "-t"}, "-t does not go with serve"},
        {{"-p", "80"}, "-p is an option of \"ostler serve\""},
    };
    for (const auto& [arguments, message] : rows) {
        const std::string shown(message);  // clang 14 captures no structured binding
        CAPTURE(shown);
        const auto o = parse(arguments);
        REQUIRE_FALSE(o);
        CHECK(o.error() == message);
    }
}

TEST_CASE("cgi run takes one target and perhaps a configuration")
{
    const auto o = parse({"cgi", "run", "/cgi-bin/a?b", "-c", "x.conf"});
    REQUIRE(o);
    CHECK(o->action == Options::Action::cgi_run);
    CHECK(o->target == "/cgi-bin/a?b");
    CHECK(o->file == "x.conf");
    CHECK_FALSE(parse({"cgi"}));
    CHECK_FALSE(parse({"cgi", "stop"}));
    CHECK_FALSE(parse({"cgi", "run"}));
    CHECK_FALSE(parse({"cgi", "run", "a", "b"}));
    CHECK_FALSE(parse({"cgi", "run", "a", "-q"}));
}

TEST_CASE("explain takes a method, an address and fields")
{
    const auto o = parse({"explain", "-c", "a.conf", "HEAD", "/x?y", "--header", "A: b",
                          "--header=C:d", "--from", "::1", "--json", "--environment"});
    REQUIRE(o);
    CHECK(o->action == Options::Action::explain);
    CHECK(o->file == "a.conf");
    CHECK(o->method == "HEAD");
    CHECK(o->url == "/x?y");
    CHECK(o->fields == std::vector<std::pair<std::string, std::string>>{{"A", "b"}, {"C", "d"}});
    CHECK(o->from == "::1");
    CHECK(o->json);
    CHECK(o->environment);
    CHECK(parse({"explain", "example.org"})->url == "example.org");
    CHECK(parse({"explain", "example.org"})->method == "GET");
}
