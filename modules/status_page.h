// status_page.h - the board as a page for people.
#pragma once

#include <string>
#include <string_view>

#include "common/base/board.h"

namespace ostler {

/// A whole document; it asks for status.css and status.js beside it.
std::string status_page(const BoardView&);

extern const std::string_view status_style;
extern const std::string_view status_script;

}  // namespace ostler
