// capabilities.h - the rights of a process that is not root, where the system has such.
#pragma once

#include <string>

namespace ostler {

/// Gives up every capability, for this process and for what it runs, for good.  A service manager
/// may have given some to the master, to bind port 80 and to read keys; workers need none.
/// False, and `error` says why, when that does not work.
bool drop_capabilities(std::string& error);

}  // namespace ostler
