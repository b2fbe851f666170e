// session_fields.h - what an answer says about its session: fields that never reach the client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http/fields.h"
#include "modules/session_values.h"

namespace ostler {

/// The wishes of whoever made the answer.
struct SessionWishes {
    std::optional<SessionValues> replacement;  ///< X-Replace-Session: all values from now on
    SessionChanges changes;                    ///< X-Session-Set, X-Session-Unset, in their order
    bool rotate = false;                       ///< X-Session-Rotate: 1
    bool destroy = false;                      ///< X-Session-Destroy: 1
    std::string complaint;                     ///< for the log: what was not understood

    bool any() const { return replacement || !changes.empty() || rotate || destroy; }
};

/// Reads those fields and takes them out.
SessionWishes take_session_wishes(Fields& fields);

/// What a `Cache-Control` value becomes when shared caches must not keep the answer: without
/// "public" and "s-maxage", with "private" unless it says "private" or "no-store" already.
std::string private_cache_control(std::string_view value);

}  // namespace ostler
