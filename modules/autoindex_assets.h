// autoindex_assets.h - the template, style and script that are compiled in.
#pragma once

#include <string_view>

namespace ostler {

extern const std::string_view listing_template;
extern const std::string_view listing_style;
extern const std::string_view listing_script;

/// What a page of ours may load: nothing inline, nothing from elsewhere.
constexpr std::string_view listing_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

}  // namespace ostler
