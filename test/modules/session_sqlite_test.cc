// session_sqlite_test.cc - the store in a file: what it guarantees, and how it fails.
#ifdef OSTLER_SQLITE

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/crypto.h"
#include "common/base/text.h"
#include "common/module.h"
#include "modules/session_store.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;
using Kind = SessionOrder::Kind;

namespace {

constexpr std::int64_t now = 1'800'000'000;

/// Asks and turns the loop until the answer is there.
class Asker final : SessionQuery {
 public:
    SessionAnswer operator()(Loop& loop, SessionStore& store, SessionOrder order)
    {
        answers = 0;
        store.ask(*this, std::move(order));
        while (is_pending()) loop.turn();
        return std::move(answer);
    }
    void start(SessionStore& store, SessionOrder order) { store.ask(*this, std::move(order)); }
    bool is_waiting() const { return is_pending(); }
    int answers = 0;
    SessionAnswer answer;

 private:
    void answered(SessionAnswer& a) override
    {
        ++answers;
        answer = std::move(a);
    }
};

SessionKey key(std::string_view id) { return {sha256(id)}; }

SessionOrder order_for(Kind kind, std::string handle = {})
{
    SessionOrder o;
    o.kind = kind;
    o.handle = std::move(handle);
    o.now = now;
    o.most = 100;
    o.most_bytes = 1000;
    return o;
}

SessionOrder creation(const std::string& name, SessionValues values = {{"a", "1"}})
{
    SessionOrder o = order_for(Kind::create);
    o.record.handle = name;
    o.record.key = key(name);
    o.record.generation = 1;
    o.record.created = o.record.seen = now;
    o.record.idle_until = now + 600;
    o.record.ends = now + 3600;
    o.record.requests = 1;
    o.record.origin = o.record.address = "192.0.2.1";
    o.record.agent = "curl";
    o.record.values = std::move(values);
    return o;
}

SessionOrder look_up(std::string_view id, std::int64_t when = now)
{
    SessionOrder o = order_for(Kind::load);
    o.key = key(id);
    o.now = when;
    return o;
}

SessionOrder change(std::string handle, SessionChanges changes)
{
    SessionOrder o = order_for(Kind::save, std::move(handle));
    o.changes = std::move(changes);
    return o;
}

/// A worker's store; several of them share a file.
struct Worker {
    explicit Worker(const Scratch& folder, SessionStoreConf conf = {})
    {
        conf.url = "sqlite:" + folder.path("sessions.db");
        store = &loop.resident<SessionStores>().get(conf);
    }
    SessionAnswer ask(SessionOrder order) { return Asker()(loop, *store, std::move(order)); }
    StoreResult result(SessionOrder order) { return ask(std::move(order)).result; }
    Loop loop;
    SessionStore* store;
};

/// Another process's connection.
struct Other {
    explicit Other(const Scratch& folder)
    {
        REQUIRE(sqlite3_open(folder.path("sessions.db").c_str(), &db) == SQLITE_OK);
    }
    ~Other() { sqlite3_close(db); }
    void run(const char* sql)
    {
        CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    sqlite3* db = nullptr;
};

}  // namespace

TEST_CASE("a session is stored, found by its id and by its name, and gone when destroyed")
{
    const Scratch folder;
    Worker w(folder);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.result(creation("s", {{"a", "1"}, {"b", std::string("\0&=\xff", 4)}})) ==
          StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s"));
    CHECK(a.result == StoreResult::done);
    CHECK(a.record.handle == "s");
    CHECK(a.record.key == key("s"));
    CHECK(a.record.values == SessionValues{{"a", "1"}, {"b", std::string("\0&=\xff", 4)}});
    CHECK(a.record.created == now);
    CHECK(a.record.expires() == now + 600);
    CHECK(a.record.agent == "curl");
    CHECK(w.ask(order_for(Kind::find, "s")).record.values == a.record.values);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::absent);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.result(change("s", {{"a", "2"}})) == StoreResult::absent);
    CHECK(w.result(order_for(Kind::find, "s")) == StoreResult::absent);
}

TEST_CASE("workers and restarts share one file, which only its owner may read")
{
    const Scratch folder;
    {
        Worker one(folder), two(folder);
        CHECK(one.result(creation("s")) == StoreResult::done);
        CHECK(two.result(look_up("s")) == StoreResult::done);
        CHECK(two.result(order_for(Kind::destroy, "s")) == StoreResult::done);
        CHECK(one.result(look_up("s")) == StoreResult::absent);
        CHECK(one.result(creation("t")) == StoreResult::done);
    }
    struct stat st {};
    REQUIRE(::stat(folder.path("sessions.db").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
    Worker again(folder);
    CHECK(again.result(look_up("t")) == StoreResult::done);
}

TEST_CASE("changes by many at once are all kept")
{
    const Scratch folder;
    Worker one(folder), two(folder);
    REQUIRE(one.result(creation("s", {})) == StoreResult::done);
    std::vector<Asker> askers(100);
    for (std::size_t i = 0; i < askers.size(); ++i)
        askers[i].start(*(i % 2 ? one : two).store, change("s", {{cat("k", i), "1"}}));
    const auto all_answered = [&] {
        return std::all_of(askers.begin(), askers.end(),
                           [](const Asker& a) { return a.answers == 1; });
    };
    while (!all_answered()) {
        one.loop.turn(false);
        two.loop.turn(false);
    }
    for (const Asker& a : askers) CHECK(a.answer.result == StoreResult::done);
    const SessionAnswer a = one.ask(look_up("s"));
    CHECK(a.record.values.size() == 100);
    CHECK(a.record.generation == 101);
}

TEST_CASE("an expired session is absent, and removed when asked")
{
    const Scratch folder;
    Worker w(folder);
    w.ask(creation("s"));
    CHECK(w.result(look_up("s", now + 599)) == StoreResult::done);
    CHECK(w.result(look_up("s", now + 600)) == StoreResult::absent);
    SessionOrder touch = order_for(Kind::touch);
    touch.activity.push_back({"s", 5, now + 500, now + 9999, "192.0.2.2", "wget"});
    touch.activity.push_back({"nobody", 5, now + 500, now + 9999, "", ""});
    CHECK(w.result(touch) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s", now + 601));
    CHECK(a.record.requests == 6);
    CHECK(a.record.seen == now + 500);
    CHECK(a.record.address == "192.0.2.2");
    CHECK(a.record.expires() == now + 3600);  // its end does not move
    CHECK(w.result(look_up("s", now + 3600)) == StoreResult::absent);
    CHECK(w.ask(order_for(Kind::purge)).count == 0);
    SessionOrder purge = order_for(Kind::purge);
    purge.now = now + 3600;
    CHECK(w.ask(purge).count == 1);
}

TEST_CASE("a rotation replaces the id at once, or after a grace")
{
    const Scratch folder;
    Worker w(folder);
    w.ask(creation("s"));
    SessionOrder o = change("s", {});
    o.new_key = key("second");
    CHECK(w.result(o) == StoreResult::done);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.ask(look_up("second")).record.handle == "s");
    o.new_key = key("third");
    o.grace = 10s;
    CHECK(w.result(o) == StoreResult::done);
    CHECK(w.result(look_up("second", now + 9)) == StoreResult::done);
    CHECK(w.result(look_up("second", now + 10)) == StoreResult::absent);
    CHECK(w.result(look_up("third", now + 10)) == StoreResult::done);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    CHECK(w.result(look_up("second")) == StoreResult::absent);
}

TEST_CASE("limits: sessions of one origin, bytes of one session")
{
    const Scratch folder;
    Worker w(folder);
    for (const char* name : {"a", "b", "c"}) {
        SessionOrder o = creation(name);
        o.most_of_origin = 2;
        CHECK(w.result(o) == (name[0] == 'c' ? StoreResult::full : StoreResult::done));
    }
    SessionOrder later = creation("d");
    later.most_of_origin = 2;
    later.now = now + 600;  // the others have expired
    CHECK(w.result(later) == StoreResult::done);
    CHECK(w.result(creation("e", {{"x", std::string(1000, 'x')}})) == StoreResult::too_large);
    CHECK(w.result(change("a", {{"x", std::string(1000, 'x')}})) == StoreResult::too_large);
    CHECK(w.ask(look_up("a")).record.values == SessionValues{{"a", "1"}});
}

TEST_CASE("all sessions can be listed, page by page")
{
    const Scratch folder;
    Worker w(folder);
    for (int i = 0; i < 7; ++i) w.ask(creation(cat("s", i)));
    std::vector<std::string> seen;
    SessionOrder o = order_for(Kind::list);
    o.most = 3;
    for (;;) {
        const SessionAnswer a = w.ask(o);
        REQUIRE(a.result == StoreResult::done);
        for (const SessionRecord& r : a.records) seen.push_back(r.handle);
        if (a.records.size() < 3) break;
        o.handle = a.records.back().handle;
    }
    CHECK(seen == std::vector<std::string>{"s0", "s1", "s2", "s3", "s4", "s5", "s6"});
}

TEST_CASE("while another process holds the lock reading goes on and writing fails in time")
{
    const Scratch folder;
    SessionStoreConf conf;
    conf.timeout = 300ms;
    REQUIRE(Worker(folder).result(creation("s")) == StoreResult::done);
    Worker w(folder, conf);
    Other other(folder);
    other.run("BEGIN IMMEDIATE");
    CHECK(w.result(look_up("s")) == StoreResult::done);
    CHECK(w.result(change("s", {{"a", "2"}})) == StoreResult::unavailable);
    other.run("ROLLBACK");
    // What was given up is not carried out afterwards.
    CHECK(w.ask(look_up("s")).record.values == SessionValues{{"a", "1"}});
    StoreResult again = StoreResult::unavailable;
    for (int i = 0; i < 100 && again != StoreResult::done; ++i)
        again = w.result(change("s", {{"a", "3"}}));
    CHECK(again == StoreResult::done);
}

TEST_CASE("a file that is no database is nonsense, and moving it away makes a new one")
{
    const Scratch folder;
    folder.write("sessions.db", std::string(4096, 'x'));
    Worker w(folder);
    const SessionAnswer a = w.ask(look_up("s"));
    CHECK(a.result == StoreResult::nonsense);
    CHECK(a.why.find("move ") != std::string::npos);
    REQUIRE(::unlink(folder.path("sessions.db").c_str()) == 0);
    StoreResult again = StoreResult::nonsense;
    for (int i = 0; i < 2000 && again != StoreResult::done; ++i) {
        again = w.result(creation("s"));
        ::usleep(1000);  // between two tries there is a pause
    }
    CHECK(again == StoreResult::done);
}

TEST_CASE("a folder that is not there makes the store unavailable until it is")
{
    const Scratch folder;
    SessionStoreConf conf;
    conf.url = "sqlite:" + folder.path("later/sessions.db");
    Loop loop;
    SessionStore& store = loop.resident<SessionStores>().get(conf);
    const SessionAnswer a = Asker()(loop, store, look_up("s"));
    CHECK(a.result == StoreResult::unavailable);
    CHECK(a.why.find("No such file") != std::string::npos);
    REQUIRE(::mkdir(folder.path("later").c_str(), 0700) == 0);
    StoreResult again = StoreResult::unavailable;
    for (int i = 0; i < 2000 && again == StoreResult::unavailable; ++i) {
        again = Asker()(loop, store, look_up("s")).result;
        ::usleep(1000);
    }
    CHECK(again == StoreResult::absent);
}

TEST_CASE("what was asked for is done before the worker ends, and nobody is told")
{
    const Scratch folder;
    {
        Worker w(folder);
        for (int i = 0; i < 50; ++i) w.store->tell(creation(cat("s", i)));
        Asker gone;
        gone.start(*w.store, look_up("s1"));
    }
    Worker w(folder);
    for (int i = 0; i < 50; ++i) CHECK(w.result(look_up(cat("s", i))) == StoreResult::done);
}

TEST_CASE("more orders than the queue takes are refused at once")
{
    const Scratch folder;
    SessionStoreConf conf;
    conf.queue = 10;
    Worker w(folder, conf);
    std::vector<Asker> askers(20);
    for (Asker& a : askers) a.start(*w.store, look_up("s"));
    while (std::any_of(askers.begin(), askers.end(), [](const Asker& a) { return a.is_waiting(); }))
        w.loop.turn();
    CHECK(std::count_if(askers.begin(), askers.end(), [](const Asker& a) {
              return a.answer.result == StoreResult::unavailable;
          }) == 10);
}

TEST_CASE("the file is made for the user of the workers, and a link in its place is not followed")
{
    const Scratch folder;
    SessionStoreConf conf;
    conf.url = "sqlite:" + folder.path("state/sessions.db");
    const SessionStoreKind* kind = find_session_store_kind(conf.url);
    REQUIRE(kind);
    const bool root = ::geteuid() == 0;
    const RunAs who{root, root ? 65534 : ::geteuid(), root ? 65534 : ::getegid()};
    CHECK(kind->open(conf, who));
    struct stat st {};
    REQUIRE(::stat(folder.path("state/sessions.db").c_str(), &st) == 0);
    CHECK(st.st_uid == who.uid);
    CHECK((st.st_mode & 0777) == 0600);
    REQUIRE(::stat(folder.path("state").c_str(), &st) == 0);
    CHECK(st.st_uid == who.uid);
    CHECK(kind->open(conf, who));  // it is there
    folder.write("victim", "x");
    REQUIRE(::unlink(folder.path("state/sessions.db").c_str()) == 0);
    REQUIRE(::symlink(folder.path("victim").c_str(), folder.path("state/sessions.db").c_str()) ==
            0);
    kind->open(conf, who);
    REQUIRE(::stat(folder.path("victim").c_str(), &st) == 0);
    CHECK(st.st_uid == ::geteuid());
}

TEST_CASE("a store that cannot be meant is refused with what would be right")
{
    SessionStoreConf conf;
    conf.url = "sqlite:sessions.db";
    CHECK(problem_with_session_store(conf).find("absolute path") != std::string::npos);
    conf.url = "memcached:x";
    CHECK(problem_with_session_store(conf).find("sqlite:/var/lib") != std::string::npos);
    conf.url = "redis://:secret@host";
    CHECK(problem_with_session_store(conf).find("secret") == std::string::npos);
    conf.url = "sqlite:/var/lib/ostler/sessions.db";
    CHECK(problem_with_session_store(conf).empty());
}

#endif
