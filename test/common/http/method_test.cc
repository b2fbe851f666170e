// method_test.cc - request methods (RFC 9110 section 9).
#include "common/http/method.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("a method is known by its exact name")
{
    struct Row {
        std::string_view name;
        Method method;
    };
    const Row rows[] = {
        {"GET", Method::get},                     // RFC 9110 section 9.3.1
        {"HEAD", Method::head},                   // 9.3.2
        {"POST", Method::post},                   // 9.3.3
        {"PUT", Method::put},                     // 9.3.4
        {"DELETE", Method::delete_},              // 9.3.5
        {"CONNECT", Method::connect},             // 9.3.6
        {"OPTIONS", Method::options},             // 9.3.7
        {"TRACE", Method::trace},                 // 9.3.8
        {"PATCH", Method::patch},                 // RFC 5789
        {"ACL", Method::registered},              // RFC 3744, first of the table
        {"PROPFIND", Method::registered},         // RFC 4918
        {"MKWORKSPACE", Method::registered},      // RFC 3253
        {"VERSION-CONTROL", Method::registered},  // RFC 3253, last of the table
        {"get", Method::unknown},                 // RFC 9110 section 9.1: case-sensitive
        {"Get", Method::unknown},
        {"propfind", Method::unknown},
        {"PRI", Method::unknown},  // RFC 9113 section 3.4: never a request
        {"GETX", Method::unknown},
        {"GE", Method::unknown},
        {"PROPFINDX", Method::unknown},
        {"HACK", Method::unknown},
        {"", Method::unknown},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        CHECK(to_method(row.name) == row.method);
    }
}
