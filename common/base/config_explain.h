// config_explain.h - says what is wrong where libconfig says "syntax error".
#pragma once

#include <optional>
#include <string_view>

#include "common/base/config_source.h"

namespace ostler {

/// Groups, lists and arrays within each other; more would only be an attack on the stack.
inline constexpr int deepest_config = 64;

/// The problem of a text that libconfig must not see: it is nested deeper, or it has a comment
/// without an end, which libconfig takes for the end of the file.
std::optional<Problem> check_config_text(const ConfigSource& source);

/// The problem behind libconfig's `error` at `line` of source.text, in words that help: the text
/// is read again up to the first place that cannot be right.
Problem explain_syntax_error(const ConfigSource& source, int line, std::string_view error);

}  // namespace ostler
