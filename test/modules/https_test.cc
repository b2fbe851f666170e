// https_test.cc - the redirect and the field, without a server.
#include "modules/https.h"

#include <doctest/doctest.h>

#include "common/exchange.h"
#include "test/support/settings.h"
#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Asked {
    Loop loop;
    Arena arena;
    Site site{{&https_module}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};

    Asked(std::string_view path, bool tls)
    {
        x.request.host = "a.example";
        x.request.path = x.request.raw_path = path;
        x.request.peer.tls = tls;
        conf().redirect = true;
        conf().hsts_value = "max-age=60";
    }
    HttpsConf& conf() { return site.conf<HttpsConf>(); }
    std::string_view location()
    {
        x.start();
        return x.response.fields.get(FieldId::location);
    }
    std::string_view hsts() { return x.response.fields.get("Strict-Transport-Security"); }
};

std::string problems(std::string_view text, HttpsConf& conf)
{
    return read_settings(text, [&](Section& s) { https_module.config.read(&conf, s); });
}

}  // namespace

TEST_CASE("a plain request is sent to the same place by https")
{
    Asked asked("/a%20b", false);
    asked.x.request.path = "/a b";
    asked.x.request.query = "q=1";
    asked.x.request.has_query = true;
    CHECK(asked.location() == "https://a.example/a%20b?q=1");
    CHECK(asked.x.response.status == Code::moved_permanently);
    CHECK(asked.hsts().empty());
}

TEST_CASE("the redirect names a port that is not 443, and keeps the method")
{
    Asked asked("/", false);
    asked.conf().port = 8443;
    asked.x.request.method = Method::post;
    CHECK(asked.location() == "https://a.example:8443/");
    CHECK(asked.x.response.status == Code::permanent_redirect);
}

TEST_CASE("what a certificate authority asks for is not redirected")
{
    CHECK(Asked("/.well-known/acme-challenge/token", false).location().empty());
    CHECK_FALSE(Asked("/.well-known/other", false).location().empty());
    CHECK_FALSE(Asked("/.well-known/acme-challenge", false).location().empty());
}

TEST_CASE("a request that came by https stays, and the browser is told")
{
    Asked asked("/", true);
    CHECK(asked.location().empty());
    CHECK(asked.hsts() == "max-age=60");
}

TEST_CASE("neither does anything unless it was asked to")
{
    Asked plain("/", false);
    plain.conf() = HttpsConf();
    CHECK(plain.location().empty());
    Asked secure("/", true);
    secure.conf() = HttpsConf();
    CHECK(secure.location().empty());
    CHECK(secure.hsts().empty());
}

TEST_CASE("without a name there is nowhere to go")
{
    Asked asked("/", false);
    asked.x.request.host = "";
    CHECK(asked.location().empty());
    CHECK(asked.x.response.status == Code::bad_request);
}

TEST_CASE("OPTIONS * is not redirected") { CHECK(Asked("*", false).location().empty()); }

TEST_CASE("the value of the field is made from the settings")
{
    HttpsConf conf;
    CHECK(problems("hsts = \"365d\"; hsts_subdomains = true; hsts_preload = true;", conf).empty());
    CHECK(conf.hsts_value == "max-age=31536000; includeSubDomains; preload");
    HttpsConf other;
    CHECK(problems("hsts = \"1h\";", other).empty());
    CHECK(other.hsts_value == "max-age=3600");
    HttpsConf hasty;
    CHECK(problems("hsts = \"30d\"; hsts_preload = true;", hasty)
              .find("the list takes nobody without hsts = \"365d\" and hsts_subdomains = true") !=
          std::string::npos);
}
