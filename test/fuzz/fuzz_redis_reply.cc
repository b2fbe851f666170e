// fuzz_redis_reply.cc - whatever a Redis may say, in pieces, as the answer to every order.
#ifdef OSTLER_REDIS

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/check.h"
#include "modules/session_redis_reply.h"
#include "test/fuzz/pieces.h"

using namespace ostler;
using Kind = SessionOrder::Kind;

namespace {

SessionOrder order(Kind kind)
{
    SessionOrder o;
    o.kind = kind;
    o.handle = "abc";
    o.now = 500;
    o.most = 3;
    return o;
}

void judge(const RedisValue& reply)
{
    for (const Kind kind : {Kind::load, Kind::find, Kind::create, Kind::save, Kind::destroy,
                            Kind::list, Kind::purge, Kind::touch}) {
        const SessionOrder asked = order(kind);
        const RedisAnswer a = interpret_redis_reply(asked, "7", reply);
        const StoreResult result = a.answer.result;
        const bool failed = result == StoreResult::unavailable || result == StoreResult::nonsense;
        CHECK_THAT(failed == !a.answer.why.empty());
        CHECK_THAT(!a.foreign || result == StoreResult::nonsense);
        if (result != StoreResult::done) continue;
        CHECK_THAT(a.answer.records.size() <= asked.most);
        if (kind == Kind::load || kind == Kind::find || kind == Kind::save) {
            CHECK_THAT(a.answer.record.expires() > asked.now);
            CHECK_THAT(a.answer.record.values.size() <= most_session_values);
            CHECK_THAT(kind == Kind::load || a.answer.record.handle == asked.handle);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length)
{
    const std::string_view input(reinterpret_cast<const char*>(data), length);
    RedisReplies replies;
    std::unique_ptr<RedisValue> reply;
    for (fuzz::Pieces pieces(input); !pieces.empty();) {
        replies.feed(pieces.next());
        RedisReplies::State state = RedisReplies::State::more;
        while ((state = replies.next(reply)) == RedisReplies::State::reply) judge(*reply);
        CHECK_THAT((state == RedisReplies::State::broken) == !replies.why().empty());
    }
    return 0;
}

#else

extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }

#endif
