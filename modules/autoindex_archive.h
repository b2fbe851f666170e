// autoindex_archive.h - a folder and all below it as one file, made while it is sent.
#pragma once

#include <memory>

#include "common/base/body.h"
#include "common/base/loop.h"
#include "modules/autoindex_conf.h"

namespace ostler {

/// True when archives are compiled in.
bool can_make_archives();

/// Null when they are not, or when there is no way to begin; lives in `arena`.  `conf`, `tree`
/// and `below` must outlive it.
Body* make_archive(Arena& arena, Loop& loop, const AutoindexConf& conf, const FileTree& tree,
                   std::string_view below, ListingFormat format);

}  // namespace ostler
