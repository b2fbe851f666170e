// session_redis_reply_test.cc - what Redis says, and what is made of it.
#ifdef OSTLER_REDIS

#include "modules/session_redis_reply.h"

#include <doctest/doctest.h>

#include "common/base/text.h"

using namespace ostler;
using Kind = SessionOrder::Kind;
using State = RedisReplies::State;

namespace {

const std::string hash(64, 'a');

std::string bulk(std::string_view text) { return cat('$', text.size(), "\r\n", text, "\r\n"); }

std::string array(std::initializer_list<std::string> items)
{
    std::string text = cat('*', items.size(), "\r\n");
    for (const std::string& item : items) text += item;
    return text;
}

std::string texts(const std::vector<std::string>& items)
{
    std::string text = cat('*', items.size(), "\r\n");
    for (const std::string& item : items) text += bulk(item);
    return text;
}

/// Field and value in turn, as the script sends them.
std::vector<std::string> record(const std::string& handle = "abc")
{
    return {"h", handle, "k", hash,   "g", "3", "c",      "100",       "s", "200",
            "i", "900",  "e", "1000", "r", "7", "o",      "192.0.2.1", "a", "192.0.2.1",
            "u", "curl", "b", "12",   "n", "1", "v:user", "ann"};
}

std::vector<std::string> ok(std::vector<std::string> rest)
{
    rest.insert(rest.begin(), {"7", "ok"});
    return rest;
}

SessionOrder order(Kind kind)
{
    SessionOrder o;
    o.kind = kind;
    o.handle = "abc";
    o.now = 500;
    o.most = 2;
    return o;
}

std::unique_ptr<RedisValue> value(const std::string& bytes)
{
    RedisReplies replies;
    replies.feed(bytes);
    std::unique_ptr<RedisValue> v;
    REQUIRE(replies.next(v) == State::reply);
    return v;
}

RedisAnswer answer(Kind kind, const std::string& bytes)
{
    return interpret_redis_reply(order(kind), "7", *value(bytes));
}

}  // namespace

TEST_CASE("replies come in any pieces")
{
    const std::string bytes = texts({"a", "b"}) + "+OK\r\n" + ":5\r\n" + "-ERR no\r\n" + "$-1\r\n" +
                              array({array({}), bulk(std::string("\0\r\n", 3))});
    for (std::size_t step : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
        RedisReplies replies;
        std::string kinds;
        std::unique_ptr<RedisValue> v;
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            replies.feed(std::string_view(bytes).substr(at, step));
            while (replies.next(v) == State::reply) append(kinds, static_cast<int>(v->kind));
        }
        CHECK(kinds == "524305");
        CHECK(v->elements[1]->text == std::string("\0\r\n", 3));
    }
}

TEST_CASE("what is not the protocol, or too much of it, breaks the connection")
{
    const struct {
        const char* fact;
        std::string bytes;
    } rows[] = {
        {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"},
        {"a bad length", "$x\r\n"},
        {"a length below -1", "$-2\r\n"},
        {"an array of a billion", "*1000000000\r\n"},
        {"an array above the limit", "*100001\r\n"},
        {"too deep", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"},
        {"a string without end", "$100000000\r\n" + std::string(RedisReplies::most_bytes, 'x')},
        {"a line without end", "+" + std::string(RedisReplies::most_bytes + 1, 'x')},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        RedisReplies replies;
        replies.feed(row.bytes);
        std::unique_ptr<RedisValue> v;
        CHECK(replies.next(v) == State::broken);
        CHECK(replies.why() != "");
        replies.feed("+OK\r\n");
        CHECK(replies.next(v) == State::broken);
    }
}

TEST_CASE("a session is read")
{
    for (const Kind kind : {Kind::load, Kind::find, Kind::save}) {
        const RedisAnswer a = answer(kind, texts(ok(record())));
        REQUIRE(a.answer.result == StoreResult::done);
        const SessionRecord& r = a.answer.record;
        CHECK(r.handle == "abc");
        CHECK(r.key.hash[0] == 0xaa);
        CHECK(r.generation == 3);
        CHECK(r.created == 100);
        CHECK(r.seen == 200);
        CHECK(r.expires() == 900);
        CHECK(r.requests == 7);
        CHECK(r.agent == "curl");
        CHECK(r.values == SessionValues{{"user", "ann"}});
    }
}

TEST_CASE("what the script may say beside")
{
    CHECK(answer(Kind::load, texts({"7", "absent"})).answer.result == StoreResult::absent);
    CHECK(answer(Kind::create, texts({"7", "ok"})).answer.result == StoreResult::done);
    CHECK(answer(Kind::create, texts({"7", "full"})).answer.result == StoreResult::full);
    CHECK(answer(Kind::save, texts({"7", "too_large"})).answer.result == StoreResult::too_large);
    CHECK(answer(Kind::purge, texts({"7", "ok", "12"})).answer.count == 12);
    const RedisAnswer late = answer(Kind::save, texts({"7", "late"}));
    CHECK(late.answer.result == StoreResult::unavailable);
    CHECK(late.late);
    const RedisAnswer error = answer(Kind::load, "-LOADING Redis is loading\r\n");
    CHECK(error.answer.result == StoreResult::unavailable);
    CHECK(error.answer.why == "redis says: LOADING Redis is loading");
    const RedisAnswer list =
        answer(Kind::list, array({bulk("7"), bulk("ok"), bulk("1"), bulk("abe"),
                                  texts(record("abd")), texts(record("abe"))}));
    CHECK(list.answer.result == StoreResult::done);
    CHECK(list.more);
    CHECK(list.last == "abe");
    REQUIRE(list.answer.records.size() == 2);
    CHECK(list.answer.records[1].handle == "abe");
}

TEST_CASE("an answer to another question is for nobody")
{
    for (const std::string& bytes :
         {texts({"8", "ok"}), texts({"8", "absent"}), std::string("+OK\r\n"),
          std::string("$-1\r\n"), std::string(":7\r\n"), texts({}), texts({"7"}),
          array({std::string(":7\r\n"), bulk("ok")})}) {
        CAPTURE(bytes);
        const RedisAnswer a = answer(Kind::destroy, bytes);
        CHECK(a.foreign);
        CHECK(a.answer.result == StoreResult::nonsense);
    }
}

TEST_CASE("an answer that cannot be is nonsense")
{
    const auto changed = [](std::size_t index, std::string with) {
        std::vector<std::string> r = record();
        r[index] = std::move(with);
        return texts(ok(r));
    };
    const auto without = [](std::size_t index) {
        std::vector<std::string> r = record();
        r.erase(r.begin() + static_cast<std::ptrdiff_t>(index),
                r.begin() + static_cast<std::ptrdiff_t>(index) + 2);
        return texts(ok(r));
    };
    std::vector<std::string> odd = ok(record());
    odd.push_back("v:x");
    const struct {
        const char* fact;
        Kind kind;
        std::string bytes;
    } rows[] = {
        {"nothing", Kind::load, texts({"7", "ok"})},
        {"a field without a value", Kind::load, texts(odd)},
        {"a number that is none", Kind::load, changed(5, "x")},
        {"a negative number", Kind::load, changed(5, "-1")},
        {"a number above 2^64", Kind::load, changed(15, "99999999999999999999")},
        {"a short key", Kind::load, changed(3, "aa")},
        {"a key that is not hexadecimal", Kind::load, changed(3, std::string(64, 'z'))},
        {"a handle of other characters", Kind::load, changed(1, "a b")},
        {"no handle", Kind::load, without(0)},
        {"no end", Kind::load, without(12)},
        {"an unknown field", Kind::load, changed(26, "z")},
        {"a value without a name", Kind::load, changed(26, "v:")},
        {"expired", Kind::load, changed(11, "500")},
        {"another session", Kind::find, changed(1, "abd")},
        {"another session", Kind::save, changed(1, "abd")},
        {"more than asked for", Kind::destroy, texts({"7", "ok", "x"})},
        {"more than asked for", Kind::load, texts({"7", "absent", "x"})},
        {"full, but not of a creation", Kind::load, texts({"7", "full"})},
        {"too large, but nothing was stored", Kind::load, texts({"7", "too_large"})},
        {"an unknown word", Kind::load, texts({"7", "maybe"})},
        {"a purge without a number", Kind::purge, texts({"7", "ok", "many"})},
        {"a list without a head", Kind::list, texts({"7", "ok"})},
        {"a list that goes back", Kind::list, texts({"7", "ok", "1", "abc"})},
        {"a list of strings", Kind::list, texts({"7", "ok", "0", "abd", "abd"})},
        {"more sessions than asked for", Kind::list,
         array({bulk("7"), bulk("ok"), bulk("0"), bulk("z"), texts(record("d")), texts(record("e")),
                texts(record("f"))})},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fact);
        const RedisAnswer a = answer(row.kind, row.bytes);
        CHECK(a.answer.result == StoreResult::nonsense);
        CHECK_FALSE(a.foreign);
        CHECK(a.answer.why.starts_with("redis: "));
    }
}

#endif
