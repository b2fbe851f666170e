// status_test.cc - status codes and their phrases (RFC 9110 section 15).
#include "common/http/status.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("a status code has the phrase of the IANA registry")
{
    struct Row {
        int code;
        std::string_view phrase;
    };
    const Row rows[] = {
        {100, "Continue"},                         // RFC 9110 section 15.2.1
        {200, "OK"},                               // 15.3.1
        {206, "Partial Content"},                  // 15.3.7
        {304, "Not Modified"},                     // 15.4.5
        {404, "Not Found"},                        // 15.5.5
        {413, "Content Too Large"},                // 15.5.14, "Payload" before
        {418, "Unknown"},                          // 15.5.19: unused
        {421, "Misdirected Request"},              // 15.5.20
        {431, "Request Header Fields Too Large"},  // RFC 6585 section 5
        {451, "Unavailable For Legal Reasons"},    // RFC 7725
        {505, "HTTP Version Not Supported"},       // RFC 9110 section 15.6.6
        {299, "Unknown"},
        {599, "Unknown"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.code);
        CHECK(phrase(static_cast<Code>(row.code)) == row.phrase);
    }
}

TEST_CASE("1xx, 204 and 304 have no content (RFC 9110 section 6.4.1)")
{
    for (int code : {100, 101, 103, 199, 204, 304}) CHECK(forbids_content(static_cast<Code>(code)));
    for (int code : {200, 205, 206, 301, 404, 500})
        CHECK_FALSE(forbids_content(static_cast<Code>(code)));
}

TEST_CASE("an error is a status of 400 or more")
{
    CHECK_FALSE(is_error(Code::permanent_redirect));
    CHECK(is_error(Code::bad_request));
    CHECK(is_error(Code::gateway_timeout));
}
