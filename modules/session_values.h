// session_values.h - what a session remembers: names and values, and the forms they travel in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ostler {

/// Sorted by name, each name once.  Names are 1 to most_session_name bytes without controls;
/// values are any bytes.
using SessionValues = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t most_session_name = 128;
/// Values of one session; more are refused wherever they come from.
constexpr std::size_t most_session_values = 256;

bool is_session_name(std::string_view name);

/// Null when there is none.
const std::string* find_session_value(const SessionValues&, std::string_view name);
/// Adds or replaces.
void set_session_value(SessionValues&, std::string_view name, std::string_view value);
void unset_session_value(SessionValues&, std::string_view name);

/// One change: the new value, or nothing to remove it.
struct SessionChange {
    std::string name;
    std::optional<std::string> value;
    bool operator==(const SessionChange&) const = default;
};
using SessionChanges = std::vector<SessionChange>;

/// Changes one after the other.
void apply_session_changes(SessionValues&, const SessionChanges&);
/// What turns `from` into `to`: this is how a whole replacement is merged name by name.
SessionChanges session_differences(const SessionValues& from, const SessionValues& to);

/// "a=1&b=x%20y", sorted by name: letters, digits and -._~ stand for themselves.  The form of
/// HTTP_SESSION and of what stores keep.
std::string encode_session_values(const SessionValues&);
/// The size of that text.
std::size_t encoded_session_size(const SessionValues&);

/// Reads application/x-www-form-urlencoded as the URL standard does: '+' is a space, a '%'
/// without two digits stands for itself, a name without '=' has an empty value, the last of
/// several values of a name counts.  Pairs with a name that is_session_name() refuses, and those
/// beyond most_session_values, are left out; `skipped` counts them when it is not null.
SessionValues decode_session_values(std::string_view text, std::size_t* skipped = nullptr);
/// One name or value of that form.
std::string decode_session_text(std::string_view text);

/// A JSON object (RFC 8259), names and values as strings; what is no UTF-8 becomes U+FFFD.
std::string session_values_to_json(const SessionValues&);

}  // namespace ostler
