// session_wall.cc - a location that only sessions with certain values may enter.
#include "modules/session_wall.h"

#include <algorithm>
#include <string>

#include "common/base/text.h"
#include "common/http/uri.h"
#include "modules/session_values.h"

namespace ostler {

namespace {

/// Longest address to come back to; after a longer one nobody comes back.
constexpr std::size_t most_return = 2048;

/// One value of a query: everything but unreserved characters and '/' is encoded.
std::string encode_query_value(std::string_view text)
{
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const char small = lower(c);
        if ((small >= 'a' && small <= 'z') || is_digit(c) || c == '/' || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        append(out, '%', digits[byte >> 4], digits[byte & 15]);
    }
    return out;
}

/// The page to log in, told where to go afterwards: always a path of this host.
Step redirect(Exchange& x, const SessionConf& conf)
{
    std::string location = encode_path(conf.otherwise);
    if (x.request.is_get_or_head()) {
        std::string wanted = encode_path(x.request.path);
        if (x.request.has_query) append(wanted, '?', x.request.query);
        if (wanted.size() <= most_return && wanted.starts_with('/') && !wanted.starts_with("//"))
            append(location, "?return=", encode_query_value(wanted));
    }
    x.response.fields.set(FieldId::cache_control, "no-store");
    return x.redirect(x.request.is_get_or_head() ? Code::found : Code::see_other, location);
}

}  // namespace

bool may_enter(const Session* session, const SessionConf& conf)
{
    return std::all_of(conf.require.begin(), conf.require.end(), [session](const auto& want) {
        const std::string_view has = session ? session->get(want.first) : std::string_view();
        return want.second.empty() ? !has.empty() : has == want.second;
    });
}

Step guard(Exchange& x, const SessionConf& conf, const Session* session)
{
    // An error page of the user's own is not what is behind the wall, and the page to log in is
    // its door.
    if (conf.require.empty() || x.is_error_page() || x.request.path == conf.otherwise)
        return Step::next;
    if (may_enter(session, conf)) return Step::next;
    if (conf.otherwise.starts_with('/')) return redirect(x, conf);
    x.response.fields.set(FieldId::cache_control, "no-store");
    if (conf.otherwise == "403") return x.reply(Code::forbidden);
    x.response.fields.set(FieldId::www_authenticate, "Cookie realm=\"session\"");
    return x.reply(Code::unauthorized);
}

}  // namespace ostler
