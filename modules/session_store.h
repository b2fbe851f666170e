// session_store.h - where sessions are kept: one interface, asked by a worker's loop, that never
// blocks it.
//
// What a store guarantees:
//  - It never creates a session but by `create`, which has an id that nobody has had before.  So
//    an id we did not issue is never adopted, and what is destroyed stays so: a `save` that comes
//    after a `destroy` is `absent` (a logout beats every concurrent write).
//  - `save` is one atomic step: it reads the values, applies the changes name by name, checks the
//    size and writes.  Changes to different names by any number of processes are all kept.
//  - When `save`, `create` or `destroy` answers `done`, a crash of any worker loses nothing of it.
//  - It knows SHA-256 of an id, never the id (`SessionKey`).
//  - An expired session (`expires() <= now`) is `absent` for `load`, `find` and `save`.
//  - Every answer belongs to the question it was given for; one that comes late, in a broken form
//    or for somebody who has left goes to nobody.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/list.h"
#include "common/base/loop.h"
#include "modules/session_values.h"

namespace ostler {

struct RunAs;
class SessionStore;

/// SHA-256 of the secret id in a client's cookie.
struct SessionKey {
    std::array<unsigned char, 32> hash{};
    bool operator==(const SessionKey&) const = default;
};

/// One session.  Times are seconds since 1970.
struct SessionRecord {
    std::string handle;            ///< its public name, random: 16 characters of base64url
    SessionKey key;                ///< of the id in force
    std::uint64_t generation = 0;  ///< grows by one with every save
    std::int64_t created = 0;
    std::int64_t seen = 0;        ///< last activity
    std::int64_t idle_until = 0;  ///< when it expires without more activity
    std::int64_t ends = 0;        ///< when it expires in any case
    std::uint64_t requests = 0;
    std::string origin;   ///< whose it is when sessions are counted: an address, or an
                          ///< IPv6 network "2001:db8::/64"
    std::string address;  ///< last address
    std::string agent;    ///< last User-Agent, cut
    SessionValues values;

    std::int64_t expires() const { return idle_until < ends ? idle_until : ends; }
};

/// What a worker has seen of a session since it told last.
struct SessionActivity {
    std::string handle;
    std::uint64_t requests = 0;   ///< more of them
    std::int64_t seen = 0;        ///< a store keeps the later one
    std::int64_t idle_until = 0;  ///< a store keeps the later one
    std::string address, agent;
};

/// What a store is asked to do.  Members that the kind does not name are not looked at.
struct SessionOrder {
    enum class Kind : unsigned char {
        load,     ///< key, now: the session whose id this is, or was within its grace
        find,     ///< handle, now: the same by its public name
        create,   ///< record, now, most_of_origin, most_bytes
        save,     ///< handle, now, changes, most_bytes; new_key and grace; activity (one or none)
        destroy,  ///< handle: gone with all its ids; absent when it was
        list,     ///< now, handle, most: up to `most` behind `handle`, in the order of the handles
        purge,    ///< now, most: removes up to `most` expired ones
        touch,    ///< activity: any number, those that are gone are left out
    };
    Kind kind = Kind::load;
    SessionKey key;
    std::string handle;
    SessionRecord record;
    SessionChanges changes;
    std::optional<SessionKey> new_key;  ///< save: from now on this is its id
    std::chrono::seconds grace{0};      ///< and the old one is still good for so long
    std::vector<SessionActivity> activity;
    std::int64_t now = 0;
    std::size_t most = 0;
    std::size_t most_of_origin = 0;  ///< living sessions of record.origin before; 0: any
    std::size_t most_bytes = 0;      ///< of the values, encoded
};

enum class StoreResult : unsigned char {
    done,
    absent,       ///< there is no such session (any more)
    full,         ///< create: this origin has as many as it may have
    too_large,    ///< save, create: nothing was changed
    unavailable,  ///< down, locked, read-only, no space, too slow, too much to do
    nonsense,     ///< it answers what cannot be: a broken file, a broken protocol
};

struct SessionAnswer {
    StoreResult result = StoreResult::unavailable;
    std::string why;                     ///< for the log, when it is unavailable or nonsense
    SessionRecord record;                ///< load, find, save: as it is now
    std::vector<SessionRecord> records;  ///< list
    std::size_t count = 0;               ///< purge: how many were removed
};

/// Somebody who asks a store.  Being destroyed is the cancellation: an answer finds nobody.  What
/// was to be written is written all the same.
class SessionQuery {
 public:
    SessionQuery() = default;
    SessionQuery(const SessionQuery&) = delete;
    SessionQuery& operator=(const SessionQuery&) = delete;

    bool is_pending() const { return task_ != nullptr; }
    void cancel();

 protected:
    ~SessionQuery() { cancel(); }
    /// Called once for every ask(), from a Job, never inside ask().  May ask again, and may destroy
    /// this query.
    virtual void answered(SessionAnswer&) = 0;

 private:
    friend class SessionStore;
    struct SessionTask* task_ = nullptr;
};

/// One order on its way through a store.  `order` and `answer` may be used by a thread of the
/// store between submit() and finished(), `query` by the loop alone.
struct SessionTask : Linked<SessionTask> {
    SessionOrder order;
    SessionAnswer answer;
    SessionQuery* query = nullptr;       ///< null: nobody waits (any more)
    std::atomic<bool> abandoned{false};  ///< nobody waits: what only_reads() need not be done
    std::atomic<bool> expired{false};    ///< it counts as `unavailable`: must not be begun any more
    Milliseconds deadline{0};            ///< of Loop::now()
    SessionTask* next = nullptr;         ///< for queues of a store's own

    /// Only asks; nothing is lost when it is never carried out.
    bool only_reads() const
    {
        return order.kind == SessionOrder::Kind::load || order.kind == SessionOrder::Kind::find ||
               order.kind == SessionOrder::Kind::list;
    }
};

/// Settings of a store; equal ones share one store in each worker.
struct SessionStoreConf {
    std::string url = "sqlite:/var/lib/ostler/sessions.db";
    std::chrono::milliseconds timeout{2'000};  ///< until an order counts as `unavailable`
    int queue = 8192;                          ///< orders under way; more are `unavailable`
    bool sync = false;                         ///< sqlite: each write survives a power cut, too
    std::string password_file;                 ///< redis: its first line is the password
    std::string ca_file;                       ///< rediss: whose certificates are believed
    bool operator==(const SessionStoreConf&) const = default;
};

/// What all stores have in common: who waits, for how long, and what the log hears.  A store
/// implements submit(), hands every task back with finished(), and writes no log lines about
/// tasks that fail: the answer's `why` is logged here, at most once in 10 s, and so is its end.
class SessionStore {
 public:
    SessionStore(Loop&, const SessionStoreConf&);
    SessionStore(const SessionStore&) = delete;
    SessionStore& operator=(const SessionStore&) = delete;
    /// Whoever asked is not told any more.  A derived class first ends what uses its tasks.
    virtual ~SessionStore();

    /// `query` must not be pending.
    void ask(SessionQuery& query, SessionOrder order);
    /// The same when nobody waits for the answer.
    void tell(SessionOrder order);

    /// Orders under way.
    std::size_t pending() const { return pending_; }
    const SessionStoreConf& conf() const { return conf_; }

 protected:
    /// Takes an order, without blocking and without calling finished() from inside.  The task is
    /// the store's until finished().
    virtual void submit(SessionTask&) = 0;
    /// In the loop, from wherever: `task.answer` is complete.
    void finished(SessionTask& task);

    Loop& loop() { return loop_; }

 private:
    friend class SessionQuery;
    template <void (SessionStore::*F)()> struct Note final : Waker {
        explicit Note(SessionStore& s) : store(s) {}
        void wake() override { (store.*F)(); }
        SessionStore& store;
    };
    struct Delivery final : Job {
        explicit Delivery(SessionStore& s) : store(s) {}
        void run() override { store.deliver(); }
        SessionStore& store;
    };

    /// Reading and writing fail each for reasons of its own.
    struct Health {
        bool failing = false;  ///< the log has heard of it, and of no end
        bool logged = false;
        std::uint64_t unlogged = 0;
        Milliseconds logged_at{0};
    };

    void start(SessionQuery* query, SessionOrder&& order);
    void on_clock() { loop_.post(delivery_); }
    void deliver();
    void time_out();
    Health& health_of(SessionOrder::Kind kind);
    void note(const SessionTask&);
    void log_failure(SessionOrder::Kind kind, const SessionAnswer& answer);

    Loop& loop_;
    const SessionStoreConf conf_;
    Note<&SessionStore::on_clock> clock_note_{*this};
    Timer clock_;
    Delivery delivery_{*this};
    List<SessionTask, SessionTask> waiting_;  // with the store, by deadline
    List<SessionTask, SessionTask> late_;     // with the store, but nobody waits any more
    List<SessionTask, SessionTask> done_;     // to be delivered
    std::size_t pending_ = 0;
    Health reading_, writing_;
};

// --- which stores there are ------------------------------------------------------------------

/// One kind of store: a constant, listed in session_store.cc under its switch.
struct SessionStoreKind {
    /// What a URL begins with: "sqlite:".
    std::string_view scheme;
    /// Why these settings cannot be used; empty when they can.
    std::string (*problem_with)(const SessionStoreConf&);
    /// In the master, before privileges drop (Module::open); null when there is nothing to do.
    bool (*open)(const SessionStoreConf&, const RunAs&);
    /// In a worker.  Must not block and must not fail: what does not work is `unavailable`.
    std::unique_ptr<SessionStore> (*make)(Loop&, const SessionStoreConf&);
};

/// Null when no store that was compiled in has this scheme.
const SessionStoreKind* find_session_store_kind(std::string_view url);
/// Why `conf` cannot be used, and what would be right; empty when it can.
std::string problem_with_session_store(const SessionStoreConf& conf);

/// The stores of one worker, made on first use.
class SessionStores final : public Resident {
 public:
    explicit SessionStores(Loop& loop) : loop_(loop) {}
    ~SessionStores() override;
    /// `conf` has no problem.
    SessionStore& get(const SessionStoreConf& conf);
    /// For tests: `store` is what `conf` means from now on.
    void put(std::unique_ptr<SessionStore> store);

 private:
    Loop& loop_;
    std::vector<std::unique_ptr<SessionStore>> stores_;
};

}  // namespace ostler
