// config_load.h - from files to a Configuration, with any table of modules.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/config_tree.h"
#include "server/config.h"
#include "server/scope.h"

namespace ostler {

/// Reads `file` and conf.d/*.conf beside it, in the order of their names, into one tree.  False
/// when a file cannot be read or has a syntax error; the others are read all the same.
bool read_config_tree(const std::string& file, ConfigNode& root, std::vector<Problem>& problems);

/// Everything behind load_configuration() but the reading; `modules` must live for ever.
std::unique_ptr<Configuration> build_configuration(const ConfigNode& root, ModuleTable modules,
                                                   std::vector<Problem>& problems);

}  // namespace ostler
