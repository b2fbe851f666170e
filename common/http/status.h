// status.h - status codes and their phrases (RFC 9110 section 15).
#pragma once

#include <cstdint>
#include <string_view>

namespace ostler {

enum class Code : std::uint16_t {
    continue_ = 100,
    ok = 200,
    created = 201,
    no_content = 204,
    partial_content = 206,
    moved_permanently = 301,
    found = 302,
    see_other = 303,
    not_modified = 304,
    temporary_redirect = 307,
    permanent_redirect = 308,
    bad_request = 400,
    unauthorized = 401,
    forbidden = 403,
    not_found = 404,
    method_not_allowed = 405,
    not_acceptable = 406,
    request_timeout = 408,
    length_required = 411,
    precondition_failed = 412,
    content_too_large = 413,
    uri_too_long = 414,
    unsupported_media_type = 415,
    range_not_satisfiable = 416,
    expectation_failed = 417,
    misdirected_request = 421,
    too_many_requests = 429,
    request_header_fields_too_large = 431,
    internal_server_error = 500,
    not_implemented = 501,
    bad_gateway = 502,
    service_unavailable = 503,
    gateway_timeout = 504,
    http_version_not_supported = 505,
};

constexpr int to_int(Code code) { return static_cast<int>(code); }
constexpr bool is_error(Code code) { return to_int(code) >= 400; }
/// 1xx, 204 and 304 never have content (RFC 9110 section 6.4.1).
constexpr bool forbids_content(Code code)
{
    return to_int(code) < 200 || code == Code::no_content || code == Code::not_modified;
}

/// "Not Found"; "Unknown" for a number without a phrase of its own.
std::string_view phrase(Code code);

}  // namespace ostler
