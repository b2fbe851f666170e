// cookie_policy.h - what is put right in cookies that scripts set.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/loop.h"
#include "common/http/set_cookie.h"

namespace ostler {

class Exchange;

/// Lets a log line through once in a while, and counts what it does not.  One of a process.
struct RepairLog {
    static constexpr Milliseconds pause{10'000};
    bool used = false;
    Milliseconds last{0};
    std::uint64_t left_out = 0;
};

/// What one rule asks of the cookies whose names its pattern matches (cookie_name_matches()).
struct CookieRule {
    enum class Secure : unsigned char { keep, tls, always };

    std::string name = "*";
    bool keep = false;            ///< nothing is changed
    bool drop = false;            ///< such a cookie does not leave
    Secure secure = Secure::tls;  ///< where Secure is added: where the request came by TLS
    bool http_only = true;
    SameSite same_site = SameSite::lax;  ///< the least; unset: any
    std::string path;                    ///< Path is this or below it; "location": that of the
                                         ///< location in force; empty: any
    std::string domain;        ///< Domain is this or below it; "none": no Domain; empty: any
    std::int64_t max_age = 0;  ///< longest life in seconds; 0: any
    std::shared_ptr<RepairLog> log = std::make_shared<RepairLog>();
};

/// Which attributes were changed; `list` names them for the log.
struct CookieRepairs {
    bool secure = false, http_only = false, same_site = false;
    bool path = false, domain = false, age = false;
    bool any() const { return secure || http_only || same_site || path || domain || age; }
    std::string list() const;
};

/// What a cookie is judged by beside its rule.
struct CookieScope {
    bool tls = false;
    std::int64_t now = 0;       ///< seconds since 1970
    std::string_view location;  ///< path of the location in force
};

/// Makes `cookie` what `rule` asks for.
CookieRepairs repair_cookie(SetCookie& cookie, const CookieRule& rule, const CookieScope& scope);

/// Puts right every Set-Cookie of the response: the first rule that matches a name counts.  What
/// no browser would take is not sent.  Logs what it changed, a line in RepairLog::pause for a rule.
void apply_cookie_policy(Exchange& x, const std::vector<CookieRule>& rules);

}  // namespace ostler
