// session_redis_reply.h - what Redis says: hiredis takes the protocol apart, here it is bounded and
// judged.  Nothing a server sends is believed before it was checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/session_store.h"

struct redisReader;

namespace ostler {

struct RedisValue {
    enum class Kind : unsigned char { nil, text, status, error, integer, array };

    Kind kind = Kind::nil;
    std::string text;  ///< of text, status and error
    long long integer = 0;
    std::vector<std::unique_ptr<RedisValue>> elements;

    bool is_text(std::string_view expected) const { return kind == Kind::text && text == expected; }
    /// The words of an error, cut, for a log line.
    std::string error_words() const { return text.substr(0, 200); }
};

/// Cuts the bytes of one connection into replies.
class RedisReplies {
 public:
    enum class State : unsigned char { more, reply, broken };
    static constexpr std::size_t most_bytes = std::size_t{4} * 1024 * 1024;  ///< of one reply
    static constexpr std::size_t most_elements = 100'000;                    ///< of one array

    RedisReplies();
    RedisReplies(const RedisReplies&) = delete;
    RedisReplies& operator=(const RedisReplies&) = delete;
    ~RedisReplies();

    void feed(std::string_view bytes);
    /// The next reply, when it is complete.  After broken nothing more comes.
    State next(std::unique_ptr<RedisValue>& reply);
    /// After broken: a phrase for the log.
    const std::string& why() const { return why_; }

 private:
    State fail(std::string_view why);

    redisReader* reader_;
    std::size_t bytes_ = 0;  // fed since the last reply
    std::string why_;
};

/// What the script said to one order (session_redis_script.h).
struct RedisAnswer {
    SessionAnswer answer;
    bool more = false;  ///< list: there are more behind `last`
    std::string last;
    bool late = false;  ///< the order was not carried out: its time was over
    /// The reply belongs to another question, or to none: nothing on this connection can be
    /// believed any more.
    bool foreign = false;
};

/// Judges the reply to `order`, which was sent with `token`.  What is not exactly as the script
/// would say it is StoreResult::nonsense.
RedisAnswer interpret_redis_reply(const SessionOrder& order, std::string_view token,
                                  const RedisValue& reply);

}  // namespace ostler
