// session_fields.cc - wishes in response fields.
#include "modules/session_fields.h"

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view replace_name = "X-Replace-Session";
constexpr std::string_view set_name = "X-Session-Set";
constexpr std::string_view unset_name = "X-Session-Unset";
constexpr std::string_view rotate_name = "X-Session-Rotate";
constexpr std::string_view destroy_name = "X-Session-Destroy";

/// Longest wish of one answer, as a number of changes: a script cannot keep us busy with more.
constexpr std::size_t most_changes = 2 * most_session_values;

/// Calls `each` for "name=value" and "name" between '&'.
template <class Each> void for_each_pair(std::string_view text, Each each)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        each(pair.substr(0, equals),
             equals == pair.npos ? std::optional<std::string_view>() : pair.substr(equals + 1));
    }
}

void add_change(SessionWishes& wishes, std::string_view encoded_name,
                std::optional<std::string> value)
{
    std::string name = decode_session_text(encoded_name);
    if (wishes.changes.size() == most_changes)
        wishes.complaint = cat("more than ", most_changes, " changes in one answer");
    else if (!is_session_name(name))
        wishes.complaint = cat("a name is 1 to ", most_session_name, " bytes without controls");
    else
        wishes.changes.push_back({std::move(name), std::move(value)});
}

void take_set(SessionWishes& wishes, std::string_view text)
{
    for_each_pair(text, [&](std::string_view name, std::optional<std::string_view> value) {
        if (value)
            add_change(wishes, name, decode_session_text(*value));
        else
            wishes.complaint = cat(set_name, " needs name=value");
    });
}

void take_unset(SessionWishes& wishes, std::string_view text)
{
    for_each_pair(text, [&](std::string_view name, std::optional<std::string_view> value) {
        if (value)
            wishes.complaint = cat(unset_name, " takes a name without a value");
        else
            add_change(wishes, name, std::nullopt);
    });
}

void take_flag(SessionWishes& wishes, bool& flag, const Field& field)
{
    if (field.value == "1")
        flag = true;
    else if (field.value != "0")
        wishes.complaint = cat(field.name, " is 1 or 0");
}

void take_replacement(SessionWishes& wishes, std::string_view text)
{
    std::size_t skipped = 0;
    wishes.replacement = decode_session_values(text, &skipped);
    if (skipped > 0)
        wishes.complaint =
            cat(replace_name, ": ", skipped, " names are left out: at most ", most_session_values,
                " of 1 to ", most_session_name, " bytes without controls");
}

}  // namespace

SessionWishes take_session_wishes(Fields& fields)
{
    SessionWishes wishes;
    bool found = false;
    for (const Field& field : fields) {
        if (field.id != FieldId::other || field.name.size() < set_name.size() ||
            lower(field.name[0]) != 'x')
            continue;
        const auto is = [&](std::string_view name) { return same_ignoring_case(field.name, name); };
        if (is(set_name))
            take_set(wishes, field.value);
        else if (is(unset_name))
            take_unset(wishes, field.value);
        else if (is(rotate_name))
            take_flag(wishes, wishes.rotate, field);
        else if (is(destroy_name))
            take_flag(wishes, wishes.destroy, field);
        else if (is(replace_name))
            take_replacement(wishes, field.value);
        else
            continue;
        found = true;
    }
    if (found)
        for (const std::string_view name :
             {replace_name, set_name, unset_name, rotate_name, destroy_name})
            fields.remove(name);
    return wishes;
}

std::string private_cache_control(std::string_view value)
{
    if (has_token(value, "private") || has_token(value, "no-store")) return std::string(value);
    std::string out = "private";
    while (!value.empty()) {
        const std::size_t end = std::min(value.find(','), value.size());
        const std::string_view directive = trim(value.substr(0, end));
        value.remove_prefix(std::min(end + 1, value.size()));
        const std::string_view name = trim(directive.substr(0, directive.find('=')));
        if (directive.empty() || same_ignoring_case(name, "public") ||
            same_ignoring_case(name, "s-maxage"))
            continue;
        append(out, ", ", directive);
    }
    return out;
}

}  // namespace ostler
