// cookie_template.h - the value of a cookie that the server sets: text with ${random} and its
// like in it, checked when the configuration is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ostler {

class Exchange;

class CookieTemplate {
 public:
    /// What ${random} becomes: 128 bits as base64url.
    static constexpr std::size_t random_size = 22;

    /// Empty, or what is wrong with `text` and what would be right.
    std::string compile(std::string_view text);

    /// The value for this request, in its arena.
    std::string_view expand(Exchange&) const;

    /// False for a value that a client sent and that this template cannot have made.  Only random
    /// templates are asked: other cookies may be changed by scripts.
    bool may_have_made(std::string_view value) const;

 private:
    enum class Kind : unsigned char { text, random, time, request_id, host };
    struct Part {
        Kind kind = Kind::text;
        std::string text;
    };
    struct Variable;
    static const Variable variables[];

    void put(std::string& to, const Part& part, const Exchange& x) const;

    std::vector<Part> parts_;
    bool is_random_ = false;
};

}  // namespace ostler
