// cookie_template.cc - compiles and expands values of cookies.
#include "modules/cookie_template.h"

#include <algorithm>

#include "common/base/crypto.h"
#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/cookie.h"

namespace ostler {

struct CookieTemplate::Variable {
    std::string_view name;
    Kind kind;
};

const CookieTemplate::Variable CookieTemplate::variables[] = {
    {"random", Kind::random},
    {"time", Kind::time},
    {"request_id", Kind::request_id},
    {"host", Kind::host},
};

std::string CookieTemplate::compile(std::string_view text)
{
    parts_.clear();
    is_random_ = false;
    while (!text.empty()) {
        const std::size_t start = std::min(text.find("${"), text.size());
        if (start > 0) {
            const std::string_view literal = text.substr(0, start);
            if (!is_cookie_value(literal))
                return "has a space, a quote, a comma, a semicolon, a backslash or a byte that is "
                       "no printable ASCII; encode it, as %20 for example";
            parts_.push_back({Kind::text, std::string(literal)});
            text.remove_prefix(start);
            continue;
        }
        const std::size_t end = text.find('}');
        if (end == text.npos) return "${ without }";
        const std::string_view name = text.substr(2, end - 2);
        const auto* const found = std::find_if(std::begin(variables), std::end(variables),
                                               [&](const Variable& v) { return v.name == name; });
        if (found == std::end(variables))
            return cat("${", name,
                       "} is unknown; there are ${random}, ${time}, ${request_id} and ${host}");
        parts_.push_back({found->kind, {}});
        is_random_ |= found->kind == Kind::random;
        text.remove_prefix(end + 1);
    }
    return {};
}

void CookieTemplate::put(std::string& to, const Part& part, const Exchange& x) const
{
    switch (part.kind) {
    case Kind::text: to += part.text; return;
    case Kind::random: to += random_text(16); return;
    case Kind::time: append(to, x.loop.wall_seconds()); return;
    case Kind::request_id: to += x.request.id; return;
    case Kind::host:
        to += x.routed() && !x.pipeline().host.empty() ? x.pipeline().host : x.request.host;
        return;
    }
}

std::string_view CookieTemplate::expand(Exchange& x) const
{
    if (parts_.size() == 1 && parts_.front().kind == Kind::text) return parts_.front().text;
    std::string value;
    for (const Part& part : parts_) put(value, part, x);
    // A host that was not configured is the client's word.
    if (!is_cookie_value(value)) return {};
    return x.arena.copy(value);
}

bool CookieTemplate::may_have_made(std::string_view value) const
{
    if (!is_random_) return true;
    for (const Part& part : parts_) {
        switch (part.kind) {
        case Kind::text:
            if (!value.starts_with(part.text)) return false;
            value.remove_prefix(part.text.size());
            break;
        case Kind::random:
            if (!is_base64url(value.substr(0, random_size)) || value.size() < random_size)
                return false;
            value.remove_prefix(random_size);
            break;
        case Kind::time: {
            std::size_t digits = 0;
            while (digits < value.size() && is_digit(value[digits])) ++digits;
            if (digits == 0) return false;
            value.remove_prefix(digits);
            break;
        }
        case Kind::request_id:
        case Kind::host: return is_cookie_value(value);  // how long they were is not known
        }
    }
    return value.empty();
}

}  // namespace ostler
