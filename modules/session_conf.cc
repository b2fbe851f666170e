// session_conf.cc - reads and checks the group `session`.
#include <algorithm>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/fields.h"
#include "modules/session.h"

namespace ostler {

namespace {

using namespace std::chrono_literals;

constexpr int many = 1'000'000;
constexpr auto long_time = std::chrono::hours(24 * 366);

void read_store(SessionConf& c, Section& s)
{
    s.get("store", c.store.url,
          "where sessions are kept: \"sqlite:FILE\", \"redis://HOST:PORT\" or "
          "\"rediss://HOST:PORT\"");
    s.get("store_timeout", c.store.timeout, "until a store that does not answer counts as down",
          1ms, 60s);
    s.get("store_queue", c.store.queue,
          "orders to the store under way, in each worker; more: it counts as down", 1, many);
    s.get("sync", c.store.sync, "sqlite: what was written survives a power cut, too; slower");
    s.get_path("password_file", c.store.password_file,
               "redis: a file whose first line is the password");
    s.get_path("ca_file", c.store.ca_file,
               "rediss: certificates that are believed; empty: the system's");
    const std::string problem = problem_with_session_store(c.store);
    if (!problem.empty()) s.error("store", problem);
    static constexpr std::string_view ways[] = {"continue", "503"};
    std::size_t way = c.fail_closed ? 1 : 0;
    if (s.get_choice(
            "on_failure", way, ways,
            "what a request gets while the store is down: an answer without a session, or 503"))
        c.fail_closed = way == 1;
}

void read_life(SessionConf& c, Section& s)
{
    if (s.get("cookie", c.cookie, "name of the cookie; over TLS it begins with __Host-") &&
        (!is_token(c.cookie) || c.cookie.starts_with("__") || c.cookie.ends_with('*')))
        s.error("cookie", "is a name such as \"sid\": letters, digits, - and _; the prefix __Host- "
                          "is added over TLS");
    s.get("idle", c.idle, "a session ends when nobody used it for so long", 1s, long_time);
    s.get("lifetime", c.lifetime, "and in any case after this", 1s, long_time);
    s.get("grace", c.grace, "how long the id before a rotation is still good; 0s: not at all", 0ms,
          60s);
    s.get("activity", c.activity, "how often what was seen of sessions is written", 100ms, 10min);
    if (c.activity * 4 > c.idle) c.activity = std::max(SessionConf::Ms(100), c.idle / 4);
    s.get("purge", c.purge, "how often sessions that have ended are removed", 1s, 24h);
    s.get("always", c.always, "every client gets a session, also before anything is stored in it");
    s.get("rotate_on", c.rotate_on, "values whose change gives the session a new id");
    Bytes size{c.size};
    if (s.get("size", size, "values of one session, encoded", Bytes{64}, Bytes{64 * 1024}))
        c.size = size.count;
    s.get("per_client", c.per_client,
          "living sessions of one client address; more are refused; 0: any number", 0, 10 * many);
}

void read_wall(SessionConf& c, Section& s)
{
    std::vector<std::string> wanted;
    for (const auto& [name, value] : c.require)
        wanted.push_back(value.empty() ? name : cat(name, '=', value));
    if (s.get("require", wanted,
              "only sessions with these values may come in: \"user\" or \"role=admin\"")) {
        c.require.clear();
        for (const std::string& want : wanted) {
            const std::size_t equals = std::min(want.find('='), want.size());
            const std::string name = want.substr(0, equals);
            if (!is_session_name(name))
                s.error("require",
                        cat('"', want, "\" has no name: say \"user\" or \"role=admin\""));
            else
                c.require.emplace_back(name, want.substr(std::min(equals + 1, want.size())));
        }
    }
    s.get("otherwise", c.otherwise,
          "what others get: \"401\", \"403\", or the path of a page to log in");
    const bool is_path = c.otherwise.starts_with('/') && !c.otherwise.starts_with("//") &&
                         is_field_value(c.otherwise) &&
                         c.otherwise.find_first_of(" ?#\\\t") == c.otherwise.npos;
    if (c.otherwise != "401" && c.otherwise != "403" && !is_path)
        s.error("otherwise",
                "is \"401\", \"403\", or a path on this host such as \"/login\", without a query");
}

}  // namespace

void configure_session(SessionConf& c, Section& s)
{
    read_store(c, s);
    read_life(c, s);
    read_wall(c, s);
}

}  // namespace ostler
