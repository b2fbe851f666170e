// session_conf_test.cc - the group `session`: what is understood, and what is told about the rest.
#include "modules/session.h"

#include <doctest/doctest.h>

#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

std::string read(SessionConf& c, std::string_view text)
{
    return read_settings(text, [&](Section& s) { configure_session(c, s); });
}

}  // namespace

TEST_CASE("settings of sessions are understood")
{
    SessionConf c;
    CHECK(read(c, R"(cookie = "id"; idle = "5m"; lifetime = "8h"; grace = "10s"; per_client = 0;
                     size = "32k"; on_failure = "503"; always = true; rotate_on = [ "uid" ];
                     require = [ "user", "role=admin" ]; otherwise = "/login";)") == "");
    CHECK(c.cookie == "id");
    CHECK(c.idle == 5min);
    CHECK(c.lifetime == 8h);
    CHECK(c.grace == 10s);
    CHECK(c.per_client == 0);
    CHECK(c.size == 32 * 1024);
    CHECK(c.fail_closed);
    CHECK(c.always);
    CHECK(c.rotate_on == std::vector<std::string>{"uid"});
    CHECK(c.require ==
          std::vector<std::pair<std::string, std::string>>{{"user", ""}, {"role", "admin"}});
    CHECK(c.otherwise == "/login");
}

TEST_CASE("activity is written often enough for the idle time")
{
    SessionConf c;
    CHECK(read(c, R"(idle = "10s";)") == "");
    CHECK(c.activity == 2500ms);
}

TEST_CASE("what cannot be meant is told with what would be right")
{
    const std::vector<std::pair<const char*, const char*>> rows = {
        {R"(store = "memory";)",
         "\"memory\" is no store: say \"sqlite:/var/lib/ostler/sessions.db\""},
        {R"(cookie = "my id";)", "is a name such as \"sid\""},
        {R"(cookie = "__Host-sid";)", "the prefix __Host- is added over TLS"},
        {R"(idle = "0s";)", "a time from \"1s\""},
        {R"(on_failure = "panic";)", "\"continue\""},
        {R"(size = "1M";)", "a size"},
        {R"(require = "=x";)", "\"=x\" has no name"},
        {R"(otherwise = "login";)", "\"401\", \"403\", or a path on this host"},
        {R"(otherwise = "//evil.example/";)", "\"401\", \"403\", or a path on this host"},
        {R"(otherwise = "/login?x=1";)", "without a query"},
        {R"(othervise = "401";)", "otherwise"},
    };
    for (const auto& [text, message] : rows) {
        const std::string shown(text);
        CAPTURE(shown);
        SessionConf c;
        const std::string told = read(c, text);
        CAPTURE(told);
        CHECK(told.find(message) != std::string::npos);
    }
}

TEST_CASE("an inner scope can take the wall away")
{
    SessionConf c;
    CHECK(read(c, R"(require = "user";)") == "");
    CHECK(read(c, "require = [];") == "");
    CHECK(c.require.empty());
}
