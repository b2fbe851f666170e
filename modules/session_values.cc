// session_values.cc - names and values, urlencoded and as JSON.
#include "modules/session_values.h"

#include <algorithm>

#include "common/base/json.h"
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

std::string session_values_to_json(const SessionValues& values)
{
    std::string out = "{";
    for (const auto& [name, value] : values) {
        if (out.size() > 1) out += ',';
        append_json_text(out, name);
        out += ':';
        append_json_text(out, value);
    }
    return out + '}';
}

}  // namespace ostler
