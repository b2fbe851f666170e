// config_hint.cc - "did you mean": where a setting belongs that is unknown here.
#include "server/config_hint.h"

namespace ostler {

std::function<std::string(std::string_view)> make_key_hints(ModuleTable)
{
    return [](std::string_view) { return std::string(); };
}

}  // namespace ostler
