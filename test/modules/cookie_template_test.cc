// cookie_template_test.cc - values of cookies that the server sets.
#include "modules/cookie_template.h"

#include <doctest/doctest.h>

#include "common/base/crypto.h"
#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Asked {
    Loop loop;
    Arena arena;
    Site site{{}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};

    std::string expand(std::string_view text)
    {
        CookieTemplate t;
        CHECK(t.compile(text) == "");
        return std::string(t.expand(x));
    }
};

bool may_have_made(std::string_view text, std::string_view value)
{
    CookieTemplate t;
    CHECK(t.compile(text) == "");
    return t.may_have_made(value);
}

}  // namespace

TEST_CASE("templates are expanded")
{
    Asked asked;
    asked.x.request.id = "7f3a91";
    asked.x.request.host = "example.org";
    CHECK(asked.expand("") == "");
    CHECK(asked.expand("plain$text{}") == "plain$text{}");
    CHECK(asked.expand("${host}/${request_id}.") == "example.org/7f3a91.");
    CHECK(asked.expand("t${time}") == cat('t', asked.loop.wall_seconds()));
    const std::string first = asked.expand("${random}"), second = asked.expand("${random}");
    CHECK(first.size() == CookieTemplate::random_size);
    CHECK(is_base64url(first));
    CHECK(first != second);
    CHECK(asked.expand("a${random}b${random}").size() == 2 + 2 * CookieTemplate::random_size);
}

TEST_CASE("a host that would break the cookie gives no value")
{
    Asked asked;
    asked.x.request.host = "a;b";
    CHECK(asked.expand("${host}") == "");
}

TEST_CASE("templates that are wrong say why")
{
    const struct {
        const char* text;
        const char* start;
    } rows[] = {
        {"a b", "has a space, a quote, a comma"},
        {"a;b", "has a space, a quote, a comma"},
        {"\"a\"", "has a space, a quote, a comma"},
        {"${random} ", "has a space, a quote, a comma"},
        {"${random", "${ without }"},
        {"${}", "${} is unknown; there are ${random}, ${time}, ${request_id} and ${host}"},
        {"${visitor}", "${visitor} is unknown"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CookieTemplate t;
        CHECK(t.compile(row.text).substr(0, std::string_view(row.start).size()) == row.start);
    }
}

TEST_CASE("a random value that a client made up is seen")
{
    const std::string id(CookieTemplate::random_size, 'x');
    const struct {
        const char* text;
        std::string value;
        bool good;
    } rows[] = {
        {"${random}", id, true},
        {"${random}", id.substr(1), false},
        {"${random}", id + "x", false},
        {"${random}", "", false},
        {"${random}", id.substr(1) + "<", false},
        {"v1.${random}", "v1." + id, true},
        {"v1.${random}", "v2." + id, false},
        {"${random}.${time}", id + ".123", true},
        {"${random}.${time}", id + ".", false},
        {"${random}.${time}", id + ".12a", false},
        {"${random}@${host}", id + "@anything", true},
        {"${random}@${host}", id + "@a\"b", false},
        {"fixed", "changed by a script", true},
        {"${time}", "0x", true},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CAPTURE(row.value);
        CHECK(may_have_made(row.text, row.value) == row.good);
    }
}
