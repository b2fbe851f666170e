// config_reading.h - what the readers of a configuration's parts share: the tree, what has become
// of it so far, and what is wrong with it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section_reader.h"
#include "server/config_scope.h"
#include "server/scope.h"

namespace ostler {

/// One scope in the tree: the server, a host or a location.
struct ScopeInput {
    SectionReader& reader;
    const ConfigNode& node;
    const ConfigNode& below;  ///< the part of the tree where a module may yet be switched on
    const std::string& path;
    ConfigNode* record;  ///< gets what is in force; may be null
    bool outermost = false;
};

/// Lives as long as one tree is read; everything it is given lives longer.
class ConfigReading {
 public:
    ConfigReading(const ConfigNode& root, ModuleTable modules, BuiltScopes& built,
                  std::vector<Problem>& problems);

    const ConfigNode& root;
    const ModuleTable modules;
    BuiltScopes& built;
    std::vector<Problem>& problems;

    /// For a SectionReader, with hints, and with the tree's beginning for a place without a file.
    SectionReader::Context context(std::string title, std::string scope_path, ConfigNode* record,
                                   bool defaults = false, const SourcePlace& place = {});
    void error(const SourcePlace& place, std::string text);
    void warn(const SourcePlace& place, std::string text);

    /// Reads the group NAME of a scope; `group` is null when the scope does not mention it.
    void read_group(const ScopeInput& in, const ConfigNode* group, const std::string& name,
                    const std::function<void(Section&)>& read);

 private:
    const std::function<std::string(std::string_view)> elsewhere_;
};

/// Adds an empty list to what is in force.
ConfigNode* add_list(const char* name, ConfigNode& parent);

/// Where the scope switches the module, or where it begins.
const SourcePlace& switch_place(const ConfigNode& scope, std::string_view module);

}  // namespace ostler
