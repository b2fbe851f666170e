// process_tree.h - who descends from whom.
//
// Linux knows and tells (/proc, child subreapers).  Elsewhere nothing is known and nothing adopted:
// of a program's processes only its process group is found, and one that leaves the group
// (setsid) is on its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ostler {

/// From now on what our descendants leave behind becomes our child.
void adopt_orphans();

/// Direct children of `id`, dead ones that nobody took included.
std::vector<pid_t> children_of(pid_t id);
/// `id` and all its descendants, parents first.
std::vector<pid_t> family_of(pid_t id);

/// The value of a variable that `id` was started with; none when it has no such variable, or may
/// have overwritten it.
std::optional<std::string> variable_of(pid_t id, std::string_view name);
/// When `id` was started, on boot_clock_ms(), a hundredth of a second exactly; 0: unknown.
std::int64_t start_of(pid_t id);
std::int64_t boot_clock_ms();

}  // namespace ostler
