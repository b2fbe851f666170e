// session_store.cc - who waits for a store, until when, and which stores there are.
#include "modules/session_store.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/log.h"
#include "modules/session_metrics.h"

namespace ostler {

#ifdef OSTLER_SQLITE
extern const SessionStoreKind sqlite_session_store;
#endif
#ifdef OSTLER_REDIS
extern const SessionStoreKind redis_session_store, rediss_session_store;
#endif

namespace {

constexpr Milliseconds log_interval{10'000};
/// Answers handed out in one turn of the loop.
constexpr int most_deliveries = 256;

constexpr const SessionStoreKind* kinds[] = {
#ifdef OSTLER_SQLITE
    &sqlite_session_store,
#endif
#ifdef OSTLER_REDIS
    &redis_session_store, &rediss_session_store,
#endif
    nullptr};

/// Every store there could be, and the option of the build it depends on.
struct KnownScheme {
    std::string_view scheme, option, like;
};
constexpr KnownScheme known_schemes[] = {
    {"sqlite:", "OSTLER_SQLITE", "\"sqlite:/var/lib/ostler/sessions.db\""},
    {"redis:", "OSTLER_REDIS", "\"redis://127.0.0.1:6379\""},
    {"rediss:", "OSTLER_REDIS", "\"rediss://redis.example.org:6380\""},
};

/// Without what stands before an '@': it may be a password.
std::string without_password(std::string_view url)
{
    const std::size_t slashes = url.find("//");
    const std::size_t at = url.rfind('@');
    if (slashes == url.npos || at == url.npos || at < slashes) return std::string(url);
    return cat(url.substr(0, slashes + 2), "***", url.substr(at));
}

std::string_view verb(SessionOrder::Kind kind)
{
    switch (kind) {
    case SessionOrder::Kind::load:
    case SessionOrder::Kind::find: return "cannot look up a session";
    case SessionOrder::Kind::create:
    case SessionOrder::Kind::save: return "cannot store a session";
    case SessionOrder::Kind::destroy: return "cannot end a session";
    case SessionOrder::Kind::list: return "cannot list sessions";
    case SessionOrder::Kind::purge: return "cannot remove expired sessions";
    case SessionOrder::Kind::touch: return "cannot store activity";
    }
    return "";
}

bool failed(const SessionAnswer& answer)
{
    return answer.result == StoreResult::unavailable || answer.result == StoreResult::nonsense;
}

}  // namespace

void SessionQuery::cancel()
{
    if (!task_) return;
    task_->query = nullptr;
    task_->abandoned.store(true, std::memory_order_relaxed);
    task_ = nullptr;
}

SessionStore::SessionStore(Loop& loop, const SessionStoreConf& conf)
    : loop_(loop), conf_(conf), clock_(loop, clock_note_)
{
}

SessionStore::~SessionStore()
{
    for (auto* list : {&waiting_, &late_, &done_})
        while (SessionTask* task = list->front()) {
            if (task->query) task->query->task_ = nullptr;
            delete task;
        }
}

void SessionStore::ask(SessionQuery& query, SessionOrder order)
{
    CHECK_THAT(!query.is_pending());
    start(&query, std::move(order));
}

void SessionStore::tell(SessionOrder order) { start(nullptr, std::move(order)); }

void SessionStore::start(SessionQuery* query, SessionOrder&& order)
{
    auto* task = new SessionTask;
    task->order = std::move(order);
    task->query = query;
    task->deadline = loop_.now() + conf_.timeout;
    if (query) query->task_ = task;
    waiting_.push_back(*task);
    session_orders.add();
    if (++pending_ > static_cast<std::size_t>(conf_.queue)) {
        task->answer.why = cat("more than ", conf_.queue, " orders are under way");
        return finished(*task);
    }
    if (!clock_.is_set()) clock_.set(conf_.timeout);
    submit(*task);
}

void SessionStore::finished(SessionTask& task)
{
    done_.push_back(task);  // out of the list it was in
    loop_.post(delivery_);
}

void SessionStore::deliver()
{
    for (int i = 0; i < most_deliveries; ++i) {
        SessionTask* task = done_.front();
        if (!task) break;
        task->unlink();
        --pending_;
        session_orders.subtract();
        note(*task);
        if (SessionQuery* query = task->query) {
            query->task_ = nullptr;
            query->answered(task->answer);
        }
        delete task;
    }
    if (!done_.empty()) loop_.post(delivery_);
    time_out();
}

void SessionStore::time_out()
{
    while (SessionTask* task = waiting_.front()) {
        if (task->deadline > loop_.now()) {
            if (!clock_.is_set()) clock_.set(task->deadline - loop_.now());
            return;
        }
        late_.push_back(*task);  // still the store's, which may be using it
        task->expired.store(true, std::memory_order_relaxed);
        SessionAnswer answer;
        answer.why = cat("no answer within ", conf_.timeout.count(), " ms");
        log_failure(task->order.kind, answer);
        if (SessionQuery* query = std::exchange(task->query, nullptr)) {
            query->task_ = nullptr;
            query->answered(answer);
        }
    }
}

// --- what the log hears ----------------------------------------------------------------------

SessionStore::Health& SessionStore::health_of(SessionOrder::Kind kind)
{
    const bool reads = kind == SessionOrder::Kind::load || kind == SessionOrder::Kind::find ||
                       kind == SessionOrder::Kind::list;
    return reads ? reading_ : writing_;
}

void SessionStore::note(const SessionTask& task)
{
    if (failed(task.answer)) {
        // Whoever gave up waiting has been heard already.
        if (!task.expired) log_failure(task.order.kind, task.answer);
        return;
    }
    count_answer(task);
    Health& health = health_of(task.order.kind);
    if (!std::exchange(health.failing, false)) return;
    log_info("session: ", without_password(conf_.url), ": ",
             &health == &reading_ ? "reading" : "writing", " works again");
}

void SessionStore::log_failure(SessionOrder::Kind kind, const SessionAnswer& answer)
{
    sessions_failed.add();
    Health& health = health_of(kind);
    const bool soon = health.logged && loop_.now() - health.logged_at < log_interval;
    if (soon) {
        ++health.unlogged;
        return;
    }
    health.failing = health.logged = true;
    health.logged_at = loop_.now();
    const std::string more =
        health.unlogged > 0 ? cat(" (and ", health.unlogged, " times before that)") : "";
    health.unlogged = 0;
    log_error("session: ", without_password(conf_.url), ": ", verb(kind), ": ", answer.why, more);
}

// --- which stores there are ------------------------------------------------------------------

const SessionStoreKind* find_session_store_kind(std::string_view url)
{
    for (const SessionStoreKind* kind : kinds)
        if (kind && url.starts_with(kind->scheme)) return kind;
    return nullptr;
}

std::string problem_with_session_store(const SessionStoreConf& conf)
{
    if (const SessionStoreKind* kind = find_session_store_kind(conf.url))
        return kind->problem_with ? kind->problem_with(conf) : std::string();
    for (const KnownScheme& known : known_schemes)
        if (conf.url.starts_with(known.scheme))
            return cat("this build has no such store: build it with -D", known.option, "=ON");
    std::string text = cat('"', without_password(conf.url), "\" is no store: say ");
    for (const KnownScheme& known : known_schemes)
        append(text, &known == known_schemes ? "" : " or ", known.like);
    return text;
}

SessionStores::~SessionStores() = default;

SessionStore& SessionStores::get(const SessionStoreConf& conf)
{
    for (const auto& store : stores_)
        if (store->conf() == conf) return *store;
    const SessionStoreKind* kind = find_session_store_kind(conf.url);
    CHECK_THAT(kind);
    stores_.push_back(kind->make(loop_, conf));
    return *stores_.back();
}

void SessionStores::put(std::unique_ptr<SessionStore> store)
{
    std::erase_if(stores_, [&](const auto& s) { return s->conf() == store->conf(); });
    stores_.push_back(std::move(store));
}

}  // namespace ostler
