// config_locations.cc - the locations of a list, by path.
#include "server/config_locations.h"

#include "common/base/text.h"
#include "server/config_names.h"

namespace ostler {

namespace {

/// The node of a location's path; null, and reported, when no location can be there.
const ConfigNode* usable_path(ConfigReading& reading, const ConfigNode& location)
{
    const ConfigNode* path = location.find("path");
    if (!path) {
        reading.error(location.place, "a location needs a \"path\", such as path = \"/pub/\"");
        return nullptr;
    }
    if (!path->is(ConfigNode::Type::string)) {
        reading.problems.push_back(
            must_be_problem(*path, "a location", "a string in double quotes"));
        return nullptr;
    }
    if (path->text.starts_with('~') || path->text.starts_with('^')) {
        reading.error(path->value_place,
                      "a location's path is no regular expression but the start of paths, such as "
                      "\"/app/\"; scripts are found by their extension with \"interpreters\" in \"cgi\"");
        return nullptr;
    }
    if (!path->text.starts_with('/')) {
        reading.error(path->value_place,
                      cat("a location's path starts with \"/\": write \"/", path->text, '"'));
        return nullptr;
    }
    return path;
}

void warn_of_path(ConfigReading& reading, const ConfigNode& path)
{
    const std::string never = never_matches(path.text);
    if (!never.empty())
        reading.warn(path.value_place,
                     cat("location \"", path.text, "\" can never match: ", never));
    else if (const std::string hardly = hardly_matches(path.text); !hardly.empty())
        reading.warn(path.value_place,
                     cat("location \"", path.text, "\" will hardly match: ", hardly));
}

}  // namespace

LocationNodes take_locations(ConfigReading& reading, const ConfigNode* list)
{
    LocationNodes locations;
    if (!list) return locations;
    for (const ConfigNode& node : list->children) {
        const ConfigNode* path = usable_path(reading, node);
        if (!path) continue;
        warn_of_path(reading, *path);
        const auto [at, fresh] = locations.emplace(path->text, &node);
        if (!fresh)
            reading.error(path->value_place,
                          cat("location \"", path->text, "\" is there already: see line ",
                              at->second->place.line));
    }
    return locations;
}

}  // namespace ostler
