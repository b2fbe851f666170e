// board_text.h - the board as text for programs: JSON, and the format that Prometheus reads.
#pragma once

#include <string>

#include "common/base/board.h"

namespace ostler {

/// One object; times are seconds since 1970, durations seconds.  Ends in a newline.
std::string board_json(const BoardView&);

/// The text format of Prometheus, version 0.0.4.
std::string board_metrics(const BoardView&);

}  // namespace ostler
