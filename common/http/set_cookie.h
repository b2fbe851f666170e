// set_cookie.h - the Set-Cookie field, read as a browser reads it and written by one builder
// (RFC 6265bis sections 4.1 and 5.6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/arena.h"
#include "common/base/result.h"

namespace ostler {

enum class SameSite : unsigned char { unset, strict, lax, none };

/// A cookie for the client.  Views belong to whoever made it: parse_set_cookie() points into the
/// text it was given.
struct SetCookie {
    static constexpr std::size_t most_name_and_value = 4096;  ///< bytes (RFC 6265bis section 5.6)
    static constexpr std::size_t most_attribute = 1024;       ///< bytes of an attribute's value
    static constexpr std::int64_t longest_age =
        400 * 86'400;  ///< seconds; browsers keep none longer

    std::string_view name;
    std::string_view value;               ///< as on the wire, with its quotes if it has any
    std::optional<std::int64_t> expires;  ///< seconds since 1970
    std::optional<std::int64_t> max_age;  ///< seconds; 0 or less: gone at once
    std::string_view domain;              ///< without a leading dot; empty: this host only
    std::string_view path;                ///< empty: the folder of the request's path
    bool secure = false;
    bool http_only = false;
    SameSite same_site = SameSite::unset;
    bool partitioned = false;
    /// Attributes that are not in the RFC, such as "Priority=High"; more of them are dropped.
    std::array<std::string_view, 4> others;
};

/// Reads a field value by the rules for browsers; attributes that those ignore are ignored, and of
/// one that stands there twice the last counts.  The error, a constant phrase for a log line, says
/// why a browser would ignore the field.
Result<SetCookie, const char*> parse_set_cookie(std::string_view field_value);

/// Null, or why a browser would refuse the cookie or part of it: a constant phrase, "needs Secure
/// because its name begins with __Host-".  Covers names, values, lengths, Domain, Path, the name
/// prefixes, and what needs Secure.
const char* problem_with(const SetCookie& cookie);

/// The field value in `arena`, or problem_with()'s phrase.  A Max-Age above longest_age is written
/// as that, and Expires stands beside Max-Age only when it was given.
Result<std::string_view, const char*> build_set_cookie(Arena& arena, const SetCookie& cookie);

}  // namespace ostler
