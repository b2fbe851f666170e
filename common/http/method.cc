// method.cc - request methods by name.
#include "common/http/method.h"

#include <algorithm>
#include <array>

namespace ostler {

namespace {

// The IANA registry without the methods that have an enumerator, and without PRI, which no
// request may use (RFC 9113 section 3.4).  Sorted.
constexpr std::array<std::string_view, 29> registered = {
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
};
static_assert(std::is_sorted(registered.begin(), registered.end()));

}  // namespace

Method to_method(std::string_view token)
{
    if (token == "GET") return Method::get;
    if (token == "HEAD") return Method::head;
    if (token == "POST") return Method::post;
    if (token == "PUT") return Method::put;
    if (token == "DELETE") return Method::delete_;
    if (token == "OPTIONS") return Method::options;
    if (token == "PATCH") return Method::patch;
    if (token == "CONNECT") return Method::connect;
    if (token == "TRACE") return Method::trace;
    return std::binary_search(registered.begin(), registered.end(), token) ? Method::registered
                                                                           : Method::unknown;
}

}  // namespace ostler
