// cookie.cc - cookies that the server sets, asks for, hides and puts right.
#include "modules/cookie.h"

#include <algorithm>

#include "common/base/crypto.h"
#include "common/exchange.h"
#include "common/http/cookie.h"

namespace ostler {

namespace {

/// The cookies of this exchange that the server sets, one for each of CookieConf::set.
struct OwnCookies {
    OwnCookies(const CookieConf& c, std::string_view* v, bool* d) : conf(&c), values(v), due(d) {}
    const CookieConf* conf;
    std::string_view* values;  // sent by the client, or new
    bool* due;                 // to be set
};

/// What the client sent, when some of it was taken away from scripts.
struct SentCookies {
    explicit SentCookies(Exchange& x) : fields(x.arena)
    {
        for (const Field& f : x.request.fields)
            if (f.id == FieldId::cookie) fields.add(FieldId::cookie, f.value);
    }
    Fields fields;  // of the name Cookie
};

/// Conditions hold for what the client sent, whatever a location before a reroute has hidden.
const Fields& sent_fields(const Exchange& x)
{
    const SentCookies* sent = x.find<SentCookies>();
    return sent ? sent->fields : x.request.fields;
}

/// The value that another location chose for the same cookie before a reroute.
const std::string_view* chosen_before(const OwnCookies* before, std::string_view name)
{
    if (!before) return nullptr;
    for (std::size_t i = 0; i < before->conf->set.size(); ++i)
        if (before->conf->set[i].name == name) return &before->values[i];
    return nullptr;
}

void choose(Exchange& x, OwnCookies& own, const OwnCookies* before)
{
    for (std::size_t i = 0; i < own.conf->set.size(); ++i) {
        const CookieToSet& cookie = own.conf->set[i];
        const CookieLookup sent = find_cookie(sent_fields(x), cookie.name);
        const bool has_one =
            sent.sent != CookieLookup::Sent::never && cookie.value.may_have_made(sent.value);
        own.due[i] = !cookie.only_if_absent || !has_one;
        if (!own.due[i])
            own.values[i] = sent.value;
        else if (const std::string_view* earlier = chosen_before(before, cookie.name))
            own.values[i] = *earlier;
        else
            own.values[i] = cookie.value.expand(x);
        if (!cookie.variable.empty()) x.set_script_variable(cookie.variable, own.values[i]);
        if (!cookie.log_variable.empty()) x.set_log_variable(cookie.log_variable, own.values[i]);
    }
}

Step prepare(Exchange& x, const CookieConf& conf)
{
    if (conf.set.empty()) return Step::next;
    const OwnCookies* const before = x.find<OwnCookies>();
    if (before && before->conf == &conf) return Step::next;
    const std::size_t count = conf.set.size();
    auto* const values = static_cast<std::string_view*>(
        x.arena.allocate(count * sizeof(std::string_view), alignof(std::string_view)));
    auto* const due = static_cast<bool*>(x.arena.allocate(count, 1));
    choose(x, x.attach<OwnCookies>(conf, values, due), before);
    return Step::next;
}

// --- conditions ----------------------------------------------------------------------------

bool holds(const CookieCondition& condition, const Fields& fields)
{
    // Sent twice, one of them may be somebody else's: that is no proof of anything.
    const CookieLookup found = find_cookie(fields, condition.name);
    if (found.sent != CookieLookup::Sent::once) return false;
    return condition.value.empty() || same_secret(found.value, condition.value);
}

Step refuse(Exchange& x, const CookieCondition& condition)
{
    Fields& fields = x.response.fields;
    fields.set(FieldId::cache_control, "no-store");
    fields.set(FieldId::vary, "Cookie");
    if (condition.redirect.empty()) return x.reply(condition.status);
    // The client must not repeat a form at the page it is sent to.
    const bool repeats = condition.status == Code::found && !x.request.is_get_or_head();
    return x.redirect(repeats ? Code::see_other : condition.status, condition.redirect);
}

void hide(Exchange& x, const CookieConf& conf)
{
    if (conf.hide.empty() || x.request.fields.count(FieldId::cookie) == 0) return;
    if (!x.find<SentCookies>()) x.attach<SentCookies>(x);
    auto* const names = static_cast<std::string_view*>(
        x.arena.allocate(conf.hide.size() * sizeof(std::string_view), alignof(std::string_view)));
    std::copy(conf.hide.begin(), conf.hide.end(), names);
    remove_cookies(x.arena, x.request.fields, {names, conf.hide.size()});
}

Step access(Exchange& x, const CookieConf& conf)
{
    // An error page of the operator's own is for everybody.
    if (x.is_error_page()) return Step::next;
    for (const CookieCondition& condition : conf.require) {
        // The page that people are sent to would send them to itself.
        if (x.request.path == condition.open_path || holds(condition, sent_fields(x))) continue;
        return refuse(x, condition);
    }
    hide(x, conf);
    return Step::next;
}

// --- the response --------------------------------------------------------------------------

void add_own(Exchange& x, const OwnCookies& own)
{
    bool personal = false;
    for (std::size_t i = 0; i < own.conf->set.size(); ++i) {
        if (!own.due[i]) continue;
        // What needs Secure cannot be set by plain HTTP; the settings were checked as for TLS.
        const auto value =
            build_set_cookie(x.arena, own.conf->set[i].field(own.values[i], x.request.peer.tls));
        if (!value) continue;
        x.response.fields.add(FieldId::set_cookie, *value);
        personal = true;
    }
    if (!personal) return;
    // A shared cache would give one client's cookie to all.
    for (const Field& f : x.response.fields)
        if (f.id == FieldId::cache_control &&
            (has_token(f.value, "private") || has_token(f.value, "no-store")))
            return;
    x.response.fields.add(FieldId::cache_control, "private");
}

void add_vary(Exchange& x)
{
    for (const Field& f : x.response.fields)
        if (f.id == FieldId::vary && (has_token(f.value, "cookie") || has_token(f.value, "*")))
            return;
    x.response.fields.add(FieldId::vary, "Cookie");
}

Step respond(Exchange& x, const CookieConf& conf)
{
    apply_cookie_policy(x, conf.policy);
    if (const OwnCookies* own = x.find<OwnCookies>(); own && own->conf == &conf) add_own(x, *own);
    if (!conf.require.empty()) add_vary(x);
    return Step::next;
}

}  // namespace

// In the list before session: what it sets itself is none of the policy's business, and it has read
// its own cookie before any is hidden.
extern constexpr Module cookie_module{
    .name = "cookie",
    .about =
        "Sets cookies, asks for them, hides them from scripts and puts right what scripts set.",
    .on_by_default = false,
    .config = conf<configure_cookies>,
    .prepare = on<prepare>,
    .access = on<access>,
    .response = on<respond>,
};

}  // namespace ostler
