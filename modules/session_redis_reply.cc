// session_redis_reply.cc - replies of Redis: from bytes to values, from values to answers.
#ifdef OSTLER_REDIS

#include "modules/session_redis_reply.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/check.h"
#include "common/base/crypto.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Kind = RedisValue::Kind;

// --- values, made for hiredis ------------------------------------------------------------------

/// Puts a value where the reader wants it: into its array, or alone.
void* place(const redisReadTask* task, std::unique_ptr<RedisValue> value)
{
    RedisValue* const made = value.get();
    if (!task->parent) return value.release();
    auto* const array = static_cast<RedisValue*>(task->parent->obj);
    const auto index = static_cast<std::size_t>(task->idx);
    if (!array || index >= array->elements.size()) return nullptr;
    array->elements[index] = std::move(value);
    return made;
}

void* create_string(const redisReadTask* task, char* text, std::size_t size)
{
    auto value = std::make_unique<RedisValue>();
    value->kind = task->type == REDIS_REPLY_ERROR    ? Kind::error
                  : task->type == REDIS_REPLY_STATUS ? Kind::status
                                                     : Kind::text;
    value->text.assign(text, size);
    return place(task, std::move(value));
}

/// `N` is int in hiredis 0.14 and size_t since 1.0.
template <class N> void* create_array(const redisReadTask* task, N elements)
{
    const auto count = static_cast<std::size_t>(elements);
    if (count > RedisReplies::most_elements) return nullptr;  // "out of memory": the end of it
    auto value = std::make_unique<RedisValue>();
    value->kind = Kind::array;
    value->elements.resize(count);
    return place(task, std::move(value));
}

void* create_integer(const redisReadTask* task, long long number)
{
    auto value = std::make_unique<RedisValue>();
    value->kind = Kind::integer;
    value->integer = number;
    return place(task, std::move(value));
}

void* create_nil(const redisReadTask* task) { return place(task, std::make_unique<RedisValue>()); }

void free_value(void* value) { delete static_cast<RedisValue*>(value); }

#if HIREDIS_MAJOR >= 1
// Only in a protocol that we never ask for.
void* create_double(const redisReadTask* task, double, char* text, std::size_t size)
{
    return create_string(task, text, size);
}
void* create_bool(const redisReadTask* task, int number) { return create_integer(task, number); }
#endif

redisReplyObjectFunctions make_functions()
{
    redisReplyObjectFunctions functions{};
    functions.createString = create_string;
    functions.createArray = create_array;
    functions.createInteger = create_integer;
    functions.createNil = create_nil;
    functions.freeObject = free_value;
#if HIREDIS_MAJOR >= 1
    functions.createDouble = create_double;
    functions.createBool = create_bool;
#endif
    return functions;
}

// --- records -------------------------------------------------------------------------------------

template <class N> bool parse_number(std::string_view text, N& value)
{
    if (text.empty() || !is_digit(text.front())) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

bool parse_key(std::string_view text, SessionKey& key)
{
    if (text.size() != key.hash.size() * 2) return false;
    for (std::size_t i = 0; i < key.hash.size(); ++i) {
        const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        key.hash[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return true;
}

/// One field of the session's hash; "v:NAME" is a value, a letter what the server keeps.
bool take_field(SessionRecord& record, std::string_view field, const std::string& value)
{
    if (field.starts_with("v:")) {
        field.remove_prefix(2);
        if (!is_session_name(field) || record.values.size() >= most_session_values) return false;
        set_session_value(record.values, field, value);
        return true;
    }
    if (field.size() != 1) return false;
    std::uint64_t counted = 0;
    switch (field.front()) {
    case 'h': record.handle = value; return is_base64url(value) && value.size() <= 64;
    case 'k': return parse_key(value, record.key);
    case 'g': return parse_number(value, record.generation);
    case 'c': return parse_number(value, record.created);
    case 's': return parse_number(value, record.seen);
    case 'i': return parse_number(value, record.idle_until);
    case 'e': return parse_number(value, record.ends);
    case 'r': return parse_number(value, record.requests);
    case 'o': record.origin = value; return true;
    case 'a': record.address = value; return true;
    case 'u': record.agent = value; return true;
    case 'b':
    case 'n': return parse_number(value, counted);
    default: return false;
    }
}

/// The fields that every session has: h, k, g, c, s, i, e, r, o, a, u, b and n.
constexpr unsigned all_fields = 13;

/// Field and value in turn, from `first` on.
bool parse_record(const std::vector<std::unique_ptr<RedisValue>>& list, std::size_t first,
                  SessionRecord& record)
{
    if ((list.size() - first) % 2 != 0) return false;
    unsigned found = 0;
    for (std::size_t i = first; i < list.size(); i += 2) {
        if (list[i]->kind != Kind::text || list[i + 1]->kind != Kind::text) return false;
        if (!take_field(record, list[i]->text, list[i + 1]->text)) return false;
        found += list[i]->text.size() == 1;
    }
    return found == all_fields;
}

// --- answers -------------------------------------------------------------------------------------

RedisAnswer nonsense(std::string_view why)
{
    RedisAnswer a;
    a.answer.result = StoreResult::nonsense;
    a.answer.why = cat("redis: ", why);
    return a;
}

RedisAnswer result(StoreResult result)
{
    RedisAnswer a;
    a.answer.result = result;
    return a;
}

RedisAnswer interpret_list(const SessionOrder& order, const RedisValue& reply)
{
    const auto& list = reply.elements;
    RedisAnswer a = result(StoreResult::done);
    if (list.size() < 4 || list[2]->kind != Kind::text || list[3]->kind != Kind::text)
        return nonsense("a list of sessions without its head");
    a.more = list[2]->text == "1";
    a.last = list[3]->text;
    // Otherwise the same page would be asked for again, for ever.
    if (a.more && a.last <= order.handle) return nonsense("a list of sessions that goes back");
    for (std::size_t i = 4; i < list.size(); ++i) {
        SessionRecord record;
        if (list[i]->kind != Kind::array || !parse_record(list[i]->elements, 0, record))
            return nonsense("a session in a list is none");
        a.answer.records.push_back(std::move(record));
    }
    if (a.answer.records.size() > order.most) return nonsense("more sessions than were asked for");
    return a;
}

RedisAnswer interpret_record(const SessionOrder& order, const RedisValue& reply)
{
    RedisAnswer a = result(StoreResult::done);
    if (!parse_record(reply.elements, 2, a.answer.record))
        return nonsense("what is stored is no session");
    if (order.kind != SessionOrder::Kind::load && a.answer.record.handle != order.handle)
        return nonsense("another session than the one that was asked for");
    if (a.answer.record.expires() <= order.now) return nonsense("a session that has expired");
    return a;
}

RedisAnswer interpret_done(const SessionOrder& order, const RedisValue& reply)
{
    using Order = SessionOrder::Kind;
    switch (order.kind) {
    case Order::load:
    case Order::find:
    case Order::save: return interpret_record(order, reply);
    case Order::list: return interpret_list(order, reply);
    case Order::purge: {
        RedisAnswer a = result(StoreResult::done);
        if (reply.elements.size() != 3 || reply.elements[2]->kind != Kind::text ||
            !parse_number(reply.elements[2]->text, a.answer.count))
            return nonsense("no number of sessions");
        return a;
    }
    case Order::create:
    case Order::destroy:
    case Order::touch:
        return reply.elements.size() == 2 ? result(StoreResult::done)
                                          : nonsense("more than was asked for");
    }
    return nonsense("");
}

}  // namespace

RedisReplies::RedisReplies()
{
    static redisReplyObjectFunctions functions = make_functions();
    reader_ = redisReaderCreateWithFunctions(&functions);
    CHECK_THAT(reader_);
}

RedisReplies::~RedisReplies() { redisReaderFree(reader_); }

void RedisReplies::feed(std::string_view bytes)
{
    bytes_ += bytes.size();
    redisReaderFeed(reader_, bytes.data(), bytes.size());
}

RedisReplies::State RedisReplies::fail(std::string_view why)
{
    if (why_.empty()) why_ = why;
    return State::broken;
}

RedisReplies::State RedisReplies::next(std::unique_ptr<RedisValue>& reply)
{
    if (!why_.empty()) return State::broken;
    void* made = nullptr;
    if (redisReaderGetReply(reader_, &made) != REDIS_OK)
        return fail(cat("what it says is not Redis's protocol: ",
                        std::string_view(reader_->errstr).substr(0, 100)));
    if (!made) {
        if (bytes_ > most_bytes) return fail(cat("a reply of more than ", most_bytes, " bytes"));
        return State::more;
    }
    reply.reset(static_cast<RedisValue*>(made));
    bytes_ = reader_->len - reader_->pos;
    return State::reply;
}

RedisAnswer interpret_redis_reply(const SessionOrder& order, std::string_view token,
                                  const RedisValue& reply)
{
    if (reply.kind == Kind::error) {
        RedisAnswer a = result(StoreResult::unavailable);
        a.answer.why = cat("redis says: ", reply.error_words());
        return a;
    }
    const auto& list = reply.elements;
    if (reply.kind != Kind::array || list.size() < 2 || list[1]->kind != Kind::text ||
        !list[0]->is_text(token)) {
        RedisAnswer a = nonsense("an answer to another question");
        a.foreign = true;
        return a;
    }
    const std::string& word = list[1]->text;
    if (word == "ok") return interpret_done(order, reply);
    if (list.size() != 2) return nonsense("more than was asked for");
    if (word == "absent") return result(StoreResult::absent);
    if (word == "full" && order.kind == SessionOrder::Kind::create)
        return result(StoreResult::full);
    if (word == "too_large" && order.kind == SessionOrder::Kind::save)
        return result(StoreResult::too_large);
    if (word == "late") {
        RedisAnswer a = result(StoreResult::unavailable);
        a.answer.why = "redis was too slow: it was not done";
        a.late = true;
        return a;
    }
    return nonsense("a word that it does not have");
}

}  // namespace ostler

#endif
