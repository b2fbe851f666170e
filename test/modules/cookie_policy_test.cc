// cookie_policy_test.cc - what is put right in cookies of scripts.
#include "modules/cookie_policy.h"

#include <doctest/doctest.h>

#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr std::int64_t now = 1'700'000'000;

CookieRule rule(std::string_view name = "*")
{
    CookieRule r;
    r.name = name;
    return r;
}
CookieRule lenient(std::string_view name = "*")
{
    CookieRule r = rule(name);
    r.secure = CookieRule::Secure::keep;
    r.http_only = false;
    r.same_site = SameSite::unset;
    return r;
}

/// The field after the rule, and what was changed: "a=1; Secure [Secure]".
std::string repaired(std::string_view value, const CookieRule& r, bool tls = true)
{
    const auto parsed = parse_set_cookie(value);
    REQUIRE(parsed.has_value());
    SetCookie cookie = *parsed;
    const CookieRepairs repairs = repair_cookie(cookie, r, {tls, now, "/cgi-bin/"});
    Arena arena;
    const auto built = build_set_cookie(arena, cookie);
    return cat(built ? *built : std::string_view(built.error()), " [", repairs.list(), ']');
}

struct Asked {
    Loop loop;
    Arena arena;
    Site site{{}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};
    std::vector<CookieRule> rules;

    explicit Asked(bool tls = true)
    {
        x.request.peer.tls = tls;
        x.start();
    }
    /// The Set-Cookie fields that leave when these were set, with " | " between them.
    std::string apply(std::initializer_list<std::string_view> values)
    {
        x.response.fields.clear();
        x.response.fields.add("X-Before", "1");
        for (const std::string_view value : values)
            x.response.fields.add(FieldId::set_cookie, value);
        x.response.fields.add("X-After", "2");
        apply_cookie_policy(x, rules);
        CHECK(x.response.fields.get("X-Before") == "1");
        CHECK(x.response.fields.get("X-After") == "2");
        std::string text;
        for (const Field& f : x.response.fields)
            if (f.id == FieldId::set_cookie) append(text, text.empty() ? "" : " | ", f.value);
        return text;
    }
};

}  // namespace

TEST_CASE("a rule by itself asks for Secure where there is TLS, HttpOnly and SameSite=Lax")
{
    CHECK(repaired("a=1", rule()) == "a=1; Secure; HttpOnly; SameSite=Lax [Secure, HttpOnly, "
                                     "SameSite]");
    CHECK(repaired("a=1", rule(), false) == "a=1; HttpOnly; SameSite=Lax [HttpOnly, SameSite]");
    CHECK(repaired("a=1; Secure; HttpOnly; SameSite=Lax", rule()) ==
          "a=1; Secure; HttpOnly; SameSite=Lax []");
    CHECK(repaired("a=1; Secure; HttpOnly; SameSite=Strict", rule()) ==
          "a=1; Secure; HttpOnly; SameSite=Strict []");
    CHECK(repaired("a=1; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=5", rule()) ==
          "a=1; Max-Age=5; Secure; HttpOnly; SameSite=Lax; Partitioned [SameSite]");
}

TEST_CASE("each attribute has its own switch")
{
    CHECK(repaired("a=1", lenient()) == "a=1 []");
    CookieRule r = lenient();
    r.secure = CookieRule::Secure::always;
    CHECK(repaired("a=1", r, false) == "a=1; Secure [Secure]");
    r = lenient();
    r.same_site = SameSite::strict;
    CHECK(repaired("a=1; SameSite=Lax", r) == "a=1; SameSite=Strict [SameSite]");
}

TEST_CASE("Path is kept inside the limit")
{
    CookieRule r = lenient();
    r.path = "/app";
    CHECK(repaired("a=1; Path=/app", r) == "a=1; Path=/app []");
    CHECK(repaired("a=1; Path=/app/x", r) == "a=1; Path=/app/x []");
    CHECK(repaired("a=1; Path=/apple", r) == "a=1; Path=/app [Path]");
    CHECK(repaired("a=1; Path=/", r) == "a=1; Path=/app [Path]");
    CHECK(repaired("a=1", r) == "a=1; Path=/app [Path]");
    r.path = "location";
    CHECK(repaired("a=1; Path=/", r) == "a=1; Path=/cgi-bin/ [Path]");
    CHECK(repaired("a=1; Path=/cgi-bin/x", r) == "a=1; Path=/cgi-bin/x []");
    r.path = "/app/";
    CHECK(repaired("a=1; Path=/app", r) == "a=1; Path=/app/ [Path]");
    CHECK(repaired("a=1; Path=/app/x", r) == "a=1; Path=/app/x []");
}

TEST_CASE("Domain is kept inside the limit")
{
    CookieRule r = lenient();
    r.domain = "shop.example.org";
    CHECK(repaired("a=1", r) == "a=1 []");
    CHECK(repaired("a=1; Domain=Shop.Example.org", r) == "a=1; Domain=Shop.Example.org []");
    CHECK(repaired("a=1; Domain=x.shop.example.org", r) == "a=1; Domain=x.shop.example.org []");
    CHECK(repaired("a=1; Domain=example.org", r) == "a=1 [Domain]");
    CHECK(repaired("a=1; Domain=workshop.example.org", r) == "a=1 [Domain]");
    r.domain = "none";
    CHECK(repaired("a=1; Domain=none", r) == "a=1; Domain=none []");
    CHECK(repaired("a=1; Domain=x.none", r) == "a=1 [Domain]");
}

TEST_CASE("lives are cut to the longest")
{
    CookieRule r = lenient();
    r.max_age = 3600;
    CHECK(repaired("a=1", r) == "a=1 []");
    CHECK(repaired("a=1; Max-Age=3600", r) == "a=1; Max-Age=3600 []");
    CHECK(repaired("a=1; Max-Age=3601", r) == "a=1; Max-Age=3600 [Max-Age]");
    CHECK(repaired("a=1; Max-Age=0; Expires=Fri, 31 Dec 2100 00:00:00 GMT", r) ==
          "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Max-Age=0 []");
    CHECK(repaired("a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT", r) ==
          "a=1; Max-Age=3600 [Max-Age]");
    CHECK(repaired("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", r) ==
          "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT []");
}

TEST_CASE("the first rule that matches a name counts, and without one nothing changes")
{
    Asked asked;
    CHECK(asked.apply({"a=1"}) == "a=1");
    asked.rules = {rule("xsrf"), rule("shop_*")};
    asked.rules[0].keep = true;
    CHECK(asked.apply({"xsrf=1", "shop_a=1", "shop_=1", "shop=1", "a=1"}) ==
          "xsrf=1 | shop_a=1; Secure; HttpOnly; SameSite=Lax | "
          "shop_=1; Secure; HttpOnly; SameSite=Lax | shop=1 | a=1");
}

TEST_CASE("a cookie can be kept from leaving")
{
    Asked asked;
    asked.rules = {rule("sid"), lenient()};
    asked.rules[0].drop = true;
    CHECK(asked.apply({"a=1", "sid=evil", "b=2"}) == "a=1 | b=2");
    CHECK(asked.apply({"sid=evil"}) == "");
}

TEST_CASE("what is right leaves as it was written")
{
    Asked asked;
    asked.rules = {rule()};
    constexpr const char* odd = "a=1 ; httponly;Secure;  samesite=STRICT";
    CHECK(asked.apply({odd}) == odd);
}

TEST_CASE("bytes that only browsers allow survive a repair")
{
    Asked asked(false);
    asked.rules = {rule()};
    CHECK(asked.apply({"a={\"b\": 1, \"c\": \"\xc3\xa4\"}; Path=/; Priority=High"}) ==
          "a={\"b\": 1, \"c\": \"\xc3\xa4\"}; Path=/; HttpOnly; SameSite=Lax; Priority=High");
}

TEST_CASE("what no browser takes is not sent under a policy")
{
    Asked asked(false);
    asked.rules = {rule()};
    // __Host- by plain HTTP, a name that is none, SameSite=None made stronger is fine.
    CHECK(asked.apply({"__Host-a=1; Path=/", "nameless", "b=1; SameSite=None"}) ==
          "b=1; HttpOnly; SameSite=Lax");
    Asked secure;
    secure.rules = {rule()};
    CHECK(secure.apply({"__Host-a=1; Path=/"}) ==
          "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax");
}

TEST_CASE("a log line in ten seconds for each rule")
{
    Asked asked;
    asked.rules = {rule("a"), rule()};
    for (int i = 0; i < 5; ++i) asked.apply({"a=1", "b=1"});
    CHECK(asked.rules[0].log->left_out == 4);
    CHECK(asked.rules[1].log->left_out == 4);
    asked.loop.skip(RepairLog::pause);
    asked.apply({"a=1"});
    CHECK(asked.rules[0].log->left_out == 0);
    CHECK(asked.rules[1].log->left_out == 4);
}
