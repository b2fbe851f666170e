// config_merge_test.cc - several configuration files become one.
#include "server/config_merge.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ostler;

namespace {

/// Both texts merged, on one line.
std::string merged(std::string_view first, std::string_view second)
{
    std::vector<Problem> problems;
    ConfigNode into, from;
    REQUIRE(parse_config(first, "a", "/", into, problems));
    REQUIRE(parse_config(second, "b", "/", from, problems));
    merge_config(into, std::move(from));
    return write_config_value(into);
}

}  // namespace

TEST_CASE("groups are merged, lists that collect are appended to, of the rest the later wins")
{
    struct Row {
        const char *first, *second, *result;
    };
    const Row rows[] = {
        {"", "", "{ }"},
        {"a = 1;", "b = 2;", "{ a = 1; b = 2; }"},
        {"a = 1;", "a = 2;", "{ a = 2; }"},
        {"a = 1;", "a: { };", "{ a: { }; }"},
        {"a: { b = 1; c = 1; };", "a: { c = 2; d = 2; };", "{ a: { b = 1; c = 2; d = 2; }; }"},
        {"a = [ 1 ];", "a = [ 2 ];", "{ a = [ 2 ]; }"},
        {"a = ( 1 );", "a = ( 2 );", "{ a = ( 2 ); }"},
        {"listen = ( { port = 1; } );", "listen = ( { port = 1; } );",
         "{ listen = ( { port = 1; }, { port = 1; } ); }"},
        {"listen = 1;", "listen = ( );", "{ listen = ( ); }"},
        {"locations = ( { path = \"/a\"; x = 1; } );",
         "locations = ( { path = \"/b\"; }, { path = \"/a\"; y = 2; } );",
         "{ locations = ( { path = \"/a\"; x = 1; y = 2; }, { path = \"/b\"; } ); }"},
        {"hosts = ( { names = \"a\"; x = 1; } );", "hosts = ( { names = [ \"A\" ]; y = 2; } );",
         "{ hosts = ( { names = [ \"A\" ]; x = 1; y = 2; } ); }"},
        {"hosts = ( { names = [ \"a\", \"b\" ]; } );",
         "hosts = ( { names = [ \"b\", \"a\" ]; }, { names = \"a\"; } );",
         "{ hosts = ( { names = [ \"b\", \"a\" ]; }, { names = \"a\"; } ); }"},
        {"hosts = ( { x = 1; } );", "hosts = ( { x = 1; } );",
         "{ hosts = ( { x = 1; }, { x = 1; } ); }"},
    };
    for (const Row& row : rows) {
        CAPTURE(std::string(row.first));
        CHECK(merged(row.first, row.second) == row.result);
    }
}

TEST_CASE("two hosts with the same names in one file stay two, so that they are told")
{
    CHECK(merged("", "hosts = ( { names = \"a\"; }, { names = \"a\"; } );") ==
          "{ hosts = ( { names = \"a\"; }, { names = \"a\"; } ); }");
    CHECK(merged("hosts = ( );", "hosts = ( { names = \"a\"; }, { names = \"a\"; } );") ==
          "{ hosts = ( { names = \"a\"; }, { names = \"a\"; } ); }");
}
