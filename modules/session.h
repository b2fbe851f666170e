// session.h - sessions: what the module can be told, and what it offers to other modules.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/session_store.h"

namespace ostler {

class Exchange;
class Section;
class SessionTracker;

/// Settings of one scope.
struct SessionConf {
    using Ms = std::chrono::milliseconds;

    SessionStoreConf store;
    bool fail_closed = false;        ///< on_failure = "503": no answer without its session
    std::string cookie = "sid";      ///< "__Host-sid" over TLS
    Ms idle{30 * 60'000};            ///< without a request for so long it expires
    Ms lifetime{24 * 3'600'000};     ///< and in any case after this
    Ms grace{0};                     ///< how long the id before a rotation is still good
    Ms activity{5'000};              ///< how often what was seen is written
    Ms purge{60'000};                ///< how often the expired are removed
    std::uint64_t size = 16 * 1024;  ///< of one session's values, encoded
    int per_client = 1000;           ///< living sessions of one client address; 0: any number
    bool always = false;             ///< every client gets a session, also without values
    std::vector<std::string> rotate_on = {"user"};  ///< a new id when one of these changes

    // The wall.
    std::vector<std::pair<std::string, std::string>> require;  ///< name and value; "": any value
    std::string otherwise = "403";  ///< "401", "403", or the path of a page to log in

    // Made in start().
    std::string secure_cookie;  ///< the cookie's name over TLS
    SessionStore* sessions = nullptr;
    SessionTracker* tracker = nullptr;
};

/// Reads and checks the group `session`.
void configure_session(SessionConf&, Section&);

/// The session of one exchange, as it was when the request came.
class Session {
 public:
    /// True when there is none yet: the client had none, or it had expired.
    bool is_new() const { return record_.handle.empty(); }
    const std::string& handle() const { return record_.handle; }
    const SessionValues& values() const { return record_.values; }
    /// Empty when there is no such value.
    std::string_view get(std::string_view name) const
    {
        const std::string* value = find_session_value(record_.values, name);
        return value ? std::string_view(*value) : std::string_view();
    }
    std::int64_t expires() const { return record_.expires(); }

 protected:
    ~Session() = default;
    SessionRecord record_;
};

/// Null when the module is off in this location or its store failed.  Valid as long as the
/// exchange, after the prepare phase.
Session* session_of(Exchange&);

}  // namespace ostler
