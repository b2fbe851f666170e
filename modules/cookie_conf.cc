// cookie_conf.cc - reads and checks the group `cookie`.
#include <algorithm>
#include <array>
#include <chrono>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/cookie.h"
#include "common/http/fields.h"
#include "common/http/uri.h"
#include "modules/cookie.h"

namespace ostler {

namespace {

using Ms = std::chrono::milliseconds;
constexpr Ms longest_age = std::chrono::seconds(SetCookie::longest_age);

std::int64_t in_seconds(Ms time)
{
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

bool is_variable_name(std::string_view name)
{
    return !name.empty() && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
           });
}

void read_name(std::string& name, Section& s, const char* about)
{
    if (!s.get("name", name, about))
        s.error("name", "is needed: which cookie is it about");
    else if (!is_token(name))
        s.error("name", "is no name of a cookie: letters, digits and !#$%&'*+-.^_`|~");
}

void read_secure(CookieRule::Secure& secure, Section& s, const char* about)
{
    static constexpr std::string_view words[] = {"keep", "tls", "always"};
    auto choice = static_cast<std::size_t>(secure);
    if (s.get_choice("secure", choice, words, about))
        secure = static_cast<CookieRule::Secure>(choice);
}

void read_same_site(SameSite& same_site, Section& s, std::span<const std::string_view> words,
                    const char* about)
{
    auto choice = static_cast<std::size_t>(same_site);
    if (s.get_choice("same_site", choice, words, about)) same_site = static_cast<SameSite>(choice);
}

void read_variables(CookieToSet& cookie, Section& s)
{
    if (s.get("variable", cookie.variable, "its value for scripts, as this variable: VISITOR_ID") &&
        !cookie.variable.empty()) {
        if (!is_variable_name(cookie.variable))
            s.error("variable", "is no name of a variable: letters, digits and _");
        else if (cookie.variable.starts_with("HTTP_"))
            s.error("variable", "begins with HTTP_, as the fields of the request do");
    }
    s.get("log_variable", cookie.log_variable,
          "its value for log formats, as this variable: visitor is %{visitor}v");
}

void read_set(std::vector<CookieToSet>& list, Section& s)
{
    static constexpr std::string_view same_site[] = {"unset", "strict", "lax", "none"};
    CookieToSet cookie;
    read_name(cookie.name, s, "name of the cookie");
    std::string value;
    if (!s.get("value", value,
               "its value; ${random} is 128 random bits, ${time} seconds since "
               "1970, and there are ${request_id} and ${host}"))
        s.error("value", "is needed: what to set, such as \"${random}\"");
    const std::string problem = cookie.value.compile(value);
    if (!problem.empty()) s.error("value", problem);
    s.get("only_if_absent", cookie.only_if_absent,
          "only for clients that sent none; false: with every answer");
    Ms age{0};
    if (s.get("max_age", age, "how long browsers keep it, at most 400d; 0s: until they are closed",
              Ms{0}, longest_age) &&
        age > Ms{0})
        cookie.max_age = in_seconds(age);
    s.get("path", cookie.path, "where browsers send it: this path and what is below it");
    s.get("domain", cookie.domain, "also to all hosts below this one; empty: to this host only");
    read_secure(cookie.secure, s,
                "Secure: tls where the request came by TLS, always, or keep: never");
    s.get("http_only", cookie.http_only, "not for scripts in the browser");
    read_same_site(cookie.same_site, s, same_site, "SameSite");
    s.get("partitioned", cookie.partitioned,
          "one for each site that embeds this one; needs Secure");
    read_variables(cookie, s);

    // Where the request came by plain HTTP, a cookie that needs Secure is not set.
    const SetCookie sent = cookie.field({}, true);
    if (is_token(cookie.name))
        if (const char* why = problem_with(sent))
            s.error("name", cat("no browser takes it: ", why));
    list.push_back(std::move(cookie));
}

/// The path of `redirect` as requests have it; empty when it leads to another host.
std::string path_of(std::string_view redirect)
{
    if (!redirect.starts_with('/') || redirect.starts_with("//")) return {};
    Arena arena;
    std::string_view path;
    const std::string_view raw = redirect.substr(0, redirect.find_first_of("?#"));
    return normalise_path(raw, arena, path) == Code::ok ? std::string(path) : std::string{};
}

void read_redirect(CookieCondition& condition, Section& s)
{
    s.get("redirect", condition.redirect, "where to send others: a path or a URL, already encoded");
    const std::string& to = condition.redirect;
    if (to.empty()) return;
    if (!is_field_value(to) || to.find(' ') != std::string::npos)
        s.error("redirect", "has a space or a control character; a space is written %20");
    condition.status = Code::found;
    condition.open_path = path_of(to);
}

void read_condition(std::vector<CookieCondition>& list, Section& s)
{
    CookieCondition condition;
    read_name(condition.name, s, "cookie that a client must have sent, once");
    s.get("value", condition.value, "its value; empty: any");
    read_redirect(condition, s);
    int status = to_int(condition.status);
    s.get("status", status, "answer to others: an error, or with redirect a redirection", 300, 599);
    constexpr std::array redirections = {301, 302, 303, 307, 308};
    const bool redirects =
        std::find(redirections.begin(), redirections.end(), status) != redirections.end();
    if (!condition.redirect.empty() && !redirects)
        s.error("status", "is not 301, 302, 303, 307 or 308, which go with redirect");
    if (condition.redirect.empty() && status < 400)
        s.error("status", "is no error: 401, 403 or 404, for example");
    condition.status = static_cast<Code>(status);
    list.push_back(std::move(condition));
}

void read_limits(CookieRule& rule, Section& s)
{
    s.get("path", rule.path,
          "Path is this or below it; \"location\": the path of the location; empty: any");
    if (!rule.path.empty() && !rule.path.starts_with('/') && rule.path != "location")
        s.error("path", "does not begin with / and is not \"location\"");
    if (s.get("domain", rule.domain,
              "Domain is this host or below it; \"none\": no Domain; empty: any") &&
        rule.domain.starts_with('.'))
        rule.domain.erase(0, 1);
    Ms age{0};
    if (s.get("max_age", age, "longest life; 0s: any", Ms{0}, longest_age))
        rule.max_age = in_seconds(age);
}

void read_rule(std::vector<CookieRule>& list, Section& s)
{
    static constexpr std::string_view same_site[] = {"keep", "strict", "lax"};
    CookieRule rule;
    read_name(rule.name, s, "cookies it is about: a name, or the start of names as \"shop_*\"");
    s.get("keep", rule.keep, "they are left as they are: an exception");
    s.get("drop", rule.drop, "they are not sent at all");
    if (rule.keep && rule.drop) s.error("drop", "and keep cannot both be true");
    read_secure(rule.secure, s,
                "Secure is added: tls where the request came by TLS, always, or keep: nowhere");
    s.get("http_only", rule.http_only, "HttpOnly is added");
    read_same_site(rule.same_site, s, same_site, "SameSite is at least this; keep: any");
    read_limits(rule, s);
    const bool hides_rest = std::any_of(list.begin(), list.end(), [&](const CookieRule& earlier) {
        return cookie_name_matches(earlier.name, rule.name);
    });
    if (hides_rest)
        s.warn("name", "an earlier rule matches the same cookies: this one is never used");
    list.push_back(std::move(rule));
}

template <class Item, class Read>
void read_list(std::vector<Item>& target, Section& s, const char* key, const char* about, Read read)
{
    std::vector<Item> list;
    if (s.get_groups(key, about, [&](Section& group) { read(list, group); }))
        target = std::move(list);
}

}  // namespace

SetCookie CookieToSet::field(std::string_view with, bool tls) const
{
    SetCookie sent;
    sent.name = name;
    sent.value = with;
    sent.max_age = max_age;
    sent.domain = domain;
    sent.path = path;
    sent.secure =
        secure == CookieRule::Secure::always || (secure == CookieRule::Secure::tls && tls);
    sent.http_only = http_only;
    sent.same_site = same_site;
    sent.partitioned = partitioned;
    return sent;
}

void configure_cookies(CookieConf& conf, Section& s)
{
    read_list(conf.set, s, "set", "cookies that the server sets", read_set);
    read_list(conf.require, s, "require", "cookies without which nobody enters", read_condition);
    if (s.get("hide", conf.hide,
              "cookies that scripts do not get to see: names, or starts of names "
              "as \"utm_*\"")) {
        for (const std::string& name : conf.hide)
            if (!is_token(name)) s.error("hide", cat('"', name, "\" is no name of a cookie"));
    }
    read_list(conf.policy, s, "policy",
              "rules over the cookies that scripts set; the first that matches a name counts",
              read_rule);
}

}  // namespace ostler
