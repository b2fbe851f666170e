// session_redis_test.cc - the store in a real redis-server: what it guarantees, and how it fails.
#ifdef OSTLER_REDIS

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "test/modules/session_asker.h"
#include "test/modules/session_places.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;
using Kind = SessionOrder::Kind;

TEST_CASE("redis: nothing is left of a session that was destroyed")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker w(redis.url());
    CHECK(w.result(creation("s")) == StoreResult::done);
    CHECK(w.result(creation("s")) == StoreResult::nonsense);  // nobody has had this name before
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    CHECK(w.result(change("s", {{"a", "2"}})) == StoreResult::absent);
    redis.cli("--raw dbsize | grep -qx 0");
}

TEST_CASE("redis: the grace of an old id ends by Redis's own clock")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s"));
    SessionOrder rotate = change("s", {});
    rotate.new_key = key("second");
    rotate.grace = 1s;
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.result_at_last(look_up("s")) != StoreResult::unavailable);
    StoreResult r = StoreResult::done;
    for (int i = 0; i < 2000 && r == StoreResult::done; ++i) {
        ::usleep(5000);
        r = w.result(look_up("s"));
    }
    CHECK(r == StoreResult::absent);
    CHECK(w.result(look_up("second")) == StoreResult::done);
}

TEST_CASE("redis: activity that comes late does not hide what is newer")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s"));
    SessionOrder touch = order_for(Kind::touch);
    touch.activity.push_back({"s", 5, now + 500, now + 9999, "192.0.2.2", "wget"});
    touch.activity.push_back({"s", 1, now + 400, now + 700, "192.0.2.3", "late"});
    CHECK(w.result(touch) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s", now + 601));
    CHECK(a.record.requests == 7);
    CHECK(a.record.seen == now + 500);
    CHECK(a.record.agent == "wget");
    CHECK(a.record.expires() == now + 3600);
}

TEST_CASE("redis: activity of more sessions than fit in one command")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker w(redis.url());
    SessionOrder touch = order_for(Kind::touch);
    for (int i = 0; i < 1234; ++i) {
        SessionOrder o = creation(cat("s", i));
        o.record.origin.clear();
        Asker asker;
        asker.start(*w.store, o);
        while (asker.is_waiting()) w.loop.turn();
        touch.activity.push_back({cat("s", i), 2, now + 1, now + 700, "192.0.2.9", "x"});
    }
    CHECK(w.result(touch) == StoreResult::done);
    for (const char* name : {"s0", "s499", "s500", "s1233"})
        CHECK(w.ask(order_for(Kind::find, name)).record.requests == 3);
    CHECK(w.ask(order_for(Kind::list)).records.size() == 100);
    SessionOrder all = order_for(Kind::list);
    all.most = 5000;
    CHECK(w.ask(all).records.size() == 1234);
}

TEST_CASE("redis: users, passwords, databases and prefixes keep sessions apart")
{
    NEEDS_STORE(Redis)
    const Redis redis({"--requirepass", "open sesame"});
    redis.cli("-a 'open sesame' --no-auth-warning acl setuser shop on '>p@ss' '~{shop}*' +@read +@write +@scripting +time +select");
    const Scratch folder;
    const std::string file = folder.path("password");
    std::ofstream(file) << "open sesame\nsecond line\n";
    ::chmod(file.c_str(), 0600);

    Worker none(redis.url());
    const SessionAnswer refused = none.ask(look_up("s"));
    CHECK(refused.result == StoreResult::unavailable);
    CHECK(refused.why.find("NOAUTH") != std::string::npos);

    SessionStoreConf conf;
    conf.url = redis.url("db=1");
    conf.password_file = file;
    conf.timeout = 20s;
    Loop loop;
    SessionStore& store = loop.resident<SessionStores>().get(conf);
    CHECK(Asker()(loop, store, creation("s")).result == StoreResult::done);
    conf.url = redis.url("db=0");
    SessionStore& other = loop.resident<SessionStores>().get(conf);
    CHECK(Asker()(loop, other, look_up("s")).result == StoreResult::absent);

    // A user of Redis who may have keys with this prefix, and no others.
    std::ofstream(file) << "p@ss";
    conf.url = redis.url("user=shop&prefix=shop");
    CHECK(Asker()(loop, loop.resident<SessionStores>().get(conf), creation("s")).result ==
          StoreResult::done);
    conf.url = redis.url("user=shop&prefix=other");
    const SessionAnswer forbidden =
        Asker()(loop, loop.resident<SessionStores>().get(conf), creation("s"));
    CHECK(forbidden.result == StoreResult::unavailable);
    CHECK(forbidden.why.find("NOPERM") != std::string::npos);

    ::chmod(file.c_str(), 0644);
    conf.url = redis.url("db=2");
    SessionStore& unsafe = loop.resident<SessionStores>().get(conf);
    const SessionAnswer a = Asker()(loop, unsafe, look_up("s"));
    CHECK(a.result == StoreResult::unavailable);
    CHECK(a.why.find("chmod 640") != std::string::npos);
}

TEST_CASE("redis: forgotten scripts are loaded again, and nobody notices")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s"));
    redis.cli("script flush");
    std::vector<Asker> askers(10);
    for (std::size_t i = 0; i < askers.size(); ++i)
        askers[i].start(*w.store, change("s", {{cat("k", i), "1"}}));
    while (std::any_of(askers.begin(), askers.end(), [](const Asker& a) { return a.is_waiting(); }))
        w.loop.turn();
    for (const Asker& a : askers) CHECK(a.answer.result == StoreResult::done);
    CHECK(w.ask(look_up("s")).record.values.size() == 11);
}

TEST_CASE("redis: killed and started again, empty, it is used again without anybody's help")
{
    NEEDS_STORE(Redis)
    Redis redis;
    Worker w(redis.url());
    CHECK(w.result(creation("s")) == StoreResult::done);
    redis.stop();
    const SessionAnswer down = w.ask(look_up("s"));
    CHECK(down.result == StoreResult::unavailable);
    CHECK(down.why != "");
    redis.start();
    CHECK(w.result_at_last(look_up("s")) == StoreResult::absent);
    CHECK(w.result(creation("s")) == StoreResult::done);
}

TEST_CASE("redis: what was given up is not done later")
{
    NEEDS_STORE(Redis)
    const Redis redis;
    Worker steady(redis.url());
    REQUIRE(steady.result(creation("s")) == StoreResult::done);
    Worker w(redis.url(), within(300ms));
    REQUIRE(w.result_at_last(look_up("s")) == StoreResult::done);
    redis.signal(SIGSTOP);
    CHECK(w.result(change("s", {{"a", "stale"}})) == StoreResult::unavailable);
    CHECK(w.result(creation("t")) == StoreResult::unavailable);
    ::usleep(100'000);  // past the deadlines, whatever the clocks round to
    redis.signal(SIGCONT);
    CHECK(w.result_at_last(change("s", {{"b", "new"}})) == StoreResult::done);
    CHECK(w.ask(look_up("s")).record.values == SessionValues{{"a", "1"}, {"b", "new"}});
    CHECK(steady.result_at_last(look_up("t")) == StoreResult::absent);
    CHECK(steady.result(look_up("s")) == StoreResult::done);
}

TEST_CASE("redis: a store that cannot be reached says where and why")
{
    const Scratch folder;
    Worker w("redis:unix:" + folder.path("nothing"), within(5s));
    CHECK(w.ask(look_up("s")).why == "No such file or directory");
    Worker tcp("redis://127.0.0.1:1", within(5s));
    CHECK(tcp.ask(look_up("s")).why == "Connection refused");
    Worker name("redis://name.invalid", within(5s));
    CHECK(name.ask(look_up("s")).why.find("name.invalid") != std::string::npos);
    SessionStoreConf both;
    both.url = "redis://:pw@h";
    both.password_file = "/x";
    CHECK(problem_with_session_store(both).find("keep the file") != std::string::npos);
    SessionStoreConf plain;
    plain.url = "redis://h";
    plain.ca_file = "/x";
    CHECK(problem_with_session_store(plain).find("rediss://") != std::string::npos);
}

#endif
