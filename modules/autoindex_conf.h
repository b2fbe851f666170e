// autoindex_conf.h - the settings of the autoindex module, and what its scopes share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/base/loop.h"
#include "modules/autoindex_cache.h"
#include "modules/autoindex_page.h"
#include "modules/autoindex_reader.h"

namespace ostler {

class Section;

/// What all scopes of one worker share.
struct AutoindexShared {
    ListingCache cache;
    std::size_t streaming = 0;  ///< large directories that are being read now
};

struct AutoindexConf {
    AutoindexConf();

    bool enabled = false;
    std::string prefix = "/";  ///< of the scope that says `enabled`: the assets are below it
    ListingRules rules;
    std::size_t page_size = 1000;  ///< 0: everything on one page
    bool readme = true;
    bool previews = false;
    std::vector<std::string> downloads;  ///< "tar", "zip"
    std::string lang = "en";
    std::string policy;  ///< Content-Security-Policy; empty: none
    std::string template_file, style_file, script_file;
    std::size_t cache_size = 8 << 20;
    Milliseconds cache_age{10'000};

    std::shared_ptr<const PageTemplate> form;
    std::shared_ptr<const RenderedPage> style, script;
    std::shared_ptr<AutoindexShared> shared = std::make_shared<AutoindexShared>();

    bool offers(std::string_view format) const;
    /// The URL path the assets are below, decoded, with '/' at its end.
    std::string assets() const;
};

void configure_autoindex(AutoindexConf& conf, Section& section);
void start_autoindex(AutoindexConf& conf, Loop& loop);

}  // namespace ostler
