// config_names_test.cc - names of hosts and paths of locations, checked.
#include "server/config_names.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("a host name is compared in lower case, without a final dot")
{
    const std::pair<const char*, const char*> rows[] = {
        {"example.org", "example.org"},
        {"Example.ORG.", "example.org"},
        {"*.Example.org", "*.example.org"},
        {"*", "*"},
        {"localhost", "localhost"},
        {"192.0.2.1", "192.0.2.1"},
        {"[2001:DB8::1]", "[2001:db8::1]"},
        {"my_host", "my_host"},
        {"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
    };
    for (const auto& [name, checked] : rows) {
        const std::string shown(name);  // clang 14 captures no structured binding
        CAPTURE(shown);
        std::string why = "old";
        CHECK(checked_host_name(name, why) == checked);
        CHECK(why.empty());
    }
}

TEST_CASE("what no request can ask for is no host name")
{
    for (const char* name : {"",
                             ".",
                             "*.",
                             "**",
                             "*x",
                             "a*",
                             "a.*.b",
                             "*.*.b",
                             "a:80",
                             "[::1]:80",
                             "[]",
                             "[::1",
                             "[g]",
                             "http://a",
                             "a b",
                             "a/b",
                             "m\xc3\xbcnchen.example",
                             ".a",
                             "a..b",
                             "*..a",
                             "a\n"}) {
        CAPTURE(std::string(name));
        std::string why;
        (void)checked_host_name(name, why);
        CHECK_FALSE(why.empty());
    }
}

TEST_CASE("the canonical name is the first without a star")
{
    CHECK(canonical_name({"a", "b"}) == "a");
    CHECK(canonical_name({"*.a", "*", "b"}) == "b");
    CHECK(canonical_name({"*.a"}).empty());
    CHECK(canonical_name({}).empty());
}

TEST_CASE("a location with empty or dot segments can never match")
{
    for (const char* path : {"/", "/a", "/a/", "/.well-known/", "/a.b/..c", "/a%20b", "/a b/"})
        CHECK(never_matches(path).empty());
    for (const char* path : {"//", "/a//b", "/./a", "/a/..", "/a/.", "/a/../b"})
        CHECK_FALSE(never_matches(path).empty());
}

TEST_CASE("a location with an escape, a query or a star is probably not meant so")
{
    for (const char* path : {"/", "/a/", "/100%", "/a%zz", "/*/a", "/a b/"})
        CHECK(hardly_matches(path).empty());
    for (const char* path : {"/a%20b", "/%2F", "/a?b", "/img/*"})
        CHECK_FALSE(hardly_matches(path).empty());
}
