// session_values.cc - names and values, urlencoded and as JSON.
#include "modules/session_values.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

auto position(SessionValues& values, std::string_view name)
{
    return std::lower_bound(values.begin(), values.end(), name,
                            [](const auto& pair, std::string_view n) { return pair.first < n; });
}

bool is_plain(char c)
{
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

void append_encoded(std::string& out, std::string_view text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_plain(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

std::size_t encoded_size(std::string_view text)
{
    const auto plain = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_plain));
    return plain + 3 * (text.size() - plain);
}

/// The length of the UTF-8 sequence that `text` begins with (RFC 3629); 0: none.
std::size_t utf8_length(std::string_view text)
{
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((at(i) & 0xc0) != 0x80) return 0;
    // Overlong forms, surrogates, and what is beyond U+10FFFF.
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;
    return length;
}

void append_json_control(std::string& to, char c)
{
    switch (c) {
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
    }
    constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    append(to, "\\u00", digits[byte >> 4], digits[byte & 15]);
}

}  // namespace

bool is_session_name(std::string_view name)
{
    return !name.empty() && name.size() <= most_session_name &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

const std::string* find_session_value(const SessionValues& values, std::string_view name)
{
    const auto at = position(const_cast<SessionValues&>(values), name);
    return at != values.end() && at->first == name ? &at->second : nullptr;
}

void set_session_value(SessionValues& values, std::string_view name, std::string_view value)
{
    const auto at = position(values, name);
    if (at != values.end() && at->first == name)
        at->second = value;
    else
        values.emplace(at, name, value);
}

void unset_session_value(SessionValues& values, std::string_view name)
{
    const auto at = position(values, name);
    if (at != values.end() && at->first == name) values.erase(at);
}

void apply_session_changes(SessionValues& values, const SessionChanges& changes)
{
    for (const SessionChange& change : changes) {
        if (change.value)
            set_session_value(values, change.name, *change.value);
        else
            unset_session_value(values, change.name);
    }
}

SessionChanges session_differences(const SessionValues& from, const SessionValues& to)
{
    SessionChanges changes;
    for (const auto& [name, value] : to) {
        const std::string* before = find_session_value(from, name);
        if (!before || *before != value) changes.push_back({name, value});
    }
    for (const auto& [name, value] : from)
        if (!find_session_value(to, name)) changes.push_back({name, std::nullopt});
    return changes;
}

std::string encode_session_values(const SessionValues& values)
{
    std::string out;
    for (const auto& [name, value] : values) {
        if (!out.empty()) out += '&';
        append_encoded(out, name);
        out += '=';
        append_encoded(out, value);
    }
    return out;
}

std::size_t encoded_session_size(const SessionValues& values)
{
    std::size_t size = 0;
    for (const auto& [name, value] : values) size += 2 + encoded_size(name) + encoded_size(value);
    return size > 0 ? size - 1 : 0;
}

std::string decode_session_text(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

SessionValues decode_session_values(std::string_view text, std::size_t* skipped)
{
    SessionValues values;
    std::size_t left_out = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string name = decode_session_text(pair.substr(0, equals));
        const bool fits = values.size() < most_session_values || find_session_value(values, name);
        if (!fits || !is_session_name(name))
            ++left_out;
        else
            set_session_value(values, name,
                              decode_session_text(pair.substr(std::min(equals + 1, pair.size()))));
    }
    if (skipped) *skipped = left_out;
    return values;
}

void append_json_string(std::string& to, std::string_view text)
{
    to += '"';
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            to += "\xef\xbf\xbd";
        } else if (length > 1) {
            to += text.substr(0, length);
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            append_json_control(to, c);
        } else {
            if (c == '"' || c == '\\') to += '\\';
            to += c;
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    to += '"';
}

std::string session_values_to_json(const SessionValues& values)
{
    std::string out = "{";
    for (const auto& [name, value] : values) {
        if (out.size() > 1) out += ',';
        append_json_string(out, name);
        out += ':';
        append_json_string(out, value);
    }
    return out + '}';
}

}  // namespace ostler
