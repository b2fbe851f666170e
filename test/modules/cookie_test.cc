// cookie_test.cc - the module: cookies set, asked for and hidden.
#include "modules/cookie.h"

#include <doctest/doctest.h>

#include "common/base/crypto.h"
#include "common/http/cookie.h"
#include "test/support/settings.h"
#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace ostler {
extern const Module cookie_module;
}

namespace {

/// Stands for a script: remembers what it was told, and says what the test wants said.
struct Script {
    std::string cookies;        // the Cookie fields it saw
    std::string visitor;        // the variable VISITOR_ID
    std::string set_cookie;     // what it sets; empty: nothing
    std::string cache_control;  // the same
    int runs = 0;
    int reroutes = 0;  // how often it sends the request on
} script;

Step answer(Exchange& x, const CookieConf&)
{
    ++script.runs;
    script.cookies.clear();
    for (const Field& f : x.request.fields)
        if (f.id == FieldId::cookie)
            append(script.cookies, script.cookies.empty() ? "" : "|", f.value);
    for (const LogVariable* v = x.script_variables(); v; v = v->next)
        if (v->name == "VISITOR_ID") {
            script.visitor = v->value;
            break;
        }
    if (script.reroutes-- > 0) return x.reroute("/again");
    if (!script.set_cookie.empty()) x.response.fields.add(FieldId::set_cookie, script.set_cookie);
    if (!script.cache_control.empty())
        x.response.fields.add(FieldId::cache_control, script.cache_control);
    return x.reply(Code::ok);
}

constexpr Module script_module{
    .name = "script", .about = "", .config = conf<configure_cookies>, .content = on<answer>};

struct Asked {
    explicit Asked(std::string_view settings)
    {
        script = {};
        CHECK(read_settings(settings, [this](Section& s) { site.read(s); }) == "");
    }
    Asked& cookie(std::string_view value)
    {
        x.request.fields.add(FieldId::cookie, value);
        return *this;
    }
    Asked& go(std::string_view path = "/")
    {
        x.request.path = path;
        x.start();
        CHECK(stream.answered);
        return *this;
    }
    std::string field(FieldId id) const
    {
        std::string text;
        for (const Field& f : x.response.fields)
            if (f.id == id) append(text, text.empty() ? "" : " | ", f.value);
        return text;
    }
    std::string set_cookie() const { return field(FieldId::set_cookie); }

    Loop loop;
    Arena arena;
    Site site{{&cookie_module, &script_module}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};
};

constexpr const char* visitor =
    "set = ( { name = \"visitor\"; value = \"${random}\"; max_age = \"365d\"; variable = "
    "\"VISITOR_ID\"; log_variable = \"visitor\"; } );";

}  // namespace

TEST_CASE("a visitor without the cookie gets one, and the script is told at once")
{
    Asked asked(visitor);
    asked.cookie("other=1").go();
    CHECK(script.visitor.size() == CookieTemplate::random_size);
    CHECK(asked.set_cookie() ==
          cat("visitor=", script.visitor, "; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax"));
    CHECK(asked.field(FieldId::cache_control) == "private");
    const LogVariable* v = asked.x.log_variables();
    REQUIRE(v);
    CHECK(v->name == "visitor");
    CHECK(v->value == script.visitor);
}

TEST_CASE("a visitor with the cookie keeps it")
{
    const std::string id(CookieTemplate::random_size, 'A');
    Asked asked(visitor);
    asked.cookie("visitor=" + id).go();
    CHECK(script.visitor == id);
    CHECK(asked.set_cookie() == "");
    CHECK(asked.field(FieldId::cache_control) == "");
}

TEST_CASE("an id that we cannot have made is replaced")
{
    Asked asked(visitor);
    asked.cookie("visitor=$(reboot)").go();
    CHECK(script.visitor.size() == CookieTemplate::random_size);
    CHECK(is_base64url(script.visitor));
    CHECK(asked.set_cookie() != "");
}

TEST_CASE("over TLS the cookie is Secure; what needs TLS is not set without it")
{
    for (const bool tls : {false, true}) {
        Asked asked("set = ( { name = \"__Host-a\"; value = \"1\"; }, { name = \"b\"; value = "
                    "\"2\"; http_only = false; same_site = \"unset\"; } );");
        asked.x.request.peer.tls = tls;
        asked.go();
        CHECK(asked.set_cookie() == (tls ? "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax | "
                                           "b=2; Path=/; Secure"
                                         : "b=2; Path=/"));
    }
}

TEST_CASE("a cookie can be set with every answer")
{
    Asked asked("set = ( { name = \"a\"; value = \"1\"; only_if_absent = false; } );");
    asked.cookie("a=1").go();
    CHECK(asked.set_cookie() == "a=1; Path=/; HttpOnly; SameSite=Lax");
}

TEST_CASE("an answer that only one client may see stays as strict as it is")
{
    for (const char* strict : {"private, max-age=5", "no-store"}) {
        Asked asked(visitor);
        script.cache_control = strict;
        asked.go();
        CHECK(asked.field(FieldId::cache_control) == strict);
    }
    Asked asked(visitor);
    script.cache_control = "max-age=3600, immutable";
    asked.go();
    CHECK(asked.field(FieldId::cache_control) == "max-age=3600, immutable | private");
}

TEST_CASE("a request that is sent on inside the server has one visitor")
{
    Asked asked(visitor);
    script.reroutes = 2;
    asked.go();
    CHECK(script.runs == 3);
    CHECK(asked.set_cookie().substr(0, 8 + CookieTemplate::random_size) ==
          cat("visitor=", script.visitor));
    CHECK(asked.set_cookie().find('|') == std::string::npos);
}

TEST_CASE("who may enter")
{
    const struct {
        const char* fact;
        const char* condition;
        const char* cookies;
        bool enters;
    } rows[] = {
        {"present", "name = \"k\";", "a=1; k=x", true},
        {"present and empty", "name = \"k\";", "k=", true},
        {"absent", "name = \"k\";", "a=1; K=x; kk=x", false},
        {"no cookies", "name = \"k\";", "", false},
        {"equal", "name = \"k\"; value = \"yes\";", "k=yes", true},
        {"equal in quotes", "name = \"k\"; value = \"yes\";", "k=\"yes\"", true},
        {"another value", "name = \"k\"; value = \"yes\";", "k=no", false},
        {"the start of the value", "name = \"k\"; value = \"yes\";", "k=ye", false},
        {"another case", "name = \"k\"; value = \"yes\";", "k=YES", false},
        {"twice", "name = \"k\"; value = \"yes\";", "k=yes; k=no", false},
        {"twice the same", "name = \"k\"; value = \"yes\";", "k=yes; k=yes", false},
        {"malformed", "name = \"k\";", "k=\"x", false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        Asked asked(cat("require = ( { ", row.condition, " } );"));
        asked.cookie(row.cookies).go();
        CHECK(script.runs == (row.enters ? 1 : 0));
        CHECK(asked.x.response.status == (row.enters ? Code::ok : Code::forbidden));
        CHECK(asked.field(FieldId::vary) == "Cookie");
        CHECK(asked.field(FieldId::cache_control) == (row.enters ? "" : "no-store"));
    }
}

TEST_CASE("all conditions have to hold; the first that does not is the answer")
{
    constexpr const char* settings =
        "require = ( { name = \"a\"; redirect = \"/login\"; }, { name = \"b\"; status = 404; } );";
    CHECK(Asked(settings).cookie("a=1; b=1").go().x.response.status == Code::ok);
    CHECK(Asked(settings).cookie("a=1").go().x.response.status == Code::not_found);
    Asked asked(settings);
    asked.cookie("b=1").go();
    CHECK(asked.x.response.status == Code::found);
    CHECK(asked.field(FieldId::location) == "/login");
}

TEST_CASE("the page that people are sent to is open to them, and nothing below it")
{
    constexpr const char* settings = "require = ( { name = \"a\"; redirect = \"/login?x=1\"; } );";
    CHECK(Asked(settings).go("/login").x.response.status == Code::ok);
    CHECK(Asked(settings).go("/login/x").x.response.status == Code::found);
    CHECK(Asked(settings).go("/logi").x.response.status == Code::found);
}

TEST_CASE("a form is not sent again to the page of the redirect")
{
    Asked asked("require = ( { name = \"a\"; redirect = \"/login\"; } );");
    asked.x.request.method = Method::post;
    CHECK(asked.go().x.response.status == Code::see_other);
    Asked other("require = ( { name = \"a\"; redirect = \"/login\"; status = 307; } );");
    other.x.request.method = Method::post;
    CHECK(other.go().x.response.status == Code::temporary_redirect);
}

TEST_CASE("scripts do not see what is hidden, conditions do, also after a reroute")
{
    Asked asked("hide = [ \"k\", \"utm_*\" ]; require = ( { name = \"k\"; } );");
    script.reroutes = 1;
    asked.cookie("a=1; k=1; utm_x=1").cookie("utm_y=2").go();
    CHECK(script.runs == 2);
    CHECK(script.cookies == "a=1");
    CHECK(asked.x.response.status == Code::ok);
}

TEST_CASE("the policy is for what scripts set, not for what the server sets")
{
    Asked asked(
        "set = ( { name = \"a\"; value = \"1\"; http_only = false; } ); policy = ( { name = "
        "\"*\"; } );");
    script.set_cookie = "s=1";
    asked.go();
    CHECK(asked.set_cookie() == "s=1; HttpOnly; SameSite=Lax | a=1; Path=/; SameSite=Lax");
}

TEST_CASE("without settings nothing happens")
{
    Asked asked("");
    script.set_cookie = "s=1";
    asked.cookie("a=1").go();
    CHECK(asked.set_cookie() == "s=1");
    CHECK(asked.field(FieldId::vary) == "");
    CHECK(script.cookies == "a=1");
}
