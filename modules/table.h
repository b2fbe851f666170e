// table.h - every module compiled into this binary, in pipeline order.
#pragma once

#include <span>

namespace ostler {

struct Module;

std::span<const Module* const> module_table();

}  // namespace ostler
