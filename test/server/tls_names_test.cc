// tls_names_test.cc - the name in a hello, well-formed and not.
#include "server/tls_names.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;
using namespace std::string_literals;

TEST_CASE("the server_name extension holds one host name")
{
    CHECK(read_server_name("\0\x0c\0\0\x09"
                           "localhost"s) == "localhost");
    CHECK(read_server_name("\0\x04\0\0\x01x"s) == "x");
}

TEST_CASE("a malformed server_name extension holds none")
{
    for (const std::string& bad : {
             ""s, "\0"s, "\0\0"s, "\0\x03\0\0\0"s,
             "\0\x04\0\0\x02x"s,          // longer than there is
             "\0\x05\0\0\x01x"s,          // the list is longer than there is
             "\0\x04\x01\0\x01x"s,        // not a host name
             "\0\x08\0\0\x01x\0\0\x01y"s  // two
         })
        CHECK(read_server_name(bad).empty());
}

TEST_CASE("names are compared in lower case and without the dot at the end")
{
    CHECK(HostName("WWW.Example.ORG.").view() == "www.example.org");
    CHECK(HostName("").view().empty());
    CHECK(HostName(std::string(300, 'a')).view().empty());
}
