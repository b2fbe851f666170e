// session_wall.h - a location that only sessions with certain values may enter.
#pragma once

#include "common/exchange.h"
#include "modules/session.h"

namespace ostler {

/// True when `session`, which may be null, has everything that `conf.require` names.
bool may_enter(const Session* session, const SessionConf& conf);

/// What the access hook says.
Step guard(Exchange&, const SessionConf&, const Session* session);

}  // namespace ostler
