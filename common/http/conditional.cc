// conditional.cc - evaluation of preconditions.
#include "common/http/conditional.h"

#include <optional>

#include "common/base/text.h"
#include "common/http/date.h"

namespace ostler {

namespace {

struct EntityTag {
    std::string_view tag;  ///< with its quotes, without W/
    bool weak = false;
};

/// Removes one entity-tag (RFC 9110 section 8.8.3) from the front of `text`.
std::optional<EntityTag> take_entity_tag(std::string_view& text)
{
    EntityTag result;
    std::string_view at = text;
    if (at.starts_with("W/")) {
        result.weak = true;
        at.remove_prefix(2);
    }
    if (!at.starts_with('"')) return std::nullopt;
    const std::size_t close = at.find('"', 1);
    if (close == at.npos) return std::nullopt;
    result.tag = at.substr(0, close + 1);
    at.remove_prefix(close + 1);
    text = at;
    return result;
}

/// True when one of the entity tags in the list `value`, or "*", matches `etag`.
bool list_matches(std::string_view value, std::string_view etag, bool weak_comparison)
{
    value = trim(value);
    if (value == "*") return true;
    while (!value.empty()) {
        if (value.front() == ',' || value.front() == ' ' || value.front() == '\t') {
            value.remove_prefix(1);
            continue;
        }
        const std::optional<EntityTag> one = take_entity_tag(value);
        if (one) {
            if (!etag.empty() && one->tag == etag && (weak_comparison || !one->weak)) return true;
            continue;
        }
        value.remove_prefix(std::min(value.find(','), value.size()));  // garbage: to the next one
    }
    return false;
}

bool any_matches(const Fields& fields, FieldId id, std::string_view etag, bool weak_comparison)
{
    for (const Field& field : fields)
        if (field.id == id && list_matches(field.value, etag, weak_comparison)) return true;
    return false;
}

/// The date in a field that must occur once; nothing when it is to be ignored.
std::optional<std::int64_t> date_of(const Fields& fields, FieldId id, std::int64_t now)
{
    if (fields.count(id) != 1) return std::nullopt;
    return parse_http_date(trim(fields.get(id)), now);
}

}  // namespace

Precondition evaluate_preconditions(const Fields& fields, Method method,
                                    const Validators& validators)
{
    const bool safe = method == Method::get || method == Method::head;
    if (fields.find(FieldId::if_match)) {
        if (!any_matches(fields, FieldId::if_match, validators.etag, false))
            return Precondition::failed;
    } else if (const auto date = date_of(fields, FieldId::if_unmodified_since, validators.now)) {
        if (validators.modified > *date) return Precondition::failed;
    }
    if (fields.find(FieldId::if_none_match)) {
        if (any_matches(fields, FieldId::if_none_match, validators.etag, true))
            return safe ? Precondition::not_modified : Precondition::failed;
    } else if (safe) {
        const auto date = date_of(fields, FieldId::if_modified_since, validators.now);
        if (date && validators.modified <= *date) return Precondition::not_modified;
    }
    return Precondition::proceed;
}

bool if_range_holds(const Fields& fields, const Validators& validators)
{
    if (!fields.find(FieldId::if_range)) return true;
    if (fields.count(FieldId::if_range) != 1) return false;
    std::string_view value = trim(fields.get(FieldId::if_range));
    if (value.starts_with('"') || value.starts_with("W/")) {
        const std::optional<EntityTag> one = take_entity_tag(value);
        return one && value.empty() && !one->weak && one->tag == validators.etag;
    }
    const auto date = parse_http_date(value, validators.now);
    // A date is a strong validator only when it is at least a second older than Date: what changed
    // twice in one second has one date (section 8.8.2.2).
    return date && *date == validators.modified && validators.modified < validators.now;
}

}  // namespace ostler
