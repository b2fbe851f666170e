// session_redis_script.h - the one script that Redis runs for every order, and its arguments.
//
// A script is one atomic step (EVALSHA): changes are merged name by name there, and a save that
// comes after a destroy finds nothing.  Keys, all with one hash tag, so in one slot of a cluster:
//
//   {PREFIX}:s:HANDLE   hash: one session; fields h k g c s i e r o a u b n, and v:NAME for values
//   {PREFIX}:i:HASH     string: the handle of the session with this id; gone when the id is
//   {PREFIX}:all        sorted set: handles, for lists
//   {PREFIX}:due        sorted set: handles by when they expire, for purges
//   {PREFIX}:o:ORIGIN   sorted set: handles of one origin by when they expire, for counting
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "modules/session_store.h"

namespace ostler {

/// For SCRIPT LOAD.
extern const std::string_view redis_session_script;

/// Sessions in one `touch`; more are sent as several.
constexpr std::size_t most_touched = 500;

/// KEYS[1] and what stands behind it for one order.  `token` comes back with the answer.
/// `deadline_ms` of Redis's own clock: what would change a session later than that is not done.
/// Of a touch, the activity from `first` on.
std::vector<std::string> encode_redis_order(const SessionOrder& order, std::string_view prefix,
                                            std::string_view token, std::int64_t deadline_ms,
                                            std::size_t first = 0);

}  // namespace ostler
