// set_cookie_test.cc - Set-Cookie as browsers read it, and as we write it.
#include "common/http/set_cookie.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"

using namespace ostler;

namespace {

/// What was understood, written by the builder's order; "!" and the reason when nothing was.
std::string understood(std::string_view value)
{
    const auto parsed = parse_set_cookie(value);
    if (!parsed) return cat('!', parsed.error());
    const SetCookie& c = *parsed;
    std::string text = cat(c.name, '=', c.value);
    if (c.expires) append(text, " expires=", *c.expires);
    if (c.max_age) append(text, " max_age=", *c.max_age);
    if (!c.domain.empty()) append(text, " domain=", c.domain);
    if (!c.path.empty()) append(text, " path=", c.path);
    if (c.secure) text += " secure";
    if (c.http_only) text += " http_only";
    constexpr const char* same_site[] = {"", " strict", " lax", " none"};
    text += same_site[static_cast<int>(c.same_site)];
    if (c.partitioned) text += " partitioned";
    for (const std::string_view other : c.others)
        if (!other.empty()) append(text, " (", other, ')');
    return text;
}

SetCookie cookie(std::string_view name, std::string_view value = "1")
{
    SetCookie c;
    c.name = name;
    c.value = value;
    return c;
}

/// The field value, or "!" and the reason.
std::string built(const SetCookie& c)
{
    Arena arena;
    const auto value = build_set_cookie(arena, c);
    return value ? std::string(*value) : cat('!', value.error());
}

}  // namespace

TEST_CASE("what a browser understands of a Set-Cookie field")
{
    const struct {
        const char* fact;
        const char* value;
        const char* understood;
    } rows[] = {
        {"RFC 6265bis 4.1.1: a pair", "SID=31d4", "SID=31d4"},
        {"RFC 6265bis 3.1: attributes", "SID=31d4; Path=/; Domain=site.example",
         "SID=31d4 domain=site.example path=/"},
        {"every attribute",
         "a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=5; Domain=x.y; Path=/p; Secure; "
         "HttpOnly; SameSite=Lax; Partitioned; Priority=High",
         "a=1 expires=784111777 max_age=5 domain=x.y path=/p secure http_only lax partitioned "
         "(Priority=High)"},
        {"names of attributes have no case", "a=1; sECURE; HTTPONLY; samesite=STRICT; max-AGE=1",
         "a=1 max_age=1 secure http_only strict"},
        {"spaces", "  a = 1 ;  Secure ;Path = /x ", "a=1 path=/x secure"},
        {"quotes belong to the value", "a=\"x y\"", "a=\"x y\""},
        {"= and commas in a value", "a=b=c,d", "a=b=c,d"},
        {"an empty value", "a=; Secure", "a= secure"},
        {"RFC 6265bis 5.6: no name", "abc; Secure", "!it has no name"},
        {"an empty name", "=abc", "!it has no name"},
        {"a name that is no token", "a b=1", "!its name is no token"},
        {"RFC 6265bis 5.6: a control", "a=1\x01", "!it has a control byte"},
        {"RFC 6265bis 5.6.1: dates as Netscape wrote them",
         "a=1; Expires=Sun, 06-Nov-1994 08:49:37 GMT", "a=1 expires=784111777"},
        {"a bad date is ignored", "a=1; Expires=tomorrow", "a=1"},
        {"RFC 6265bis 5.6.2: Max-Age", "a=1; Max-Age=0", "a=1 max_age=0"},
        {"negative is 0", "a=1; Max-Age=-77", "a=1 max_age=0"},
        {"400 days are the most", "a=1; Max-Age=34560001", "a=1 max_age=34560000"},
        {"also for the longest number", "a=1; Max-Age=99999999999999999999999",
         "a=1 max_age=34560000"},
        {"no number: ignored", "a=1; Max-Age=+5; Max-Age=5s; Max-Age=; Max-Age=-", "a=1"},
        {"the last of two counts",
         "a=1; Path=/a; Path=/b; Max-Age=1; Max-Age=2; SameSite=Lax; SameSite=None",
         "a=1 max_age=2 path=/b none"},
        {"RFC 6265bis 5.6.3: one leading dot", "a=1; Domain=.x.y", "a=1 domain=x.y"},
        {"an empty Domain", "a=1; Domain=x.y; Domain=", "a=1"},
        {"RFC 6265bis 5.6.4: a Path without /", "a=1; Path=/a; Path=b", "a=1"},
        {"RFC 6265bis 5.6.7: an unknown SameSite", "a=1; SameSite=Sometimes", "a=1"},
        {"Secure with a value", "a=1; Secure=no", "a=1 secure"},
        {"unknown attributes, four of them", "a=1; A; B=1; ; C; D; E", "a=1 (A) (B=1) (C) (D)"},
        {"nothing", "", "!it has no name"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        CHECK(understood(row.value) == row.understood);
    }
}

TEST_CASE("lengths are limited")
{
    const std::string value(SetCookie::most_name_and_value - 1, 'v');
    CHECK(parse_set_cookie("a=" + value).has_value());
    CHECK_FALSE(parse_set_cookie("ab=" + value).has_value());
    const std::string path = "/" + std::string(SetCookie::most_attribute - 1, 'p');
    CHECK(parse_set_cookie("a=1; Path=" + path)->path == path);
    CHECK(parse_set_cookie("a=1; Path=" + path + "p")->path.empty());
}

TEST_CASE("the builder writes what was asked for")
{
    SetCookie c = cookie("a", "x");
    CHECK(built(c) == "a=x");
    c.expires = 784111777;
    c.max_age = 60;
    c.domain = "example.org";
    c.path = "/shop";
    c.secure = c.http_only = c.partitioned = true;
    c.same_site = SameSite::none;
    c.others[0] = "Priority=High";
    CHECK(built(c) == "a=x; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60; "
                      "Domain=example.org; Path=/shop; Secure; HttpOnly; SameSite=None; "
                      "Partitioned; Priority=High");
    c = cookie("a");
    c.same_site = SameSite::lax;
    CHECK(built(c) == "a=1; SameSite=Lax");
    c.same_site = SameSite::strict;
    CHECK(built(c) == "a=1; SameSite=Strict");
}

TEST_CASE("ages are what browsers make of them")
{
    SetCookie c = cookie("a");
    c.max_age = -5;
    CHECK(built(c) == "a=1; Max-Age=0");
    c.max_age = SetCookie::longest_age + 1;
    CHECK(built(c) == "a=1; Max-Age=34560000");
}

TEST_CASE("the builder refuses what a browser would not take")
{
    struct Row {
        const char* fact;
        SetCookie cookie;
        const char* outcome;
    };
    const auto with = [](std::string_view name, auto change) {
        SetCookie c = cookie(name);
        change(c);
        return c;
    };
    const std::string long_path = "/" + std::string(1024, 'p');
    const std::string long_value(4096, 'v');
    const std::string label(64, 'a');
    const Row rows[] = {
        {"no name", cookie(""), "!it has no name"},
        {"no token", cookie("a="), "!its name is no token"},
        {"splitting", cookie("a", "1\r\nX: 1"),
         "!its value has a control byte, a semicolon, or a space at an end"},
        {"an attribute in a value", cookie("a", "1; Secure"),
         "!its value has a control byte, a semicolon, or a space at an end"},
        {"too long", cookie("a", long_value), "!name and value are longer than 4096 bytes"},
        {"an attribute in Domain", with("a", [](SetCookie& c) { c.domain = "x; Secure"; }),
         "!its Domain is no host name"},
        {"a port in Domain", with("a", [](SetCookie& c) { c.domain = "x:80"; }),
         "!its Domain is no host name"},
        {"empty labels", with("a", [](SetCookie& c) { c.domain = "x..y"; }),
         "!its Domain is no host name"},
        {"a long label", with("a", [&](SetCookie& c) { c.domain = label; }),
         "!its Domain is no host name"},
        {"a relative path", with("a", [](SetCookie& c) { c.path = "x"; }),
         "!its Path does not begin with /"},
        {"an attribute in Path", with("a", [](SetCookie& c) { c.path = "/; Secure"; }),
         "!its Path has a control byte, a semicolon, or ends in space"},
        {"a long path", with("a", [&](SetCookie& c) { c.path = long_path; }),
         "!its Path is longer than 1024 bytes"},
        {"RFC 6265bis 4.1.3.1: __Secure-", cookie("__Secure-a"),
         "!__Secure- in its name needs Secure"},
        {"its case does not matter", cookie("__sEcUrE-a"), "!__Secure- in its name needs Secure"},
        {"RFC 6265bis 4.1.3.2: __Host-", with("__Host-a", [](SetCookie& c) { c.path = "/"; }),
         "!__Host- in its name needs Secure"},
        {"Path", with("__Host-a", [](SetCookie& c) { c.secure = true; }),
         "!__Host- in its name needs Path=/"},
        {"another path",
         with("__host-a",
              [](SetCookie& c) {
                  c.secure = true;
                  c.path = "/x";
              }),
         "!__Host- in its name needs Path=/"},
        {"Domain",
         with("__Host-a",
              [](SetCookie& c) {
                  c.secure = true;
                  c.path = "/";
                  c.domain = "x.y";
              }),
         "!__Host- in its name forbids Domain"},
        {"all of it",
         with("__Host-a",
              [](SetCookie& c) {
                  c.secure = true;
                  c.path = "/";
              }),
         "__Host-a=1; Path=/; Secure"},
        {"RFC 6265bis 5.7: SameSite=None",
         with("a", [](SetCookie& c) { c.same_site = SameSite::none; }),
         "!SameSite=None needs Secure"},
        {"CHIPS", with("a", [](SetCookie& c) { c.partitioned = true; }),
         "!Partitioned needs Secure"},
        {"others", with("a", [](SetCookie& c) { c.others[1] = "x; Domain=y"; }),
         "!an attribute has a control byte, a semicolon, or more than 1024 bytes"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fact);
        CHECK(built(row.cookie) == row.outcome);
    }
}

TEST_CASE("what is built is understood the same")
{
    for (const char* text :
         {"a=1", "a=\"1 2\"; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=7; Path=/",
          "__Host-sid=x; Path=/; Secure; HttpOnly; SameSite=Lax; Partitioned; Priority=High"}) {
        const auto parsed = parse_set_cookie(text);
        REQUIRE(parsed.has_value());
        CHECK(built(*parsed) == text);
    }
}
