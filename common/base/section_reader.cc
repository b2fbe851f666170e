// section_reader.cc - a Section over one group of a parsed configuration.
#include "common/base/section_reader.h"

#include <algorithm>
#include <limits>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/base/units.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;
using Severity = Problem::Severity;

bool is_list_of_groups(const ConfigNode& node)
{
    // An empty array is an empty list, too.
    if (node.is(Type::array)) return node.children.empty();
    return node.is(Type::list) &&
           std::all_of(node.children.begin(), node.children.end(),
                       [](const ConfigNode& n) { return n.is(Type::group); });
}

bool is_log_word(std::string_view s)
{
    return s == "stdout" || s == "stderr" || s == "off" || s == "syslog" ||
           s.starts_with("syslog:");
}

std::string range_text(std::string_view min, std::string_view max)
{
    return max.empty() ? cat("of at least ", min) : cat("from ", min, " to ", max);
}

}  // namespace

std::string in_title(std::string_view title)
{
    return title.empty() ? std::string("at the top level") : cat("in ", title);
}

Problem must_be_problem(const ConfigNode& node, std::string_view title, std::string_view what)
{
    return make_problem(
        Severity::error, node.value_place,
        cat('"', node.name, "\" ", in_title(title), " must be ", what, ", not ", node.describe()));
}

void SectionReader::must_be(const ConfigNode& node, std::string_view what)
{
    unusable_.push_back(node.name);
    context_.problems.push_back(must_be_problem(node, context_.title, what));
}

const ConfigNode* SectionReader::take(std::string_view key)
{
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
    return group_ ? group_->find(key) : nullptr;
}

const ConfigNode* SectionReader::take_group(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node || node->is(Type::group)) return node;
    must_be(*node, cat("a group: ", key, ": { ... }"));
    return nullptr;
}

const ConfigNode* SectionReader::take_groups(std::string_view key)
{
    const ConfigNode* node = take(key);
    if (!node || is_list_of_groups(*node)) return node;
    if (node->is(Type::list)) {
        unusable_.emplace_back(key);
        const auto wrong = std::find_if_not(node->children.begin(), node->children.end(),
                                            [](const ConfigNode& n) { return n.is(Type::group); });
        context_.problems.push_back(
            make_problem(Severity::error, wrong->value_place,
                         cat("every element of \"", key, "\" must be a group { ... }, not ",
                             wrong->describe())));
        return nullptr;
    }
    must_be(*node, "a list of groups such as ( { ... }, { ... } )");
    return nullptr;
}

const ConfigNode* SectionReader::take_string(const char* key, std::string_view what)
{
    const ConfigNode* node = take(key);
    if (!node || node->is(Type::string)) return node;
    must_be(*node, what);
    return nullptr;
}

void SectionReader::record(ConfigNode node, const ConfigNode* mentioned)
{
    if (!context_.record || (!mentioned && !context_.record_defaults)) return;
    if (!context_.record->find(node.name)) context_.record->children.push_back(std::move(node));
}

void SectionReader::use_paths(const char* key, std::vector<std::string> paths, PathUse use)
{
    const ConfigNode* node = group_ ? group_->find(key) : nullptr;
    if (node && context_.paths && !paths.empty())
        context_.paths->push_back({node->value_place, context_.title, key, std::move(paths), use});
}

bool SectionReader::get(const char* key, bool& value, const char*)
{
    const ConfigNode* node = take(key);
    const bool usable = node && node->is(Type::boolean);
    if (usable) value = node->boolean;
    if (node && !usable) must_be(*node, "true or false");
    record(ConfigNode::make_bool(key, value), node);
    return usable;
}

bool SectionReader::get(const char* key, int& value, const char*, int min, int max)
{
    const ConfigNode* node = take(key);
    bool usable = false;
    if (node && !node->is(Type::integer)) {
        must_be(*node, "a whole number");
    } else if (node && (node->too_large || node->integer < min || node->integer > max)) {
        const bool open = max == std::numeric_limits<int>::max() && node->integer < min;
        must_be(*node, cat("a number ", range_text(cat(min), open ? "" : cat(max))));
    } else if (node) {
        usable = true;
        value = static_cast<int>(node->integer);
    }
    record(ConfigNode::make_integer(key, value), node);
    return usable;
}

bool SectionReader::get(const char* key, std::string& value, const char*)
{
    const ConfigNode* node = take_string(key, "a string in double quotes");
    if (node) value = node->text;
    record(ConfigNode::make_string(key, value), node);
    return node != nullptr;
}

bool SectionReader::strings_of(const ConfigNode& node, std::vector<std::string>& values) const
{
    values.clear();
    if (node.is(Type::string)) {
        values.push_back(node.text);  // one may stand alone
        return true;
    }
    if (!node.is(Type::array) && !node.is(Type::list)) return false;
    for (const ConfigNode& child : node.children) {
        if (!child.is(Type::string)) return false;
        values.push_back(child.text);
    }
    return true;
}

bool SectionReader::get(const char* key, std::vector<std::string>& value, const char*)
{
    const ConfigNode* node = take(key);
    std::vector<std::string> values;
    const bool usable = node && strings_of(*node, values);
    if (usable) value = std::move(values);
    if (node && !usable) must_be(*node, "a list of strings such as [ \"a\", \"b\" ]");
    record(ConfigNode::make_strings(key, value), node);
    return usable;
}

bool SectionReader::usable_time(const ConfigNode& node, std::chrono::milliseconds& value,
                                std::chrono::milliseconds min, std::chrono::milliseconds max)
{
    if (node.is(Type::integer) && node.integer >= 0 && node.integer < 1'000'000'000) {
        must_be(node,
                cat("a time with its unit, such as \"", node.integer, "s\" (ms, s, m, h or d)"));
        return false;
    }
    const auto time = node.is(Type::string) ? parse_time(node.text) : std::nullopt;
    if (!time) {
        must_be(node, "a time such as \"30s\" (units: ms, s, m, h or d)");
        return false;
    }
    if (*time < min || *time > max) {
        must_be(node, cat("a time from \"", format_time(min), "\" to \"", format_time(max), '"'));
        return false;
    }
    value = *time;
    return true;
}

bool SectionReader::get(const char* key, std::chrono::milliseconds& value, const char*,
                        std::chrono::milliseconds min, std::chrono::milliseconds max)
{
    const ConfigNode* node = take(key);
    const bool usable = node && usable_time(*node, value, min, max);
    record(ConfigNode::make_string(key, format_time(value)), node);
    return usable;
}

bool SectionReader::usable_size(const ConfigNode& node, Bytes& value, Bytes min, Bytes max)
{
    if (node.is(Type::integer) && node.integer >= 0 && !node.too_large) {
        must_be(node, cat("a size in quotes, such as \"",
                          format_size(static_cast<std::uint64_t>(node.integer)),
                          "\" (units: k, M, G or T)"));
        return false;
    }
    const auto size = node.is(Type::string) ? parse_size(node.text) : std::nullopt;
    if (!size) {
        must_be(node, "a size such as \"10M\" (units: k, M, G or T)");
        return false;
    }
    if (*size < min.count || *size > max.count) {
        const bool open = max.count >= std::uint64_t{1} << 62;
        must_be(node,
                cat("a size ", range_text(cat('"', format_size(min.count), '"'),
                                          open ? "" : cat('"', format_size(max.count), '"'))));
        return false;
    }
    value = Bytes{*size};
    return true;
}

bool SectionReader::get(const char* key, Bytes& value, const char*, Bytes min, Bytes max)
{
    const ConfigNode* node = take(key);
    const bool usable = node && usable_size(*node, value, min, max);
    record(ConfigNode::make_string(key, format_size(value.count)), node);
    return usable;
}

bool SectionReader::get_choice(const char* key, std::size_t& value,
                               std::span<const std::string_view> allowed, const char*)
{
    const ConfigNode* node = take(key);
    bool usable = false;
    if (node) {
        const auto at = std::find(allowed.begin(), allowed.end(), node->text);
        usable = node->is(Type::string) && at != allowed.end();
        if (usable)
            value = static_cast<std::size_t>(at - allowed.begin());
        else
            must_be(*node, list_words(allowed));
    }
    if (value < allowed.size()) record(ConfigNode::make_string(key, allowed[value]), node);
    return usable;
}

bool SectionReader::get_path(const char* key, std::string& value, const char*)
{
    const ConfigNode* node = take_string(key, "a path in double quotes");
    if (node) value = absolute_path(node->text, node->place.file->folder);
    record(ConfigNode::make_string(key, value), node);
    return node != nullptr;
}

bool SectionReader::get_log_target(const char* key, std::string& value, const char*)
{
    const ConfigNode* node =
        take_string(key, "a path, \"stderr\", \"stdout\", \"syslog\" or \"off\"");
    if (node)
        value = is_log_word(node->text) ? node->text
                                        : absolute_path(node->text, node->place.file->folder);
    record(ConfigNode::make_string(key, value), node);
    if (node && !is_log_word(value))
        use_paths(key, {std::string(folder_of(value))}, PathUse::holder);
    return node != nullptr;
}

bool SectionReader::read_map(const ConfigNode& node,
                             std::vector<std::pair<std::string, std::string>>& value)
{
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const ConfigNode& child : node.children) {
        if (child.is(Type::string))
            pairs.emplace_back(child.name, child.text);
        else
            context_.problems.push_back(
                must_be_problem(child, cat('"', node.name, '"'), "a string in double quotes"));
    }
    if (pairs.size() != node.children.size()) {
        unusable_.push_back(node.name);
        return false;
    }
    value = std::move(pairs);
    return true;
}

bool SectionReader::get_map(const char* key,
                            std::vector<std::pair<std::string, std::string>>& value, const char*)
{
    const ConfigNode* node = take(key);
    bool usable = node != nullptr;
    if (node && !node->is(Type::group)) {
        must_be(*node, "a group of strings such as { name = \"value\"; }");
        usable = false;
    }
    if (usable) usable = read_map(*node, value);
    ConfigNode group = ConfigNode::make(Type::group, key);
    for (const auto& [name, text] : value)
        group.children.push_back(ConfigNode::make_string(name, text));
    record(std::move(group), node);
    return usable;
}

bool SectionReader::get_groups(const char* key, const char*,
                               const std::function<void(Section&)>& read)
{
    const ConfigNode* node = take_groups(key);
    if (!node) return false;
    ConfigNode list = ConfigNode::make(Type::list, key);
    for (const ConfigNode& child : node->children) {
        ConfigNode group = ConfigNode::make(Type::group, "");
        Context context{.problems = context_.problems,
                        .title = cat('"', key, '"'),
                        .place = child.place,
                        .scope_path = context_.scope_path,
                        .record = &group,
                        .record_defaults = true,
                        .elsewhere = context_.elsewhere};
        SectionReader reader(&child, std::move(context));
        read(reader);
        reader.report_unknown();
        list.children.push_back(std::move(group));
    }
    record(std::move(list), node);
    return true;
}

void SectionReader::report(Severity severity, const char* key, std::string_view why)
{
    // A value that could not be used is absent to whoever asked: "is needed" would only confuse.
    if (std::find(unusable_.begin(), unusable_.end(), key) != unusable_.end()) return;
    const ConfigNode* node = group_ ? group_->find(key) : nullptr;
    const SourcePlace& place = node ? node->value_place : group_ ? group_->place : context_.place;
    context_.problems.push_back(
        make_problem(severity, place, cat('"', key, "\" ", in_title(context_.title), ": ", why)));
}

void SectionReader::error(const char* key, std::string_view why)
{
    report(Severity::error, key, why);
}

void SectionReader::warn(const char* key, std::string_view why)
{
    report(Severity::warning, key, why);
}

std::vector<const ConfigNode*> SectionReader::unknown() const
{
    std::vector<const ConfigNode*> nodes;
    if (!group_) return nodes;
    for (const ConfigNode& child : group_->children)
        if (std::find(asked_.begin(), asked_.end(), child.name) == asked_.end())
            nodes.push_back(&child);
    return nodes;
}

void SectionReader::report_unknown() const
{
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    for (const ConfigNode* node : unknown()) {
        std::string text = cat("unknown setting \"", node->name, "\" ", in_title(context_.title));
        const std::string_view nearest = nearest_word(node->name, known);
        if (!nearest.empty())
            append(text, "; did you mean \"", nearest, "\"?");
        else if (context_.elsewhere)
            text += (*context_.elsewhere)(node->name);
        context_.problems.push_back(make_problem(Severity::error, node->place, std::move(text)));
    }
}

}  // namespace ostler
