// config_merge.cc - several configuration files become one.
#include "server/config_merge.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;

/// What makes two elements of `hosts` or `locations` the same one: the names in any order, or
/// the path.  Empty: nothing does.
std::string identity(const ConfigNode& element, std::string_view list)
{
    const ConfigNode* key = element.find(list == "hosts" ? "names" : "path");
    if (!key) return {};
    if (list == "locations") return key->text;
    std::vector<std::string> names;
    if (key->is(Type::string)) names.push_back(key->text);
    for (const ConfigNode& name : key->children) names.push_back(name.text);
    for (std::string& name : names)
        for (char& c : name) c = lower(c);
    std::sort(names.begin(), names.end());
    std::string all;
    for (const std::string& name : names) append(all, name, ' ');
    return all;
}

void merge_list(ConfigNode& into, ConfigNode&& from)
{
    const std::size_t before = into.children.size();
    for (ConfigNode& element : from.children) {
        const std::string id = identity(element, from.name);
        std::size_t same = id.empty() ? before : 0;
        while (same < before && identity(into.children[same], from.name) != id) ++same;
        if (same < before)
            merge_config(into.children[same], std::move(element));
        else
            into.children.push_back(std::move(element));
    }
}

}  // namespace

void merge_config(ConfigNode& into, ConfigNode&& from)
{
    for (ConfigNode& child : from.children) {
        ConfigNode* present = into.find(child.name);
        const bool collected = child.name == "hosts" || child.name == "locations" ||
                               child.name == "listen" || child.name == "tests";
        if (!present)
            into.children.push_back(std::move(child));
        else if (present->is(Type::group) && child.is(Type::group))
            merge_config(*present, std::move(child));
        else if (collected && present->is(Type::list) && child.is(Type::list))
            merge_list(*present, std::move(child));
        else
            *present = std::move(child);
    }
}

}  // namespace ostler
