// log.h - the error log of the process.
//
// One record is one line.  Writing never blocks: what a full disk or a dead reader does not
// take is dropped, counted and reported (common/base/log_sink.h).  Untrusted bytes are escaped here.
#pragma once

#include <string_view>

#include "common/base/text.h"

namespace ostler {

/// error = someone must act, warn = someone should know, info = life cycle, debug = per request.
enum class Level : unsigned char { error, warn, info, debug };

/// What a record is about, beside its text; empty views are left out.
struct LogContext {
    std::string_view client;   ///< address of the peer
    std::string_view request;  ///< request id
    std::string_view host;     ///< canonical name of the host
};

/// True when records of this level are kept: ask before building an expensive text.
bool log_enabled(Level level);

/// Writes `2026-11-22 17:03:09.793 [error] 812 client 203.0.113.5 req 7f3a91 host "example.org": TEXT`.
/// `text` is lower case, without full stop, "module: object: cause"; a newline or a control
/// character in it is escaped.
void log_write(Level level, std::string_view text, const LogContext& context = {});

template <class... Parts> void log_error(const Parts&... parts)
{
    log_write(Level::error, cat(parts...));
}
template <class... Parts> void log_warn(const Parts&... parts)
{
    log_write(Level::warn, cat(parts...));
}
template <class... Parts> void log_info(const Parts&... parts)
{
    if (log_enabled(Level::info)) log_write(Level::info, cat(parts...));
}
template <class... Parts> void log_debug(const Parts&... parts)
{
    if (log_enabled(Level::debug)) log_write(Level::debug, cat(parts...));
}

}  // namespace ostler
