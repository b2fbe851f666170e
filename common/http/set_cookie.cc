// set_cookie.cc - reading, judging and writing Set-Cookie.
#include "common/http/set_cookie.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/base/text.h"
#include "common/http/chars.h"
#include "common/http/cookie_date.h"
#include "common/http/date.h"
#include "common/http/fields.h"

namespace ostler {

namespace {

std::string_view take_attribute(std::string_view& rest)
{
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view attribute = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trim(attribute);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start)
{
    return same_ignoring_case(text.substr(0, start.size()), start);
}

/// `-?1*DIGIT`, or nothing; what is out of range becomes the nearest number in it.
std::optional<std::int64_t> parse_max_age(std::string_view text)
{
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    if (digits.size() != text.size()) return 0;
    std::int64_t seconds = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc{}) return SetCookie::longest_age;
    return std::min(seconds, SetCookie::longest_age);
}

SameSite parse_same_site(std::string_view text)
{
    if (same_ignoring_case(text, "strict")) return SameSite::strict;
    if (same_ignoring_case(text, "lax")) return SameSite::lax;
    if (same_ignoring_case(text, "none")) return SameSite::none;
    return SameSite::unset;
}

void keep_other(SetCookie& cookie, std::string_view attribute)
{
    if (attribute.empty()) return;
    for (std::string_view& other : cookie.others) {
        if (!other.empty()) continue;
        other = attribute;
        return;
    }
}

void take(SetCookie& cookie, std::string_view attribute)
{
    const std::size_t equals = std::min(attribute.find('='), attribute.size());
    const std::string_view name = trim(attribute.substr(0, equals));
    const std::string_view value = trim(attribute.substr(std::min(equals + 1, attribute.size())));
    if (value.size() > SetCookie::most_attribute) return;
    if (same_ignoring_case(name, "expires")) {
        if (const auto date = parse_cookie_date(value)) cookie.expires = date;
    } else if (same_ignoring_case(name, "max-age")) {
        if (const auto age = parse_max_age(value)) cookie.max_age = age;
    } else if (same_ignoring_case(name, "domain")) {
        cookie.domain = value.substr(value.starts_with('.') ? 1 : 0);
    } else if (same_ignoring_case(name, "path")) {
        cookie.path = value.starts_with('/') ? value : std::string_view{};
    } else if (same_ignoring_case(name, "secure")) {
        cookie.secure = true;
    } else if (same_ignoring_case(name, "httponly")) {
        cookie.http_only = true;
    } else if (same_ignoring_case(name, "samesite")) {
        cookie.same_site = parse_same_site(value);
    } else if (same_ignoring_case(name, "partitioned")) {
        cookie.partitioned = true;
    } else {
        keep_other(cookie, attribute);
    }
}

/// Of a Domain attribute: labels of letters, digits, '-' and '_' with dots between them.
bool is_domain(std::string_view domain)
{
    constexpr std::size_t longest = 253, longest_label = 63;
    if (domain.size() > longest) return false;
    std::size_t label = 0;
    for (const char c : domain) {
        const char small = lower(c);
        if (c == '.') {
            if (label == 0) return false;
            label = 0;
        } else if ((small >= 'a' && small <= 'z') || is_digit(c) || c == '-' || c == '_') {
            if (++label > longest_label) return false;
        } else {
            return false;
        }
    }
    return label > 0;
}

/// Bytes that would end an attribute or the field, or be taken off its ends.
bool breaks_out(std::string_view text)
{
    const char* const end = text.data() + text.size();
    return find_control(text.data(), end) != end || text.find(';') != text.npos ||
           trim(text).size() != text.size();
}

const char* problem_with_pair(const SetCookie& cookie)
{
    if (cookie.name.empty()) return "it has no name";
    if (!is_token(cookie.name)) return "its name is no token";
    if (breaks_out(cookie.value))
        return "its value has a control byte, a semicolon, or a space at an end";
    if (cookie.name.size() + cookie.value.size() > SetCookie::most_name_and_value)
        return "name and value are longer than 4096 bytes";
    return nullptr;
}

const char* problem_with_prefix(const SetCookie& cookie)
{
    const bool host = starts_with_ignoring_case(cookie.name, "__Host-");
    if (host && !cookie.secure) return "__Host- in its name needs Secure";
    if (host && cookie.path != "/") return "__Host- in its name needs Path=/";
    if (host && !cookie.domain.empty()) return "__Host- in its name forbids Domain";
    if (starts_with_ignoring_case(cookie.name, "__Secure-") && !cookie.secure)
        return "__Secure- in its name needs Secure";
    return nullptr;
}

/// Writes into memory that is large enough.
class Writer {
 public:
    explicit Writer(char* at) : start_(at), at_(at) {}
    void put(std::string_view text)
    {
        if (text.empty()) return;
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void attribute(std::string_view name, std::string_view value)
    {
        if (value.empty()) return;
        put(name);
        put(value);
    }
    void number(std::string_view name, std::int64_t value)
    {
        put(name);
        at_ = std::to_chars(at_, at_ + 20, value).ptr;
    }
    void date(std::string_view name, std::int64_t seconds)
    {
        put(name);
        format_http_date(seconds, at_);
        at_ += http_date_size;
    }
    std::string_view text() const { return {start_, static_cast<std::size_t>(at_ - start_)}; }

 private:
    char* start_;
    char* at_;
};

std::size_t size_of(const SetCookie& cookie)
{
    constexpr std::size_t fixed = 256;  // names of attributes, numbers, the date
    std::size_t size = fixed + cookie.name.size() + cookie.value.size() + cookie.domain.size() +
                       cookie.path.size();
    for (const std::string_view other : cookie.others) size += 2 + other.size();
    return size;
}

std::string_view name_of(SameSite same_site)
{
    switch (same_site) {
    case SameSite::strict: return "Strict";
    case SameSite::lax: return "Lax";
    case SameSite::none: return "None";
    case SameSite::unset: break;
    }
    return {};
}

}  // namespace

Result<SetCookie, const char*> parse_set_cookie(std::string_view rest)
{
    if (!is_field_value(rest)) return Unexpected{"it has a control byte"};
    SetCookie cookie;
    const std::string_view pair = take_attribute(rest);
    const std::size_t equals = pair.find('=');
    // Browsers take "abc" and "=abc" for the value of a cookie without a name, which comes back as
    // "abc": nothing that a server could find again.
    if (equals == pair.npos) return Unexpected{"it has no name"};
    cookie.name = trim(pair.substr(0, equals));
    cookie.value = trim(pair.substr(equals + 1));
    if (const char* problem = problem_with_pair(cookie)) return Unexpected{problem};
    while (!rest.empty()) take(cookie, take_attribute(rest));
    return cookie;
}

const char* problem_with(const SetCookie& cookie)
{
    if (const char* problem = problem_with_pair(cookie)) return problem;
    if (!cookie.domain.empty() && !is_domain(cookie.domain)) return "its Domain is no host name";
    if (!cookie.path.empty() && !cookie.path.starts_with('/'))
        return "its Path does not begin with /";
    if (breaks_out(cookie.path))
        return "its Path has a control byte, a semicolon, or ends in space";
    if (cookie.path.size() > SetCookie::most_attribute) return "its Path is longer than 1024 bytes";
    for (const std::string_view other : cookie.others)
        if (breaks_out(other) || other.size() > SetCookie::most_attribute)
            return "an attribute has a control byte, a semicolon, or more than 1024 bytes";
    if (const char* problem = problem_with_prefix(cookie)) return problem;
    if (cookie.same_site == SameSite::none && !cookie.secure) return "SameSite=None needs Secure";
    if (cookie.partitioned && !cookie.secure) return "Partitioned needs Secure";
    return nullptr;
}

Result<std::string_view, const char*> build_set_cookie(Arena& arena, const SetCookie& cookie)
{
    if (const char* problem = problem_with(cookie)) return Unexpected{problem};
    Writer out(static_cast<char*>(arena.allocate(size_of(cookie), 1)));
    out.put(cookie.name);
    out.put("=");
    out.put(cookie.value);
    if (cookie.expires) out.date("; Expires=", *cookie.expires);
    if (cookie.max_age)
        out.number("; Max-Age=",
                   std::clamp(*cookie.max_age, std::int64_t{0}, SetCookie::longest_age));
    out.attribute("; Domain=", cookie.domain);
    out.attribute("; Path=", cookie.path);
    if (cookie.secure) out.put("; Secure");
    if (cookie.http_only) out.put("; HttpOnly");
    out.attribute("; SameSite=", name_of(cookie.same_site));
    if (cookie.partitioned) out.put("; Partitioned");
    for (const std::string_view other : cookie.others) out.attribute("; ", other);
    return out.text();
}

}  // namespace ostler
