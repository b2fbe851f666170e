// conditional_test.cc - preconditions in their order, and If-Range.
#include "common/http/conditional.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace ostler;

namespace {

constexpr std::int64_t modified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
const Validators validators{"\"v\"", modified, modified + 1000};
constexpr const char* same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* after = "Sun, 06 Nov 1994 08:49:38 GMT";

using List = std::vector<std::pair<const char*, const char*>>;

int outcome(const List& list, Method method = Method::get, const Validators& v = validators)
{
    Arena arena;
    Fields fields(arena);
    for (const auto& [name, value] : list) fields.add(name, value);
    switch (evaluate_preconditions(fields, method, v)) {
    case Precondition::proceed: return 200;
    case Precondition::not_modified: return 304;
    case Precondition::failed: return 412;
    }
    return 0;
}

bool range_holds(const List& list, const Validators& v = validators)
{
    Arena arena;
    Fields fields(arena);
    for (const auto& [name, value] : list) fields.add(name, value);
    return if_range_holds(fields, v);
}

}  // namespace

TEST_CASE("each precondition alone")
{
    const struct {
        const char* name;
        const char* value;
        int outcome;
    } rows[] = {
        // RFC 9110 section 13.1.1: strong comparison
        {"If-Match", "\"v\"", 200},
        {"If-Match", "*", 200},
        {"If-Match", " * ", 200},
        {"If-Match", "\"a\", \"v\"", 200},
        {"If-Match", "\"a\",\"v\"", 200},
        {"If-Match", ",, \"v\" ,", 200},
        {"If-Match", "\"a\"", 412},
        {"If-Match", "W/\"v\"", 412},
        {"If-Match", "v", 412},  // no entity tag matches nothing
        {"If-Match", "", 412},
        {"If-Match", "\"v", 412},
        {"If-Match", "\"V\"", 412},  // case counts
        {"If-Match", "garbage, \"v\"", 200},
        // section 13.1.2: weak comparison
        {"If-None-Match", "\"v\"", 304},
        {"If-None-Match", "W/\"v\"", 304},
        {"If-None-Match", "*", 304},
        {"If-None-Match", "\"a\", W/\"b\", \"v\"", 304},
        {"If-None-Match", "\"a,\", \"v\"", 304},  // a comma inside a tag
        {"If-None-Match", "\"a\"", 200},
        {"If-None-Match", "\"v\"x", 304},
        {"If-None-Match", "w/\"v\"", 200},  // the W is upper case (section 8.8.3)
        {"If-None-Match", "v", 200},
        {"If-None-Match", "\"", 200},
        {"If-None-Match", "", 200},
        {"If-None-Match", "\"*\"", 200},
        // section 13.1.3
        {"If-Modified-Since", same, 304},
        {"If-Modified-Since", after, 304},
        {"If-Modified-Since", before, 200},
        {"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT", 304},
        {"If-Modified-Since", "Sun Nov  6 08:49:37 1994", 304},
        {"If-Modified-Since", "784111777", 200},
        {"If-Modified-Since", "yesterday", 200},
        {"If-Modified-Since", "", 200},
        // section 13.1.4
        {"If-Unmodified-Since", same, 200},
        {"If-Unmodified-Since", after, 200},
        {"If-Unmodified-Since", before, 412},
        {"If-Unmodified-Since", "Saturday, 05-Nov-94 08:49:37 GMT", 412},
        {"If-Unmodified-Since", "garbage", 200},
        {"If-Unmodified-Since", "", 200},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.name));
        CAPTURE(std::string(row.value));
        CHECK(outcome({{row.name, row.value}}) == row.outcome);
        CHECK(outcome({{row.name, row.value}}, Method::head) == row.outcome);
    }
}

TEST_CASE("the order of RFC 9110 section 13.2.2")
{
    const struct {
        List fields;
        Method method;
        int outcome;
    } rows[] = {
        // 1 and 2: If-Unmodified-Since counts only without If-Match
        {{{"If-Match", "\"v\""}, {"If-Unmodified-Since", before}}, Method::get, 200},
        {{{"If-Match", "\"a\""}, {"If-Unmodified-Since", after}}, Method::get, 412},
        // 3 and 4: If-Modified-Since counts only without If-None-Match
        {{{"If-None-Match", "\"a\""}, {"If-Modified-Since", same}}, Method::get, 200},
        {{{"If-None-Match", "\"v\""}, {"If-Modified-Since", before}}, Method::get, 304},
        // 1 before 3
        {{{"If-None-Match", "\"v\""}, {"If-Match", "\"a\""}}, Method::get, 412},
        {{{"If-None-Match", "\"v\""}, {"If-Match", "\"v\""}}, Method::get, 304},
        // 2 before 4
        {{{"If-Unmodified-Since", before}, {"If-Modified-Since", same}}, Method::get, 412},
        {{{"If-Unmodified-Since", same}, {"If-Modified-Since", same}}, Method::get, 304},
        // other methods: 412 instead of 304, and no If-Modified-Since
        {{{"If-None-Match", "\"v\""}}, Method::put, 412},
        {{{"If-None-Match", "*"}}, Method::put, 412},
        {{{"If-Modified-Since", same}}, Method::post, 200},
        // several fields are one list; several dates are none
        {{{"If-None-Match", "\"a\""}, {"If-None-Match", "\"v\""}}, Method::get, 304},
        {{{"If-Match", "\"a\""}, {"If-Match", "\"v\""}}, Method::get, 200},
        {{{"If-Modified-Since", same}, {"If-Modified-Since", same}}, Method::get, 200},
        {{}, Method::get, 200},
    };
    for (const auto& row : rows) {
        std::string text;
        for (const auto& [name, value] : row.fields)
            text += std::string(name) + ": " + value + "; ";
        CAPTURE(text);
        CHECK(outcome(row.fields, row.method) == row.outcome);
    }
}

TEST_CASE("without an entity tag only * matches")
{
    const Validators none{"", modified, modified + 1000};
    CHECK(outcome({{"If-Match", "*"}}, Method::get, none) == 200);
    CHECK(outcome({{"If-Match", "\"\""}}, Method::get, none) == 412);
    CHECK(outcome({{"If-None-Match", "\"\""}}, Method::get, none) == 200);
    CHECK(outcome({{"If-None-Match", "*"}}, Method::get, none) == 304);
    CHECK_FALSE(range_holds({{"If-Range", "\"\""}}, none));
}

TEST_CASE("If-Range is compared strongly (RFC 9110 section 13.1.5)")
{
    const struct {
        const char* value;
        bool holds;
    } rows[] = {
        {"\"v\"", true},
        {" \"v\" ", true},
        {"\"a\"", false},
        {"W/\"v\"", false},
        {"\"v\", \"v\"", false},  // one, not a list
        {"\"v\"x", false},
        {"*", false},
        {same, true},
        {"Sunday, 06-Nov-94 08:49:37 GMT", true},
        {after, false},  // exactly, not "since"
        {before, false},
        {"garbage", false},
        {"", false},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.value));
        CHECK(range_holds({{"If-Range", row.value}}) == row.holds);
    }
    CHECK(range_holds({}));
    CHECK_FALSE(range_holds({{"If-Range", "\"v\""}, {"If-Range", "\"v\""}}));
}

TEST_CASE("a date of this very second is no strong validator (RFC 9110 section 8.8.2.2)")
{
    CHECK_FALSE(range_holds({{"If-Range", same}}, {"\"v\"", modified, modified}));
    CHECK(range_holds({{"If-Range", same}}, {"\"v\"", modified, modified + 1}));
}
