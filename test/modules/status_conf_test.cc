// status_conf_test.cc - networks, and the settings of the module status.
#include "modules/status_conf.h"

#include <doctest/doctest.h>

#include <string>

#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("a network contains the addresses with its first bits")
{
    struct Row {
        const char* range;
        const char* address;
        bool inside;
    };
    const Row rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},   {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.7", "192.0.2.7", true},        {"192.0.2.7", "192.0.2.6", false},
        {"10.0.0.0/9", "10.127.0.1", true},      {"10.0.0.0/9", "10.128.0.1", false},
        {"0.0.0.0/0", "203.0.113.1", true},      {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/32", "2001:db8:1::", true}, {"2001:db8::/32", "2001:db9::", false},
        {"::/0", "2001:db8::1", true},           {"::1", "::1", true},
        {"192.0.2.0/24", "unix", false},         {"::1", "127.0.0.1", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.range);
        CAPTURE(row.address);
        AddressRange range;
        REQUIRE(range.parse(row.range));
        CHECK(range.contains(row.address) == row.inside);
    }
    for (const char* bad : {"", "x", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "::/129",
                            "192.0.2.0/2 ", "192.0.2", "/8"}) {
        CAPTURE(bad);
        AddressRange range;
        CHECK_FALSE(range.parse(bad));
    }
}
