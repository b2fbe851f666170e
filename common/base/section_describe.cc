// section_describe.cc - a Section that learns which settings there are.
#include "common/base/section_describe.h"

#include <limits>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/base/units.h"

namespace ostler {

SettingInfo& SectionDescriber::note(const char* key, const char* type, const ConfigNode& value,
                                    const char* about)
{
    SettingInfo info;
    info.key = key;
    info.type = type;
    info.default_value = write_config_value(value);
    info.about = about;
    settings_.push_back(std::move(info));
    return settings_.back();
}

bool SectionDescriber::get(const char* key, bool& value, const char* about)
{
    note(key, "true or false", ConfigNode::make_bool("", value), about);
    return false;
}

bool SectionDescriber::get(const char* key, int& value, const char* about, int min, int max)
{
    SettingInfo& info = note(key, "number", ConfigNode::make_integer("", value), about);
    info.range =
        max == std::numeric_limits<int>::max() ? cat(min, " or more") : cat(min, " to ", max);
    return false;
}

bool SectionDescriber::get(const char* key, std::string& value, const char* about)
{
    note(key, "string", ConfigNode::make_string("", value), about);
    return false;
}

bool SectionDescriber::get(const char* key, std::vector<std::string>& value, const char* about)
{
    note(key, "list of strings", ConfigNode::make_strings("", value), about);
    return false;
}

bool SectionDescriber::get(const char* key, std::chrono::milliseconds& value, const char* about,
                           std::chrono::milliseconds min, std::chrono::milliseconds max)
{
    SettingInfo& info = note(key, "time", ConfigNode::make_string("", format_time(value)), about);
    info.range = cat('"', format_time(min), "\" to \"", format_time(max), '"');
    return false;
}

bool SectionDescriber::get(const char* key, Bytes& value, const char* about, Bytes min, Bytes max)
{
    SettingInfo& info =
        note(key, "size", ConfigNode::make_string("", format_size(value.count)), about);
    const bool open = max.count >= std::uint64_t{1} << 62;
    if (!open)
        info.range = cat('"', format_size(min.count), "\" to \"", format_size(max.count), '"');
    else if (min.count > 0)
        info.range = cat('"', format_size(min.count), "\" or more");
    return false;
}

bool SectionDescriber::get_choice(const char* key, std::size_t& value,
                                  std::span<const std::string_view> allowed, const char* about)
{
    const std::string_view chosen = value < allowed.size() ? allowed[value] : "";
    note(key, "choice", ConfigNode::make_string("", chosen), about).range = list_words(allowed);
    return false;
}

bool SectionDescriber::get_path(const char* key, std::string& value, const char* about)
{
    note(key, "path", ConfigNode::make_string("", value), about);
    return false;
}

bool SectionDescriber::get_log_target(const char* key, std::string& value, const char* about)
{
    note(key, "log target", ConfigNode::make_string("", value), about);
    return false;
}

bool SectionDescriber::get_map(const char* key,
                               std::vector<std::pair<std::string, std::string>>& value,
                               const char* about)
{
    ConfigNode group = ConfigNode::make(ConfigNode::Type::group, "");
    for (const auto& [name, text] : value)
        group.children.push_back(ConfigNode::make_string(name, text));
    note(key, "group of strings", group, about);
    return false;
}

bool SectionDescriber::get_groups(const char* key, const char* about,
                                  const std::function<void(Section&)>& read)
{
    SectionDescriber members;
    read(members);
    SettingInfo& info =
        note(key, "list of groups", ConfigNode::make(ConfigNode::Type::list, ""), about);
    info.default_value.clear();
    info.members = members.settings();
    return false;
}

}  // namespace ostler
