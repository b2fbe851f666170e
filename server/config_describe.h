// config_describe.h - every setting there is, for -m, for hints and for the manual page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/section_describe.h"
#include "server/scope.h"

namespace ostler {

/// Groups that are no modules, in the order in which the manual shows them:
/// server, listen, modules, http, tls, hosts, locations, tests.
struct GroupInfo {
    std::string_view name;
    std::string_view about;
};
std::span<const GroupInfo> plain_groups();

/// The settings of a module or of a plain group; nothing when there is none of that name.
std::optional<std::vector<SettingInfo>> describe_settings(std::string_view name,
                                                          ModuleTable modules);

/// describe_modules() and describe_module() of server/config.h with any table.
std::string describe_table(ModuleTable modules);
std::string describe_group(std::string_view name, ModuleTable modules);

}  // namespace ostler
