// serve_state.h - where `ostler serve` keeps what scripts store: sessions, and files of their own.
#pragma once

#include <string>

#include "common/base/result.h"

namespace ostler {

/// A folder for the folder `served`, an absolute path: below user_state_folder(), ours alone, made
/// when it is not there.  It is the same one next time, so
/// nobody is logged out by a restart.  The error says what is in the way.
Result<std::string, std::string> serve_state_folder(const std::string& served);

}  // namespace ostler
