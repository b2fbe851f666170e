// static_note.h - why a path of a tree is not served, for `ostler explain`.
#pragma once

#include <string>
#include <string_view>

#include "modules/static_conf.h"

namespace ostler {

/// What is at `below` and, where it is not served, which component or which rule is to blame.
/// Asks the file system anew.
std::string note_on_path(const StaticTree& tree, std::string_view below);

}  // namespace ostler
