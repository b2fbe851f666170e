// config_tree.h - a configuration file as a tree of ours, every node with the place it stands at.
//
// The only file that knows libconfig.  Trees of several files can be put together, which
// libconfig's own cannot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/config_source.h"

namespace ostler {

/// One setting, or one element of a list.
struct ConfigNode {
    enum class Type : unsigned char { group, list, array, string, integer, real, boolean };

    Type type = Type::group;
    bool boolean = false;
    bool too_large = false;  ///< an integer that 64 bits do not hold
    std::int64_t integer = 0;
    std::string name;  ///< empty for an element and the root
    std::string text;  ///< of a string its value, of a number what is in the file
    std::vector<ConfigNode> children;
    SourcePlace place;  ///< of the name; of an element its value
    SourcePlace value_place;

    static ConfigNode make(Type type, std::string_view name);
    static ConfigNode make_bool(std::string_view name, bool value);
    static ConfigNode make_integer(std::string_view name, std::int64_t value);
    static ConfigNode make_string(std::string_view name, std::string_view value);
    static ConfigNode make_strings(std::string_view name, const std::vector<std::string>& values);

    bool is(Type t) const { return type == t; }
    /// The member with this name; null when there is none.
    const ConfigNode* find(std::string_view key) const;
    ConfigNode* find(std::string_view key);
    /// For "not …" in a message: `"abc"`, `12`, `a group`.
    std::string describe() const;
};

/// The tree of a text; `root` is untouched and false returned when it has a syntax error
/// (reported).
bool parse_config(std::string_view text, const std::string& name, const std::string& folder,
                  ConfigNode& root, std::vector<Problem>& problems);

/// libconfig syntax that parses to the same tree.
std::string write_config(const ConfigNode& root);
/// The value alone, on one line: `"a"`, `[ "a", "b" ]`, `{ a = 1; }`.
std::string write_config_value(const ConfigNode& node);

}  // namespace ostler
