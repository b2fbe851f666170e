// hello.h - what the module hello can be told, and the module itself.
#pragma once

#include <string>

#include "common/module.h"

namespace ostler {

/// Settings of one scope.  An inner scope starts as a copy of the outer one.
struct HelloConf {
    std::string text;  ///< the greeting; empty: nobody is greeted here
};

extern const Module hello_module;

}  // namespace ostler
