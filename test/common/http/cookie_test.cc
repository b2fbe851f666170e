// cookie_test.cc - what is a cookie in a Cookie field, and what is not.
#include "common/http/cookie.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/text.h"

using namespace ostler;
using Sent = CookieLookup::Sent;

namespace {

/// "[a]=[1] [b]=[2]"
std::string all(const Fields& fields)
{
    std::string text;
    CookieReader reader(fields);
    for (Cookie cookie; reader.next(cookie);)
        append(text, text.empty() ? "" : " ", '[', cookie.name, "]=[", cookie.value, ']');
    return text;
}

struct Sending {
    Arena arena;
    Fields fields{arena};
    Sending(std::initializer_list<std::string_view> values)
    {
        for (const std::string_view value : values) fields.add(FieldId::cookie, value);
    }
};

std::string many(std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i) append(text, i ? "; " : "", 'c', i, "=1");
    return text;
}

}  // namespace

TEST_CASE("the cookies of a field")
{
    const struct {
        const char* fact;
        const char* value;
        const char* cookies;
    } rows[] = {
        {"RFC 6265bis 4.2.1: one pair", "SID=31d4d96e407aad42", "[SID]=[31d4d96e407aad42]"},
        {"RFC 6265bis 4.2.1: several", "SID=31d4; lang=en-US", "[SID]=[31d4] [lang]=[en-US]"},
        {"RFC 6265bis 4.1.1: a value may be empty", "a=; b=2", "[a]=[] [b]=[2]"},
        {"RFC 6265bis 4.1.1: = in a value", "a=b=c==", "[a]=[b=c==]"},
        {"RFC 6265bis 5.7: names differ by case", "a=1; A=2", "[a]=[1] [A]=[2]"},
        {"no space behind the semicolon", "a=1;b=2", "[a]=[1] [b]=[2]"},
        {"spaces and tabs around a pair", " a=1 \t;\t b=2 ", "[a]=[1] [b]=[2]"},
        {"empty pairs", ";;a=1; ;;b=2;", "[a]=[1] [b]=[2]"},
        {"RFC 2109 commas do not split", "a=1,b=2; c=3", "[a]=[1,b=2] [c]=[3]"},
        {"& does not split", "a=1&b=2", "[a]=[1&b=2]"},
        {"$Version is a cookie like any other", "$Version=1; a=1", "[$Version]=[1] [a]=[1]"},
        {"RFC 6265bis 4.1.1: quotes go once", "a=\"x\"; b=\"\"", "[a]=[x] [b]=[]"},
        {"and only once", "a=\"\"x\"\"", "[a]=[\"x\"]"},
        {"a quote hides no semicolon, as it does in Python's and Java's parsers",
         "a=\"x; sid=evil; b=y\"", "[sid]=[evil]"},
        {"a quote on one side: no pair", "a=\"x; b=1", "[b]=[1]"},
        {"the other side", "a=x\"; b=1", "[b]=[1]"},
        {"a lone quote", "a=\"; b=1", "[b]=[1]"},
        {"quotes inside are bytes", "a={\"b\":1}", "[a]=[{\"b\":1}]"},
        {"a backslash escapes nothing", "a=\"\\\"\"; b=1", "[a]=[\\\"] [b]=[1]"},
        {"a space in a value, as browsers send it", "a=1 2; b=3", "[a]=[1 2] [b]=[3]"},
        {"bytes above 0x7f in a value", "a=\xc3\xa4", "[a]=[\xc3\xa4]"},
        {"percent signs are not decoded", "a=%3B%22", "[a]=[%3B%22]"},
        {"RFC 6265bis 5.4: no name", "abc; =def; b=1", "[b]=[1]"},
        {"a nameless cookie cannot pose as another", "=sid=evil; b=1", "[b]=[1]"},
        {"a name is a token: no space", "a b=1; c=2", "[c]=[2]"},
        {"no space before the =", "a =1; c=2", "[c]=[2]"},
        {"no separators in names", "a[0]=1; a:b=1; (c)=1; \"d\"=1; e=2", "[e]=[2]"},
        {"nor bytes above 0x7f", "\xc3\xa4=1; c=2", "[c]=[2]"},
        {"a tab inside a value is a control", "a=1\t2; c=2", "[c]=[2]"},
        {"the prefixes are part of the name", "__Host-sid=1; sid=2", "[__Host-sid]=[1] [sid]=[2]"},
        {"nothing", "", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        const Sending sent{row.value};
        CHECK(all(sent.fields) == row.cookies);
    }
}

TEST_CASE("several Cookie fields are read one after the other")
{
    const Sending sent{"a=1", "", "b=2; c", "d=4"};
    CHECK(all(sent.fields) == "[a]=[1] [b]=[2] [d]=[4]");
}

TEST_CASE("fields of other names have no cookies")
{
    Arena arena;
    Fields fields(arena);
    fields.add("Set-Cookie", "a=1");
    fields.add("Cookie2", "b=1");
    fields.add("X-Cookie", "c=1");
    CHECK(all(fields).empty());
    CHECK(find_cookie(fields, "a").sent == Sent::never);
}

TEST_CASE("after fifty cookies it is enough")
{
    const std::string fifty = many(50), more = many(51);
    Arena arena;
    for (const std::string_view text : {std::string_view(fifty), std::string_view(more)}) {
        Fields fields(arena);
        fields.add(FieldId::cookie, text);
        CookieReader reader(fields);
        std::size_t count = 0;
        for (Cookie cookie; reader.next(cookie);) ++count;
        CHECK(count == 50);
        CHECK(reader.left_out() == (text.size() == more.size()));
        Cookie cookie;
        CHECK_FALSE(reader.next(cookie));
    }
}

TEST_CASE("malformed pairs are not counted as cookies")
{
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "=;\";";
    text += "sid=1";
    const Sending sent{text};
    CHECK(all(sent.fields) == "[sid]=[1]");
}

TEST_CASE("fields of more than 8 KiB together are read up to there")
{
    const std::string large = "a=" + std::string(5000, 'x');
    const Sending sent{large, "b=1", large, "c=1"};
    CookieReader reader(sent.fields);
    std::string names;
    for (Cookie cookie; reader.next(cookie);) names += cookie.name;
    CHECK(names == "ab");
    CHECK(reader.left_out());
}

TEST_CASE("a name that was sent twice is ambiguous")
{
    const struct {
        const char* fact;
        std::vector<std::string_view> values;
        Sent sent;
        const char* value;
    } rows[] = {
        {"absent", {"a=1"}, Sent::never, ""},
        {"once", {"a=1; sid=7"}, Sent::once, "7"},
        {"once and empty", {"sid="}, Sent::once, ""},
        {"twice", {"sid=7; a=1; sid=8"}, Sent::ambiguously, "7"},
        {"twice the same", {"sid=7; sid=7"}, Sent::ambiguously, "7"},
        {"in two fields", {"sid=7", "sid=8"}, Sent::ambiguously, "7"},
        {"another case is another name", {"sid=7; SID=8"}, Sent::once, "7"},
        {"a longer name is another", {"sid=7; sid2=8; xsid=9"}, Sent::once, "7"},
        {"a malformed second does not count", {"sid=7; sid=\"8"}, Sent::once, "7"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        Arena arena;
        Fields fields(arena);
        for (const std::string_view value : row.values) fields.add(FieldId::cookie, value);
        const CookieLookup found = find_cookie(fields, "sid");
        CHECK(found.sent == row.sent);
        CHECK(found.value == row.value);
    }
}

TEST_CASE("what the limits cut off may have been the second one")
{
    const std::string before = "sid=7; " + many(50) + "; sid=8";
    CHECK(find_cookie(Sending{before}.fields, "sid").sent == Sent::ambiguously);
    const std::string behind = many(50) + "; sid=8";
    CHECK(find_cookie(Sending{behind}.fields, "sid").sent == Sent::never);
}

TEST_CASE("cookies are taken out of a field, the rest stays as it was sent")
{
    const struct {
        const char* fact;
        const char* value;
        const char* rest;
    } rows[] = {
        {"first", "sid=1; a=1; b=\"2\"", "a=1; b=\"2\""},
        {"middle", "a=1; sid=1; b=2", "a=1; b=2"},
        {"last", "a=1;b=2;sid=1", "a=1; b=2"},
        {"all", "sid=1; lang=x", ""},
        {"twice", "sid=1; a=1; sid=2", "a=1"},
        {"by the start of their names", "utm_a=1; a=1; utm_=2; utm=3", "a=1; utm=3"},
        {"malformed ones, as a script's parser may be lenient", "sid =1; a=1; sid=\"; sid", "a=1"},
        {"others stay, malformed or not", "x\"; sid=1; =y;; z=\"", "x\"; =y; z=\""},
        {"many short ones", "a;b;c;d;e;f;g;h;i;j;k;sid", "a; b; c; d; e; f; g; h; i; j; k"},
        {"none of them: untouched", "a=1;;  b=2", "a=1;;  b=2"},
        {"parts of names do not match", "sid2=1; xsid=1; SID=1", "sid2=1; xsid=1; SID=1"},
        {"nothing", "", ""},
    };
    const std::string_view names[] = {"sid", "lang", "utm_*"};
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        Arena arena;
        CHECK(without_cookies(arena, row.value, names) == row.rest);
    }
}

TEST_CASE("cookies are taken out of every field, and empty fields with them")
{
    Sending sent{"sid=1; a=1", "sid=2", "b=2"};
    sent.fields.add(FieldId::host, "x");
    const std::string_view names[] = {"sid"};
    remove_cookies(sent.arena, sent.fields, names);
    CHECK(sent.fields.count(FieldId::cookie) == 2);
    CHECK(sent.fields.count(FieldId::host) == 1);
    CHECK(all(sent.fields) == "[a]=[1] [b]=[2]");
    remove_cookies(sent.arena, sent.fields, names);
    CHECK(sent.fields.count(FieldId::cookie) == 2);
}

TEST_CASE("values to choose: cookie-octets")
{
    CHECK(is_cookie_value(""));
    CHECK(is_cookie_value("aZ09-_.~!#$%&'()*+/:<=>?@[]^`{|}"));
    for (const char* bad : {" ", "a b", "\"", "a,b", "a;b", "a\\b", "\t", "\x7f", "\xc3\xa4"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_cookie_value(bad));
    }
    CHECK_FALSE(is_cookie_value(std::string_view("\0", 1)));
}
