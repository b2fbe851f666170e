// config_hint.h - "did you mean": where a setting belongs that is unknown here.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "server/scope.h"

namespace ostler {

/// A function that says for an unknown key `; did you mean "root" in "static"?`, or nothing.
std::function<std::string(std::string_view)> make_key_hints(ModuleTable modules);

}  // namespace ostler
