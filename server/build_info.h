// build_info.h - what this binary is made of, for -V.
#pragma once

#include <string>

namespace ostler {

/// Lines "NAME: built with 2.1.12, running with 2.1.12" for every library of this build, then
/// "features: …".  A library that cannot say what runs is told by its headers' version alone.
std::string build_info();

}  // namespace ostler
