// session_fields_test.cc - wishes in response fields.
#include "modules/session_fields.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace ostler;

namespace {

struct Answer {
    Arena arena;
    Fields fields{arena};
    SessionWishes take(const std::vector<std::pair<const char*, const char*>>& list)
    {
        for (const auto& [name, value] : list) fields.add(name, value);
        return take_session_wishes(fields);
    }
};

}  // namespace

TEST_CASE("the fields are taken out whatever their case, others stay")
{
    Answer a;
    a.take({{"X-Session-Set", "a=1"},
            {"x-replace-session", "b=2"},
            {"X-SESSION-UNSET", "c"},
            {"x-Session-Rotate", "1"},
            {"X-Session-destroy", "1"},
            {"X-Session-Other", "stays"},
            {"Content-Type", "text/plain"}});
    CHECK(a.fields.size() == 2);
    CHECK(a.fields.get("X-Session-Other") == "stays");
}

TEST_CASE("an answer without wishes has none")
{
    Answer a;
    CHECK_FALSE(a.take({{"Content-Type", "text/plain"}, {"X-A-Long-Field-Name", "1"}}).any());
}

TEST_CASE("changes come in the order of the fields, and one field may have several")
{
    Answer a;
    const SessionWishes w = a.take(
        {{"X-Session-Set", "a=1&b=x%20y"}, {"X-Session-Unset", "c&d"}, {"X-Session-Set", "c=3"}});
    CHECK(w.changes == SessionChanges{{"a", "1"}, {"b", "x y"}, {"c", {}}, {"d", {}}, {"c", "3"}});
    CHECK(w.complaint.empty());
    CHECK_FALSE(w.replacement);
}

TEST_CASE("a replacement may be empty")
{
    Answer a;
    const SessionWishes w = a.take({{"X-Replace-Session", ""}});
    REQUIRE(w.replacement);
    CHECK(w.replacement->empty());
    CHECK(w.any());
}

TEST_CASE("what cannot be understood is told and changes nothing")
{
    const std::vector<std::pair<const char*, const char*>> rows = {
        {"X-Session-Set", "a"},     {"X-Session-Set", "=1"},     {"X-Session-Set", "%0a=1"},
        {"X-Session-Unset", "a=1"}, {"X-Session-Rotate", "yes"}, {"X-Session-Destroy", ""}};
    for (const auto& row : rows) {
        CAPTURE(row.first);
        CAPTURE(row.second);
        Answer a;
        const SessionWishes w = a.take({row});
        CHECK_FALSE(w.any());
        CHECK_FALSE(w.complaint.empty());
    }
}

TEST_CASE("shared caches are kept away without losing what else was said")
{
    const std::vector<std::pair<const char*, const char*>> rows = {
        {"", "private"},
        {"max-age=60", "private, max-age=60"},
        {"public, max-age=60, S-MaxAge=90", "private, max-age=60"},
        {"private", "private"},
        {"no-store", "no-store"},
        {"No-Store, max-age=1", "No-Store, max-age=1"},
        {"no-cache", "private, no-cache"}};
    for (const auto& [before, after] : rows) CHECK(private_cache_control(before) == after);
}
