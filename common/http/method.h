// method.h - request methods (RFC 9110 section 9 and the IANA registry).
#pragma once

#include <string_view>

namespace ostler {

enum class Method : unsigned char {
    get,
    head,
    post,
    put,
    delete_,
    connect,
    options,
    trace,
    patch,
    registered,  ///< another name of the IANA registry, such as PROPFIND: for modules
    unknown,     ///< a token nobody registered: 501
};

/// Methods are case-sensitive: "get" is unknown.
Method to_method(std::string_view token);

}  // namespace ostler
