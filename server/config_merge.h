// config_merge.h - several configuration files become one.
#pragma once

#include "common/base/config_tree.h"

namespace ostler {

/// Puts a file of conf.d into the configuration read so far.  Groups are merged member by
/// member, `listen` is appended to, and of everything else the later file wins.  A host with the
/// same names as one that is there is merged into it, another one is appended; so are locations,
/// by their path.  That way a package can add a location to a host.
void merge_config(ConfigNode& into, ConfigNode&& from);

}  // namespace ostler
