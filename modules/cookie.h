// cookie.h - the settings of one scope of the module cookie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/set_cookie.h"
#include "common/http/status.h"
#include "modules/cookie_policy.h"
#include "modules/cookie_template.h"

namespace ostler {

class Section;

/// A cookie that the server sets itself.
struct CookieToSet {
    std::string name;
    CookieTemplate value;
    bool only_if_absent = true;
    std::optional<std::int64_t> max_age;  ///< seconds; absent: until the browser is closed
    std::string path = "/";
    std::string domain;                                   ///< empty: this host only
    CookieRule::Secure secure = CookieRule::Secure::tls;  ///< keep: never
    bool http_only = true;
    SameSite same_site = SameSite::lax;
    bool partitioned = false;
    std::string variable;      ///< name for scripts; empty: none
    std::string log_variable;  ///< name for log formats; empty: none

    /// As it is sent with `with` for its value.
    SetCookie field(std::string_view with, bool tls) const;
};

/// A cookie without which nobody enters.
struct CookieCondition {
    std::string name;
    std::string value;  ///< empty: any
    Code status = Code::forbidden;
    std::string redirect;   ///< Location; empty: `status` is the answer
    std::string open_path;  ///< that page's path, for which the condition does not hold
};

struct CookieConf {
    std::vector<CookieToSet> set;
    std::vector<CookieCondition> require;
    std::vector<std::string> hide;   ///< names or starts of names that scripts do not see
    std::vector<CookieRule> policy;  ///< over the cookies that scripts set; empty: none
};

void configure_cookies(CookieConf&, Section&);

}  // namespace ostler
