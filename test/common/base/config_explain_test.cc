// config_explain_test.cc - what is said where libconfig says "syntax error".
#include "common/base/config_explain.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/config_tree.h"
#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr WrongConfig rows[] = {
    {"a string without its closing quote", R"~(static: { root = "/srv; };
)~",
     R"~(ostler.conf:1:18: error: this string has no closing quote
static: { root = "/srv; };
                 ^
)~"},
    {"a string without its closing quote swallows the lines up to the next one", R"~(static: {
    root = "/srv;
    index = "a";
};
)~",
     R"~(ostler.conf:2:12: error: this string ends on another line: is its closing quote, or one before it, missing?
    root = "/srv;
           ^
)~"},
    {"a comment without its end", R"~(server: { workers = 2; }; /* all of them
)~",
     R"~(ostler.conf:1:27: error: this comment has no closing */
server: { workers = 2; }; /* all of them
                          ^
)~"},
    {"a value without quotes", R"~(static: { root = /srv/www; };
)~",
     R"~(ostler.conf:1:18: error: put "/srv/www" in double quotes
static: { root = /srv/www; };
                 ^
)~"},
    {"a word without quotes", R"~(server: { log_level = debug; };
)~",
     R"~(ostler.conf:1:23: error: put "debug" in double quotes
server: { log_level = debug; };
                      ^
)~"},
    {"yes is not true", R"~(modules: { cgi = yes; };
)~",
     R"~(ostler.conf:1:18: error: a switch is true or false, not yes
modules: { cgi = yes; };
                 ^
)~"},
    {"single quotes", R"~(static: { root = '/srv'; };
)~",
     R"~(ostler.conf:1:18: error: strings are in double quotes
static: { root = '/srv'; };
                 ^
)~"},
    {"a number with a unit and without quotes", R"~(http: { max_body = 10M; };
)~",
     R"~(ostler.conf:1:20: error: put "10M" in double quotes
http: { max_body = 10M; };
                   ^
)~"},
    {"an address without quotes", R"~(listen = ( { address = 127.0.0.1; port = 80; } );
)~",
     R"~(ostler.conf:1:24: error: put "127.0.0.1" in double quotes
listen = ( { address = 127.0.0.1; port = 80; } );
                       ^
)~"},
    {"no colon", R"~(server { workers = 2; };
)~",
     R"~(ostler.conf:1:1: error: a group has a colon behind its name: write server: {
server { workers = 2; };
^
)~"},
    {"no equals sign", R"~(server: { workers 2; };
)~",
     R"~(ostler.conf:1:11: error: "=" is missing after "workers"
server: { workers 2; };
          ^
)~"},
    {"no value", R"~(server: { workers = ; };
)~",
     R"~(ostler.conf:1:11: error: "workers" has no value
server: { workers = ; };
          ^
)~"},
    {"a group that is not closed", R"~(server: {
    workers = 2;
listen = ( { port = 80; } );
)~",
     R"~(ostler.conf:1:9: error: this "{" is never closed
server: {
        ^
)~"},
    {"a list closed by the wrong bracket", R"~(listen = ( { port = 80; } ];
)~",
     R"~(ostler.conf:1:27: error: "]" does not close the "(" of line 1
listen = ( { port = 80; } ];
                          ^
)~"},
    {"a list that is not closed", R"~(listen = ( { port = 80; };
hosts = ( );
)~",
     R"~(ostler.conf:1:26: error: elements are separated by ",", or the "(" of line 1 is not closed
listen = ( { port = 80; };
                         ^
)~"},
    {"a bracket too many", R"~(server: { workers = 2; }; };
)~",
     R"~(ostler.conf:1:27: error: "}" closes nothing here
server: { workers = 2; }; };
                          ^
)~"},
    {"a comma behind the last element", R"~(listen = ( { port = 80; }, );
)~",
     R"~(ostler.conf:1:26: error: the last element has no "," behind it
listen = ( { port = 80; }, );
                         ^
)~"},
    {"no comma between elements", R"~(listen = ( { port = 80; } { port = 81; } );
)~",
     R"~(ostler.conf:1:27: error: a "," is missing before this element
listen = ( { port = 80; } { port = 81; } );
                          ^
)~"},
    {"a semicolon too many", R"~(server: { workers = 2;; };
)~",
     R"~(ostler.conf:1:23: error: a ";" too many
server: { workers = 2;; };
                      ^
)~"},
    {"the same setting twice", R"~(server: {
    workers = 2;
    workers = 3;
};
)~",
     R"~(ostler.conf:3:5: error: "workers" is set twice in this group: see line 2
    workers = 3;
    ^
)~"},
    {"a name with a dot", R"~(modules.cgi = true;
)~",
     R"~(ostler.conf:1:8: error: a name has no dot: write modules: { cgi = true };
modules.cgi = true;
       ^
)~"},
    {"a name that is a number", R"~(http: { 404 = "/x"; };
)~",
     R"~(ostler.conf:1:9: error: a setting's name starts with a letter and is not true or false; "404" is none
http: { 404 = "/x"; };
        ^
)~"},
    {"values of several types in one array", R"~(static: { index = [ "a", 1 ]; };
)~",
     R"~(ostler.conf:1:26: error: all values in [ ] have the same type; ( ) may mix them
static: { index = [ "a", 1 ]; };
                         ^
)~"},
    {"groups in an array", R"~(hosts = [ { names = "a"; } ];
)~",
     R"~(ostler.conf:1:11: error: [ ] is for plain values: put groups and lists into ( )
hosts = [ { names = "a"; } ];
          ^
)~"},
    {"an include in the middle of a line", R"~(server: { @include "a" };
)~",
     R"~(ostler.conf:1:11: error: an include is a line of its own: @include "FILE"
server: { @include "a" };
          ^
)~"},
};

}  // namespace

TEST_CASE("a syntax error is told with its place and what would be right")
{
    for (const WrongConfig& row : rows) {
        CAPTURE(std::string(row.fact));
        std::vector<Problem> problems;
        ConfigNode root;
        CHECK_FALSE(parse_config(row.text, "ostler.conf", "/etc/ostler", root, problems));
        REQUIRE(problems.size() == 1);
        CHECK(format_problem(problems[0]) == row.messages);
    }
}
