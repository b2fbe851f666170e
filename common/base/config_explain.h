// config_explain.h - says what is wrong where libconfig would say "syntax error".
#pragma once

#include <optional>

#include "common/base/config_source.h"

namespace ostler {

/// Groups, lists and arrays within each other; more would only be an attack on the stack.
inline constexpr int deepest_config = 64;

/// The first place of a text that cannot be right, in words that help.  libconfig only sees text
/// without one: 1.5 takes a comment without an end for the end of the file and loses memory when
/// a string has none, and newer ones accept what 1.5 does not.
std::optional<Problem> find_syntax_error(const ConfigSource& source);

}  // namespace ostler
