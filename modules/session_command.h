// session_command.h - `ostler sessions`: what is in the stores, for the person who runs the server.
#pragma once

#include "common/module.h"

namespace ostler {

extern const ModuleCommand session_command;

}  // namespace ostler
