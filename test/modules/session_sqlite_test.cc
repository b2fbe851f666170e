// session_sqlite_test.cc - the store in a file: what it guarantees, and how it fails.
#ifdef OSTLER_SQLITE

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "test/modules/session_asker.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;
using Kind = SessionOrder::Kind;

namespace {

std::string url(const Scratch& folder) { return "sqlite:" + folder.path("sessions.db"); }

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

TEST_CASE("workers and restarts share one file, which only its owner may read")
{
    const Scratch folder;
    {
        Worker one(url(folder)), two(url(folder));
        CHECK(one.result(creation("s")) == StoreResult::done);
        CHECK(two.result(look_up("s")) == StoreResult::done);
        CHECK(two.result(order_for(Kind::destroy, "s")) == StoreResult::done);
        CHECK(one.result(look_up("s")) == StoreResult::absent);
        CHECK(one.result(creation("t")) == StoreResult::done);
    }
    struct stat st {};
    REQUIRE(::stat(folder.path("sessions.db").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
    Worker again(url(folder));
    CHECK(again.result(look_up("t")) == StoreResult::done);
}

TEST_CASE("the grace of an old id ends on the second")
{
    const Scratch folder;
    Worker w(url(folder));
    w.ask(creation("s"));
    SessionOrder o = change("s", {});
    o.new_key = key("second");
    o.grace = 10s;
    CHECK(w.result(o) == StoreResult::done);
    CHECK(w.result(look_up("s", now + 9)) == StoreResult::done);
    CHECK(w.result(look_up("s", now + 10)) == StoreResult::absent);
    CHECK(w.result(look_up("second", now + 10)) == StoreResult::done);
}

TEST_CASE("while another process holds the lock reading goes on and writing fails in time")
{
    const Scratch folder;
    REQUIRE(Worker(url(folder)).result(creation("s")) == StoreResult::done);
    Worker w(url(folder), within(300ms));
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
    Worker w(url(folder));
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
        Worker w(url(folder));
        for (int i = 0; i < 50; ++i) w.store->tell(creation(cat("s", i)));
        Asker gone;
        gone.start(*w.store, look_up("s1"));
    }
    Worker w(url(folder));
    for (int i = 0; i < 50; ++i) CHECK(w.result(look_up(cat("s", i))) == StoreResult::done);
}

TEST_CASE("more orders than the queue takes are refused at once")
{
    const Scratch folder;
    SessionStoreConf conf;
    conf.queue = 10;
    Worker w(url(folder), conf);
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
