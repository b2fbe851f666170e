// config_top.h - what stands at the top level only: the group `server`, the lists `listen` and
// `tests`.
#pragma once

#include "server/config_reading.h"

namespace ostler {

/// Into BuiltScopes::server.
void read_server(ConfigReading&, SectionReader& top);

/// Into BuiltScopes::listen; without a list there is one listener, with the defaults.
void read_listen(ConfigReading&, SectionReader& top);

/// Into BuiltScopes::tests.
void read_tests(ConfigReading&, SectionReader& top);

}  // namespace ostler
