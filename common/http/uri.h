// uri.h - request targets: decoded once, normalised once (RFC 3986, RFC 9112 section 3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/status.h"

namespace ostler {

/// Decodes and normalises the path of a target, PROTOCOL.md's rows `%`, dot segments, `//`.
/// Returns Code::ok and sets `path` (in `arena`, or `raw` itself when nothing changes), or the
/// status to answer with: bad_request, or not_found for an encoded slash.
Code normalise_path(std::string_view raw, Arena& arena, std::string_view& path);

/// An authority `host[:port]` (RFC 9110 section 7.2): host in lower case without one trailing
/// dot.  Nothing when it is not valid; userinfo is not valid.
struct Authority {
    std::string_view host;
    std::uint16_t port = 0;   ///< 0: none given
};
std::optional<Authority> parse_authority(std::string_view text, Arena& arena);

/// Percent-encodes a decoded path for a URL: everything but unreserved characters, '/' and the
/// sub-delims that are harmless in a path.  The result is safe in HTML attributes and header
/// fields.
std::string encode_path(std::string_view path);

}  // namespace ostler
