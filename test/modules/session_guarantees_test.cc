// session_guarantees_test.cc - what every store of sessions guarantees, on each of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "test/modules/session_asker.h"
#include "test/modules/session_places.h"

#if defined(OSTLER_SQLITE) && defined(OSTLER_REDIS)
#define STORES Sqlite, Redis
#elif defined(OSTLER_SQLITE)
#define STORES Sqlite
#elif defined(OSTLER_REDIS)
#define STORES Redis
#endif

#ifdef STORES

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;
using Kind = SessionOrder::Kind;

TEST_CASE_TEMPLATE("a session is stored, found by id and by name, and gone when destroyed",
                   Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    const SessionValues values = {{"a", "1"}, {"b", std::string("\0&=\xff\r\n", 6)}, {"c", ""}};
    CHECK(w.result(creation("s", values)) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s"));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.handle == "s");
    CHECK(a.record.key == key("s"));
    CHECK(a.record.values == values);
    CHECK(a.record.created == now);
    CHECK(a.record.seen == now);
    CHECK(a.record.expires() == now + 600);
    CHECK(a.record.ends == now + 3600);
    CHECK(a.record.requests == 1);
    CHECK(a.record.origin == "192.0.2.1");
    CHECK(a.record.agent == "curl");
    CHECK(w.ask(order_for(Kind::find, "s")).record.values == values);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::absent);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.result(change("s", {{"a", "2"}})) == StoreResult::absent);
    CHECK(w.result(order_for(Kind::find, "s")) == StoreResult::absent);
}

TEST_CASE_TEMPLATE("changes are merged name by name", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    w.ask(creation("s", {{"a", "1"}, {"b", "2"}}));
    const SessionAnswer a = w.ask(change(
        "s", {{"a", std::nullopt}, {"c", "x"}, {"c", "3"}, {"d", "4"}, {"d", std::nullopt}}));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.values == SessionValues{{"b", "2"}, {"c", "3"}});
    CHECK(a.record.generation == 2);
    CHECK(w.ask(change("s", {})).record.values == a.record.values);
}

TEST_CASE_TEMPLATE("changes by many at once are all kept, and a logout wins", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker one(place.url()), two(place.url());
    REQUIRE(one.result(creation("s", {})) == StoreResult::done);
    std::vector<Asker> askers(100);
    for (std::size_t i = 0; i < askers.size(); ++i)
        askers[i].start(*(i % 2 ? one : two).store, change("s", {{cat("k", i), "1"}}));
    const auto turn_until_all_answered = [&] {
        while (std::any_of(askers.begin(), askers.end(),
                           [](const Asker& a) { return a.is_waiting(); })) {
            one.loop.turn(false);
            two.loop.turn(false);
        }
    };
    turn_until_all_answered();
    for (const Asker& a : askers) {
        CHECK(a.answers == 1);
        CHECK(a.answer.result == StoreResult::done);
    }
    const SessionAnswer a = one.ask(look_up("s"));
    CHECK(a.record.values.size() == 100);
    CHECK(a.record.generation == 101);

    Asker logout;
    for (std::size_t i = 0; i < askers.size(); ++i) {
        if (i == 50) logout.start(*one.store, order_for(Kind::destroy, "s"));
        askers[i].start(*(i % 2 ? one : two).store, change("s", {{cat("k", i), "2"}}));
    }
    turn_until_all_answered();
    while (logout.is_waiting()) one.loop.turn(false);
    CHECK(logout.answer.result == StoreResult::done);
    CHECK(one.result(look_up("s")) == StoreResult::absent);
    CHECK(one.result(order_for(Kind::find, "s")) == StoreResult::absent);
}

TEST_CASE_TEMPLATE("a session that is too large is not made", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    CHECK(w.result(creation("e", {{"x", std::string(1000, 'x')}})) == StoreResult::too_large);
    CHECK(w.result(look_up("e")) == StoreResult::absent);
}

TEST_CASE_TEMPLATE("sizes are counted as they are encoded, over every change", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    SessionOrder o = creation("s", {{"a", " "}});  // a=%20
    o.most_bytes = 5;
    CHECK(w.result(o) == StoreResult::done);
    const auto save = [&](SessionChanges changes, std::size_t most) {
        SessionOrder order = change("s", std::move(changes));
        order.most_bytes = most;
        return w.result(order);
    };
    CHECK(save({{"b", "\xc3\xa4"}}, 5 + 1 + 8 - 1) == StoreResult::too_large);
    CHECK(save({{"b", "\xc3\xa4"}}, 5 + 1 + 8) == StoreResult::done);
    CHECK(save({{"a", "x"}, {"c", "xx"}}, 3 + 1 + 8 + 1 + 4 - 1) == StoreResult::too_large);
    CHECK(w.ask(look_up("s")).record.values == SessionValues{{"a", " "}, {"b", "\xc3\xa4"}});
    CHECK(save({{"a", "x"}, {"c", "xx"}}, 3 + 1 + 8 + 1 + 4) == StoreResult::done);
    CHECK(save({{"b", std::nullopt}, {"c", std::nullopt}}, 3) == StoreResult::done);
    SessionChanges many;
    for (std::size_t i = 0; i < most_session_values; ++i) many.push_back({cat("n", i), ""});
    CHECK(save(many, 100'000) == StoreResult::too_large);  // a is there, too
    many.pop_back();
    CHECK(save(many, 100'000) == StoreResult::done);
}

TEST_CASE_TEMPLATE("a new id replaces the old one, at once or after its grace", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    w.ask(creation("s"));
    SessionOrder rotate = change("s", {});
    rotate.new_key = key("second");
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    const SessionAnswer second = w.ask(look_up("second"));
    CHECK(second.record.key == key("second"));
    CHECK(second.record.handle == "s");
    rotate.new_key = key("third");
    rotate.grace = 60s;
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.ask(look_up("second")).record.key == key("third"));
    CHECK(w.result(look_up("third")) == StoreResult::done);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    for (const char* id : {"s", "second", "third"})
        CHECK(w.result(look_up(id)) == StoreResult::absent);
}

TEST_CASE_TEMPLATE("an expired session is absent, activity keeps it, a purge removes it",
                   Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    w.ask(creation("s"));
    w.ask(creation("t"));
    CHECK(w.result(look_up("s", now + 599)) == StoreResult::done);
    CHECK(w.result(look_up("s", now + 600)) == StoreResult::absent);
    SessionOrder touch = order_for(Kind::touch);
    touch.activity.push_back({"s", 5, now + 500, now + 9999, "192.0.2.2", "wget"});
    touch.activity.push_back({"nobody", 5, now + 500, now + 9999, "", ""});
    CHECK(w.result(touch) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s", now + 601));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.requests == 6);
    CHECK(a.record.seen == now + 500);
    CHECK(a.record.address == "192.0.2.2");
    CHECK(a.record.agent == "wget");
    CHECK(a.record.expires() == now + 3600);  // its end does not move
    CHECK(w.result(look_up("s", now + 3600)) == StoreResult::absent);
    CHECK(w.ask(order_for(Kind::purge)).count == 0);
    SessionOrder purge = order_for(Kind::purge);
    purge.now = now + 601;
    CHECK(w.ask(purge).count == 1);
    CHECK(w.result(look_up("s", now + 601)) == StoreResult::done);
    purge.now = now + 3600;
    CHECK(w.ask(purge).count == 1);
    CHECK(w.ask(purge).count == 0);
}

TEST_CASE_TEMPLATE("an origin has as many sessions as it may have", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    const auto create = [&](const std::string& name, std::int64_t when = now) {
        SessionOrder o = creation(name);
        o.most_of_origin = 2;
        o.now = when;
        o.record.idle_until = when + 600;
        return w.result(o);
    };
    CHECK(create("a") == StoreResult::done);
    CHECK(create("b") == StoreResult::done);
    CHECK(create("c") == StoreResult::full);
    CHECK(w.result(look_up("c")) == StoreResult::absent);
    CHECK(w.result(order_for(Kind::destroy, "a")) == StoreResult::done);
    CHECK(create("d") == StoreResult::done);
    CHECK(create("e") == StoreResult::full);
    CHECK(create("f", now + 601) == StoreResult::done);  // b and d have expired
}

TEST_CASE_TEMPLATE("lists come in the order of the names, in pages of any size", Place, STORES)
{
    NEEDS_STORE(Place)
    const Place place;
    Worker w(place.url());
    std::vector<std::string> names;
    for (int i = 0; i < 25; ++i) names.push_back(cat("n", i));
    for (const std::string& name : names) {
        // Half a megabyte in ten of them: more than one page of the script.
        SessionValues values;
        for (int i = 0; i < 4; ++i) values.emplace_back(cat("v", i), std::string(60'000, 'x'));
        SessionOrder o = creation(name, name < "n2" ? values : SessionValues{});
        o.most_bytes = 1'000'000;
        REQUIRE(w.result(o) == StoreResult::done);
    }
    std::sort(names.begin(), names.end());
    constexpr std::size_t pages[] = {1, 3, 7, 100};
    for (const std::size_t page : pages) {
        std::vector<std::string> seen;
        SessionOrder o = order_for(Kind::list);
        o.most = page;
        for (;;) {
            const SessionAnswer a = w.ask(o);
            REQUIRE(a.result == StoreResult::done);
            for (const SessionRecord& r : a.records) seen.push_back(r.handle);
            if (a.records.size() < page) break;
            o.handle = a.records.back().handle;
        }
        CHECK(seen == names);
    }
}

#endif
