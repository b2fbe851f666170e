// cookie.cc - pairs of the Cookie field.
#include "common/http/cookie.h"

#include <algorithm>
#include <cstring>

#include "common/base/text.h"
#include "common/http/chars.h"

namespace ostler {

namespace {

/// Cuts the text in front of the next ';' off `rest`.
std::string_view take_pair(std::string_view& rest)
{
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return pair;
}

/// Takes the quotes off once; false when only one side has one.
bool unquote(std::string_view& value)
{
    const bool opened = value.starts_with('"');
    if (opened != value.ends_with('"') || value == "\"") return false;
    if (opened) value = value.substr(1, value.size() - 2);
    return true;
}

bool parse_pair(std::string_view pair, Cookie& cookie)
{
    pair = trim(pair);
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || !is_token(pair.substr(0, equals))) return false;
    std::string_view value = trim(pair.substr(equals + 1));
    const char* const end = value.data() + value.size();
    if (find_control(value.data(), end) != end || !unquote(value)) return false;
    cookie = {pair.substr(0, equals), value};
    return true;
}

/// The name of a pair, well-formed or not, as lenient parsers would have it.
bool is_named(std::string_view pair, std::span<const std::string_view> names)
{
    const std::string_view name = trim(pair.substr(0, pair.find('=')));
    return std::any_of(names.begin(), names.end(), [name](std::string_view pattern) {
        return cookie_name_matches(pattern, name);
    });
}

}  // namespace

bool CookieReader::stop()
{
    left_out_ = true;
    rest_ = {};
    field_ = fields_.size();
    return false;
}

bool CookieReader::take_field()
{
    for (; field_ < fields_.size(); ++field_) {
        const Field& field = fields_.begin()[field_];
        if (field.id != FieldId::cookie) continue;
        bytes_ += field.value.size();
        if (bytes_ > most_bytes) return stop();
        rest_ = field.value;
        ++field_;
        return true;
    }
    return false;
}

bool CookieReader::next(Cookie& cookie)
{
    for (;;) {
        if (rest_.empty() && !take_field()) return false;
        if (!parse_pair(take_pair(rest_), cookie)) continue;
        if (cookies_ == most_cookies) return stop();
        ++cookies_;
        return true;
    }
}

CookieLookup find_cookie(const Fields& fields, std::string_view name)
{
    CookieLookup found;
    CookieReader reader(fields);
    for (Cookie cookie; reader.next(cookie);) {
        if (cookie.name != name) continue;
        if (found.sent == CookieLookup::Sent::never)
            found = {CookieLookup::Sent::once, cookie.value};
        else
            found.sent = CookieLookup::Sent::ambiguously;
    }
    if (found.sent == CookieLookup::Sent::once && reader.left_out())
        found.sent = CookieLookup::Sent::ambiguously;
    return found;
}

bool cookie_name_matches(std::string_view pattern, std::string_view name)
{
    if (!pattern.ends_with('*')) return pattern == name;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

std::string_view without_cookies(Arena& arena, std::string_view value,
                                 std::span<const std::string_view> names)
{
    bool any = false;
    std::size_t pairs = 0;
    for (std::string_view rest = value; !rest.empty(); ++pairs)
        any |= is_named(take_pair(rest), names);
    if (!any) return value;

    // Each pair may get a space behind its semicolon that was not sent.
    auto* const out = static_cast<char*>(arena.allocate(value.size() + pairs, 1));
    std::size_t size = 0;
    for (std::string_view rest = value; !rest.empty();) {
        const std::string_view pair = take_pair(rest);
        if (is_named(pair, names)) continue;
        const std::string_view kept = trim(pair);
        if (kept.empty()) continue;
        if (size > 0) {
            out[size++] = ';';
            out[size++] = ' ';
        }
        std::memcpy(out + size, kept.data(), kept.size());
        size += kept.size();
    }
    return {out, size};
}

void remove_cookies(Arena& arena, Fields& fields, std::span<const std::string_view> names)
{
    std::size_t count = fields.count(FieldId::cookie);
    if (count == 0) return;
    bool changed = false;
    auto* const kept = static_cast<std::string_view*>(
        arena.allocate(count * sizeof(std::string_view), alignof(std::string_view)));
    count = 0;
    for (const Field& field : fields) {
        if (field.id != FieldId::cookie) continue;
        const std::string_view value = without_cookies(arena, field.value, names);
        changed |= value.data() != field.value.data() || value.size() != field.value.size();
        if (!value.empty()) kept[count++] = value;
    }
    if (!changed) return;
    fields.remove(FieldId::cookie);
    for (std::size_t i = 0; i < count; ++i) fields.add(FieldId::cookie, kept[i]);
}

bool is_cookie_value(std::string_view value)
{
    return std::all_of(value.begin(), value.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
    });
}

}  // namespace ostler
