// session_redis.cc - sessions in Redis: orders out, answers back, each to its own question.
#ifdef OSTLER_REDIS

#include <deque>
#include <map>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "modules/session_redis_link.h"
#include "modules/session_redis_script.h"
#include "modules/session_redis_settings.h"
#include "modules/session_store.h"

namespace ostler {

namespace {

using Kind = SessionOrder::Kind;

/// Commands that have not left yet; more orders are refused.
constexpr std::size_t most_unsent = std::size_t{16} * 1024 * 1024;

class RedisStore final : public SessionStore, RedisLink::Owner, Waker {
 public:
    RedisStore(Loop& loop, const SessionStoreConf& conf,
               std::shared_ptr<const RedisSettings> settings)
        : SessionStore(loop, conf), prefix_(settings->target.prefix), watch_(loop, *this),
          link_(loop, std::move(settings), conf.timeout, *this)
    {
        link_.open();
    }

 private:
    enum class For : unsigned char { task, time, load };
    /// A command under way.
    struct Sent {
        For what = For::task;
        SessionTask* task = nullptr;
        std::string token;
        Milliseconds at{0};
        std::size_t first = 0;  // touch: of the activity
        bool last = true;       // nothing more is sent for this task
        bool again = false;     // it was sent before, when the script was not known
    };

    void submit(SessionTask& task) override;
    void link_ready() override;
    void link_replied(const RedisValue& reply) override;
    void link_lost(const std::string& why) override;
    void wake() override { check_silence(); }

    void note_sent(For what);
    void send(SessionTask& task, std::size_t first = 0, bool again = false);
    void send_all(SessionTask& task);
    void take(const Sent& sent, const RedisValue& reply);
    void finish_list(SessionTask& task, RedisAnswer& page);
    void give_up(SessionTask& task, const std::string& why);
    void check_silence();

    const std::string prefix_;
    std::deque<SessionTask*> waiting_;  // for a connection
    std::deque<Sent> sent_;             // in the order of their replies
    std::uint64_t tokens_ = 0;
    Timer watch_;     // the oldest of sent_ must be answered by then
    RedisLink link_;  // last: its owner must be complete
};

void RedisStore::submit(SessionTask& task)
{
    const SessionOrder& order = task.order;
    if (order.kind == Kind::create && encoded_session_size(order.record.values) > order.most_bytes) {
        task.answer.result = StoreResult::too_large;
        return finished(task);
    }
    if (link_.is_ready()) return send_all(task);
    if (link_.is_down() && !link_.why().empty()) return give_up(task, link_.why());
    waiting_.push_back(&task);
}

void RedisStore::link_ready()
{
    std::deque<SessionTask*> waiting = std::exchange(waiting_, {});
    for (SessionTask* task : waiting) {
        const bool in_vain = task->abandoned && task->only_reads();
        if (task->expired || in_vain)
            give_up(*task, "nobody waits any more");
        else
            send_all(*task);
    }
}

void RedisStore::send_all(SessionTask& task)
{
    if (link_.unsent() > most_unsent) return give_up(task, "redis does not take what it is sent");
    // A touch of very many sessions is several commands.
    std::size_t first = 0;
    while (task.order.kind == Kind::touch && task.order.activity.size() - first > most_touched) {
        send(task, first);
        sent_.back().last = false;
        first += most_touched;
    }
    send(task, first);
}

void RedisStore::note_sent(For what)
{
    Sent& sent = sent_.emplace_back();
    sent.what = what;
    sent.at = loop().now();
}

void RedisStore::send(SessionTask& task, std::size_t first, bool again)
{
    if (link_.is_time_old()) {
        link_.send_time();
        note_sent(For::time);
    }
    std::string token = std::to_string(++tokens_);
    // Whoever gave up waiting must not find it done later.  A logout may come late.
    const bool changes = task.order.kind == Kind::save || task.order.kind == Kind::create;
    const std::int64_t deadline = changes ? link_.redis_time(task.deadline) : 0;
    link_.send_script(encode_redis_order(task.order, prefix_, token, deadline, first));
    sent_.push_back({For::task, &task, std::move(token), loop().now(), first, true, again});
    if (!watch_.is_set()) watch_.set(conf().timeout);
}

void RedisStore::give_up(SessionTask& task, const std::string& why)
{
    task.answer = {};
    task.answer.why = why;
    finished(task);
}

void RedisStore::check_silence()
{
    if (sent_.empty()) return;
    const Milliseconds silence = loop().now() - sent_.front().at;
    if (silence < conf().timeout) return watch_.set(conf().timeout - silence);
    link_.fail(cat("no answer within ", conf().timeout.count(), " ms"));
}

void RedisStore::link_lost(const std::string& why)
{
    watch_.cancel();
    const std::deque<Sent> sent = std::exchange(sent_, {});
    const std::deque<SessionTask*> waiting = std::exchange(waiting_, {});
    for (const Sent& s : sent)
        if (s.task && s.last) give_up(*s.task, why);
    for (SessionTask* task : waiting) give_up(*task, why);
}

void RedisStore::link_replied(const RedisValue& reply)
{
    if (sent_.empty()) return link_.fail("redis answers what nobody asked");
    const Sent sent = std::move(sent_.front());
    sent_.pop_front();
    if (sent.what != For::task) {
        const bool good =
            sent.what == For::time ? link_.take_time(reply) : reply.kind == RedisValue::Kind::text;
        if (!good) link_.fail(cat("redis says: ", reply.error_words()));
        return;
    }
    // Redis was restarted behind a proxy, or told to forget its scripts.
    if (reply.kind == RedisValue::Kind::error && reply.text.starts_with("NOSCRIPT") &&
        !sent.again) {
        link_.send_load();
        note_sent(For::load);
        send(*sent.task, sent.first, true);
        sent_.back().last = sent.last;
        return;
    }
    take(sent, reply);
}

void RedisStore::take(const Sent& sent, const RedisValue& reply)
{
    SessionTask& task = *sent.task;
    RedisAnswer a = interpret_redis_reply(task.order, sent.token, reply);
    if (a.foreign) {
        sent_.push_front(sent);  // ended with the rest
        return link_.fail(a.answer.why);
    }
    const bool listed = task.order.kind == Kind::list && a.answer.result == StoreResult::done;
    if (listed) return finish_list(task, a);
    // Of several commands of one task the worst answer counts.
    const bool worse = task.answer.result == StoreResult::unavailable && task.answer.why.empty();
    if (worse || a.answer.result != StoreResult::done) task.answer = std::move(a.answer);
    if (sent.last) finished(task);
}

void RedisStore::finish_list(SessionTask& task, RedisAnswer& page)
{
    std::vector<SessionRecord>& records = task.answer.records;
    for (SessionRecord& record : page.answer.records) records.push_back(std::move(record));
    if (page.more && page.answer.records.size() < task.order.most) {
        task.order.most -= page.answer.records.size();
        task.order.handle = page.last;
        return send(task);
    }
    task.answer.result = StoreResult::done;
    finished(task);
}

// --- the kinds -------------------------------------------------------------------------------

/// What open() of the master prepared, for its workers: they may not be able to read the files.
std::map<std::string, std::shared_ptr<const RedisSettings>>& prepared()
{
    static std::map<std::string, std::shared_ptr<const RedisSettings>> settings;
    return settings;
}

std::string key_of(const SessionStoreConf& conf)
{
    return cat(conf.url, '\n', conf.password_file, '\n', conf.ca_file);
}

bool open(const SessionStoreConf& conf, const RunAs&)
{
    auto settings = prepare_redis(conf);
    if (!settings) {
        log_error("session: ", settings.error());
        return false;
    }
    prepared()[key_of(conf)] = std::move(*settings);
    return true;
}

/// Stands for a Redis that cannot even be asked.
class NoStore final : public SessionStore {
 public:
    NoStore(Loop& loop, const SessionStoreConf& conf, std::string why)
        : SessionStore(loop, conf), why_(std::move(why))
    {
    }

 private:
    void submit(SessionTask& task) override
    {
        task.answer.why = why_;
        finished(task);
    }

    const std::string why_;
};

std::unique_ptr<SessionStore> make(Loop& loop, const SessionStoreConf& conf)
{
    auto& known = prepared()[key_of(conf)];
    if (!known) {
        auto settings = prepare_redis(conf);
        if (!settings) return std::make_unique<NoStore>(loop, conf, settings.error());
        known = std::move(*settings);
    }
    return std::make_unique<RedisStore>(loop, conf, known);
}

}  // namespace

extern const SessionStoreKind redis_session_store, rediss_session_store;
constexpr SessionStoreKind redis_session_store{"redis:", problem_with_redis, open, make};
constexpr SessionStoreKind rediss_session_store{"rediss:", problem_with_redis, open, make};

}  // namespace ostler

#endif
