// cookie_conf_test.cc - the group `cookie`: what is understood, what is refused and how.
#include <doctest/doctest.h>

#include "common/base/text.h"
#include "modules/cookie.h"
#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

namespace {

std::string read(std::string_view text, CookieConf& conf)
{
    return read_settings(text, [&conf](Section& s) { configure_cookies(conf, s); });
}

}  // namespace

TEST_CASE("cookies to set, conditions and rules are read with their defaults")
{
    CookieConf conf;
    CHECK(read("set = ( { name = \"visitor\"; value = \"${random}\"; max_age = \"365d\"; } );\n"
               "require = ( { name = \"beta\"; }, { name = \"k\"; redirect = \"/l%6Fgin?x\"; } );\n"
               "hide = [ \"utm_*\" ];\n"
               "policy = ( { name = \"xsrf\"; keep = true; }, { name = \"*\"; path = "
               "\"location\"; domain = \".example.org\"; max_age = \"1h\"; } );\n",
               conf) == "");
    REQUIRE(conf.set.size() == 1);
    const CookieToSet& visitor = conf.set[0];
    CHECK(visitor.max_age == 365 * 86'400);
    CHECK(visitor.only_if_absent);
    CHECK(visitor.path == "/");
    CHECK(visitor.field("v", true).secure);
    CHECK_FALSE(visitor.field("v", false).secure);
    CHECK(visitor.field("v", false).http_only);
    CHECK(visitor.field("v", false).same_site == SameSite::lax);
    REQUIRE(conf.require.size() == 2);
    CHECK(conf.require[0].status == Code::forbidden);
    CHECK(conf.require[1].status == Code::found);
    CHECK(conf.require[1].open_path == "/login");
    REQUIRE(conf.policy.size() == 2);
    CHECK(conf.policy[0].keep);
    CHECK(conf.policy[1].path == "location");
    CHECK(conf.policy[1].domain == "example.org");
    CHECK(conf.policy[1].max_age == 3600);
    CHECK(conf.policy[1].http_only);
    CHECK(conf.policy[1].same_site == SameSite::lax);
    CHECK(conf.policy[0].log != conf.policy[1].log);
}

TEST_CASE("a list replaces that of the outer scope, and an empty one ends it")
{
    CookieConf conf;
    CHECK(read("set = ( { name = \"a\"; value = \"1\"; } ); hide = [ \"x\" ];", conf) == "");
    CHECK(read("require = ( { name = \"b\"; } );", conf) == "");
    CHECK(conf.set.size() == 1);
    CHECK(read("set = ();", conf) == "");
    CHECK(conf.set.empty());
    CHECK(conf.require.size() == 1);
    CHECK(conf.hide.size() == 1);
}

TEST_CASE("only the redirect's own page is open, and only on this host")
{
    for (const char* elsewhere : {"https://example.org/login", "//example.org/login", "login"}) {
        CAPTURE(elsewhere);
        CookieConf conf;
        CHECK(read(cat("require = ( { name = \"a\"; redirect = \"", elsewhere, "\"; } );"), conf) ==
              "");
        CHECK(conf.require[0].open_path == "");
    }
}

TEST_CASE("mistakes are told with their place and what would be right")
{
    const WrongConfig rows[] = {
        {"no name", "set = ( { value = \"1\"; } );",
         "test.conf:1:9: error: \"name\" in \"set\": is needed: which cookie is it about"},
        {"no value", "set = ( { name = \"a\"; } );",
         "test.conf:1:9: error: \"value\" in \"set\": is needed: what to set, such as "
         "\"${random}\""},
        {"a bad value", "set = ( { name = \"a\"; value = \"${x}\"; } );",
         "test.conf:1:31: error: \"value\" in \"set\": ${x} is unknown; there are ${random}, "
         "${time}, ${request_id} and ${host}"},
        {"a name with a space", "hide = [ \"a b\" ];",
         "test.conf:1:8: error: \"hide\" in \"files\": \"a b\" is no name of a cookie"},
        {"the prefix", "set = ( { name = \"__Host-a\"; value = \"1\"; path = \"/x\"; } );",
         "test.conf:1:18: error: \"name\" in \"set\": no browser takes it: __Host- in its name "
         "needs "
         "Path=/"},
        {"SameSite",
         "set = ( { name = \"a\"; value = \"1\"; same_site = \"none\"; secure = "
         "\"keep\"; } );",
         "test.conf:1:18: error: \"name\" in \"set\": no browser takes it: SameSite=None needs "
         "Secure"},
        {"HTTP_", "set = ( { name = \"a\"; value = \"1\"; variable = \"HTTP_X\"; } );",
         "test.conf:1:47: error: \"variable\" in \"set\": begins with HTTP_, as the fields of the "
         "request do"},
        {"a status that is none", "require = ( { name = \"a\"; status = 302; } );",
         "test.conf:1:36: error: \"status\" in \"require\": is no error: 401, 403 or 404, for "
         "example"},
        {"an error with redirect",
         "require = ( { name = \"a\"; status = 403; redirect = \"/x\"; } );",
         "test.conf:1:36: error: \"status\" in \"require\": is not 301, 302, 303, 307 or 308, "
         "which "
         "go with redirect"},
        {"a space in redirect", "require = ( { name = \"a\"; redirect = \"/a b\"; } );",
         "test.conf:1:38: error: \"redirect\" in \"require\": has a space or a control character; "
         "a "
         "space is written %20"},
        {"keep and drop", "policy = ( { name = \"a\"; keep = true; drop = true; } );",
         "test.conf:1:46: error: \"drop\" in \"policy\": and keep cannot both be true"},
        {"a path", "policy = ( { name = \"a\"; path = \"x\"; } );",
         "test.conf:1:33: error: \"path\" in \"policy\": does not begin with / and is not "
         "\"location\""},
        {"a rule in vain", "policy = ( { name = \"*\"; }, { name = \"a\"; } );",
         "test.conf:1:38: warning: \"name\" in \"policy\": an earlier rule matches the same "
         "cookies: "
         "this one is never used"},
    };
    for (const WrongConfig& row : rows) {
        CAPTURE(row.fact);
        CookieConf conf;
        const std::string messages = read(row.text, conf);
        CHECK(messages.substr(0, messages.find('\n')) == row.messages);
    }
}
