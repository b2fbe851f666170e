// config_explain.h - says what is wrong where libconfig says "syntax error".
#pragma once

#include <string_view>

#include "common/base/config_source.h"

namespace ostler {

/// The problem behind libconfig's `error` at `line` of source.text, in words that help: the text
/// is read again up to the first place that cannot be right.
Problem explain_syntax_error(const ConfigSource& source, int line, std::string_view error);

}  // namespace ostler
