// cookie_policy.cc - repairs Set-Cookie fields that others wrote.
#include "modules/cookie_policy.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/cookie.h"

namespace ostler {

namespace {

bool repair_path(std::string_view& path, std::string_view limit)
{
    if (limit.empty()) return false;
    // RFC 6265bis section 5.1.4: "/a" covers "/a" and "/a/b", not "/ab".
    if (path.starts_with(limit) &&
        (path.size() == limit.size() || limit.ends_with('/') || path[limit.size()] == '/'))
        return false;
    path = limit;  // without a Path it would be the folder of the script's URL, whatever that is
    return true;
}

bool repair_domain(std::string_view& domain, std::string_view limit)
{
    if (limit.empty() || domain.empty() || same_ignoring_case(domain, limit)) return false;
    if (limit != "none" && domain.size() > limit.size() &&
        domain[domain.size() - limit.size() - 1] == '.' &&
        same_ignoring_case(domain.substr(domain.size() - limit.size()), limit))
        return false;
    domain = {};
    return true;
}

bool repair_age(SetCookie& cookie, std::int64_t longest, std::int64_t now)
{
    if (longest == 0) return false;
    // Max-Age is in charge when both are there (RFC 6265bis section 5.7).
    const std::int64_t age = cookie.max_age   ? *cookie.max_age
                             : cookie.expires ? *cookie.expires - now
                                              : 0;
    if (age <= longest) return false;
    cookie.max_age = longest;
    cookie.expires.reset();
    return true;
}

int strength(SameSite same_site)
{
    switch (same_site) {
    case SameSite::strict: return 2;
    case SameSite::lax: return 1;
    case SameSite::none:
    case SameSite::unset: break;
    }
    return 0;
}

/// True when the line may be written; it ends with what was left out before.
bool may_log(RepairLog& log, Milliseconds now, std::string& suffix)
{
    if (log.used && now - log.last < RepairLog::pause) {
        ++log.left_out;
        return false;
    }
    if (log.left_out > 0) suffix = cat("; ", log.left_out, " more since the last such line");
    log.used = true;
    log.last = now;
    log.left_out = 0;
    return true;
}

template <class... Parts>
void report(const Exchange& x, const CookieRule& rule, const Parts&... parts)
{
    std::string suffix;
    if (may_log(*rule.log, x.loop.now(), suffix))
        x.log(Level::warn, "cookie: ", x.request.path, ": ", parts..., suffix);
}

/// The value to send for `value`; empty: none.
std::string_view repaired(Exchange& x, std::string_view value, const std::vector<CookieRule>& rules)
{
    const auto parsed = parse_set_cookie(value);
    if (!parsed) {
        report(x, rules.back(), "a cookie that no browser takes was not sent: ", parsed.error());
        return {};
    }
    SetCookie cookie = *parsed;
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const CookieRule& r) {
        return cookie_name_matches(r.name, cookie.name);
    });
    if (rule == rules.end() || rule->keep) return value;
    if (rule->drop) {
        report(x, *rule, '"', cookie.name, "\" was not sent: the policy drops it");
        return {};
    }
    const CookieScope scope{x.request.peer.tls, x.loop.wall_seconds(), x.pipeline().location};
    const CookieRepairs repairs = repair_cookie(cookie, *rule, scope);
    if (!repairs.any()) return value;
    const auto built = build_set_cookie(x.arena, cookie);
    if (!built) {
        report(x, *rule, '"', cookie.name, "\" was not sent: ", built.error(),
               ", and the policy set ", repairs.list());
        return {};
    }
    report(x, *rule, '"', cookie.name, "\" was repaired: ", repairs.list());
    return *built;
}

}  // namespace

std::string CookieRepairs::list() const
{
    std::string text;
    const auto add = [&text](bool changed, std::string_view name) {
        if (changed) append(text, text.empty() ? "" : ", ", name);
    };
    add(secure, "Secure");
    add(http_only, "HttpOnly");
    add(same_site, "SameSite");
    add(path, "Path");
    add(domain, "Domain");
    add(age, "Max-Age");
    return text;
}

CookieRepairs repair_cookie(SetCookie& cookie, const CookieRule& rule, const CookieScope& scope)
{
    CookieRepairs repairs;
    const bool wants_secure = rule.secure == CookieRule::Secure::always ||
                              (rule.secure == CookieRule::Secure::tls && scope.tls);
    repairs.secure = wants_secure && !cookie.secure;
    cookie.secure |= repairs.secure;
    repairs.http_only = rule.http_only && !cookie.http_only;
    cookie.http_only |= repairs.http_only;
    repairs.same_site = strength(cookie.same_site) < strength(rule.same_site);
    if (repairs.same_site) cookie.same_site = rule.same_site;
    repairs.path = repair_path(cookie.path, rule.path == "location" ? scope.location : rule.path);
    repairs.domain = repair_domain(cookie.domain, rule.domain);
    repairs.age = repair_age(cookie, rule.max_age, scope.now);
    return repairs;
}

void apply_cookie_policy(Exchange& x, const std::vector<CookieRule>& rules)
{
    Fields& fields = x.response.fields;
    const std::size_t count = fields.count(FieldId::set_cookie);
    if (count == 0 || rules.empty()) return;
    auto* const values = static_cast<std::string_view*>(
        x.arena.allocate(count * sizeof(std::string_view), alignof(std::string_view)));
    std::size_t kept = 0;
    bool changed = false;
    for (const Field& field : fields) {
        if (field.id != FieldId::set_cookie) continue;
        const std::string_view value = repaired(x, field.value, rules);
        changed |= value.data() != field.value.data();
        if (!value.empty()) values[kept++] = value;
    }
    if (!changed) return;
    fields.remove(FieldId::set_cookie);
    for (std::size_t i = 0; i < kept; ++i) fields.add(FieldId::set_cookie, values[i]);
}

}  // namespace ostler
