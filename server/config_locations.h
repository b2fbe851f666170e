// config_locations.h - the locations of a list, by path.
#pragma once

#include <map>
#include <string>

#include "server/config_reading.h"

namespace ostler {

/// The nodes are the tree's.
using LocationNodes = std::map<std::string, const ConfigNode*>;

/// Those with a usable path; the others are reported, as are paths that no request will have.
/// `list` may be null.
LocationNodes take_locations(ConfigReading&, const ConfigNode* list);

}  // namespace ostler
