// cookie.h - the Cookie field: which cookies a client sent (RFC 6265bis section 5.8.3, read as a
// server reads it).  Nothing here allocates.
//
// Pairs are split on ';' and on nothing else.  A pair is skipped when its name is no token, when
// its value has a control byte, or when a double quote stands on one side of the value only: no
// other parser can then see a cookie where this one sees a part of another's value.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/fields.h"

namespace ostler {

struct Cookie {
    std::string_view name;
    std::string_view value;  ///< without the quotes, if it stood in quotes
};

/// Reads the cookies of all Cookie fields of a request, one by one, in the order they came in.
/// `fields` must outlive the reader, and what they point at must outlive the cookies.
class CookieReader {
 public:
    static constexpr std::size_t most_cookies = 50;
    static constexpr std::size_t most_bytes = std::size_t{8} * 1024;  ///< of all fields

    explicit CookieReader(const Fields& fields) : fields_(fields) {}

    /// False at the end, and when the limits are reached.
    bool next(Cookie& cookie);
    /// After the end: true when the limits left something unread.
    bool left_out() const { return left_out_; }

 private:
    bool take_field();
    bool stop();

    const Fields& fields_;
    std::string_view rest_;  // of the field
    std::size_t field_ = 0;  // number of the next field
    std::size_t bytes_ = 0;  // of the fields so far
    std::size_t cookies_ = 0;
    bool left_out_ = false;
};

/// What a request says about one name.
struct CookieLookup {
    enum class Sent : unsigned char {
        never,
        once,
        /// Twice or more, or once with something left unread: whose it is cannot be known, as
        /// another host of the domain may have set one (RFC 6265bis section 8.6).
        ambiguously,
    };
    Sent sent = Sent::never;
    std::string_view value;  ///< of the first one
};

/// Names compare byte by byte.
CookieLookup find_cookie(const Fields& fields, std::string_view name);

/// True when `pattern` is `name`, or the start of it and a '*': "utm_*".
bool cookie_name_matches(std::string_view pattern, std::string_view name);

/// The value of one Cookie field without the pairs that one of the patterns `names` matches,
/// malformed ones included; the others stay as they were sent.  It is `value` itself when there is
/// nothing to take out, else a copy in `arena`; empty when nothing is left.
std::string_view without_cookies(Arena& arena, std::string_view value,
                                 std::span<const std::string_view> names);
/// Takes those cookies out of every Cookie field, and fields out that would be empty.
void remove_cookies(Arena& arena, Fields& fields, std::span<const std::string_view> names);

/// True for a value made of cookie-octets (RFC 6265bis section 4.1.1): no quotes, commas, spaces,
/// backslashes, no bytes above 0x7E.  Whoever chooses a value should choose such a one.
bool is_cookie_value(std::string_view value);

}  // namespace ostler
