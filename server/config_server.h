// config_server.h - the groups `server` and `listen`.
#pragma once

#include "server/config.h"

namespace ostler {

class Section;

/// Reads the group `server`.
void configure_server(ServerConf&, Section&);

/// Reads one element of `listen`.
ListenSpec configure_listen(Section&);

}  // namespace ostler
