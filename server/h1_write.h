// h1_write.h - the head of a response, from values to bytes (RFC 9112 section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/message.h"

namespace ostler {

/// What the connection adds to the response's own fields.
struct HeadFacts {
    std::string_view date;        ///< value of Date; empty: none
    std::string_view server;      ///< value of Server; empty: none
    std::string_view connection;  ///< "close", "keep-alive" or empty
    bool chunked = false;
    std::optional<std::uint64_t> length;  ///< Content-Length
};

struct WrittenHead {
    std::string_view bytes;       ///< in the arena, the empty line included
    /// A field that was left out because its name or value would break the message; null: none.
    const Field* refused = nullptr;
};

/// The one place that writes response fields.  Refuses CR, LF, NUL and bad names whoever wrote
/// them, and skips the fields that are the connection's business.
WrittenHead write_head(Arena& arena, const Response& response, const HeadFacts& facts);

}  // namespace ostler
