// session_redis_test.cc - the store in a real redis-server: what it guarantees, and how it fails.
#ifdef OSTLER_REDIS

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
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

constexpr std::int64_t now = 1'900'000'000;  // far ahead: Redis's own clock expires nothing

/// A redis-server of the test's own, on a Unix socket.
class Redis {
 public:
    explicit Redis(std::vector<std::string> options = {}) : options_(std::move(options))
    {
        start();
    }
    ~Redis() { stop(); }
    static bool is_there() { return std::system("command -v redis-server >/dev/null 2>&1") == 0; }

    std::string socket() const { return folder_.path("redis.sock"); }
    std::string url(std::string_view more = {}) const
    {
        return cat("redis:unix:", socket(), more.empty() ? "" : "?", more);
    }
    void start()
    {
        ::unlink(socket().c_str());
        std::vector<std::string> words = {
            "redis-server", "--port", "0",           "--unixsocket", socket(), "--save",        "",
            "--appendonly", "no",     "--daemonize", "no",           "--dir",  folder_.path("")};
        words.insert(words.end(), options_.begin(), options_.end());
        pid_ = fork();
        if (pid_ == 0) {
            std::vector<char*> argv;
            for (std::string& word : words) argv.push_back(word.data());
            argv.push_back(nullptr);
            const int null = ::open("/dev/null", O_RDWR);
            for (const int fd : {0, 1, 2}) ::dup2(null, fd);
            ::execvp(argv[0], argv.data());
            _exit(127);
        }
        wait_for_socket();
    }
    void stop()
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGCONT);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    void signal(int number) const { ::kill(pid_, number); }
    void cli(const std::string& command) const
    {
        CHECK(std::system(cat("redis-cli -s ", socket(), " ", command, " >/dev/null").c_str()) ==
              0);
    }

 private:
    void wait_for_socket() const
    {
        for (int i = 0; i < 3000; ++i) {
            const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
            sockaddr_un name{};
            name.sun_family = AF_UNIX;
            socket().copy(name.sun_path, sizeof name.sun_path - 1);
            const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
            ::close(fd);
            if (up) return;
            ::usleep(10'000);
        }
        FAIL("redis-server did not start");
    }

    Scratch folder_;
    std::vector<std::string> options_;
    pid_t pid_ = 0;
};

/// Asks and turns the loop until the answer is there.
class Asker final : SessionQuery {
 public:
    SessionAnswer operator()(Loop& loop, SessionStore& store, SessionOrder order)
    {
        start(store, std::move(order));
        while (is_pending()) loop.turn();
        return std::move(answer);
    }
    void start(SessionStore& store, SessionOrder order) { store.ask(*this, std::move(order)); }
    bool is_waiting() const { return is_pending(); }
    SessionAnswer answer;

 private:
    void answered(SessionAnswer& a) override { answer = std::move(a); }
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

struct Worker {
    explicit Worker(std::string url, std::chrono::milliseconds timeout = 20s)
    {
        ::signal(SIGPIPE, SIG_IGN);  // as the server does
        conf.url = std::move(url);
        conf.timeout = timeout;
        REQUIRE(problem_with_session_store(conf) == "");
        store = &loop.resident<SessionStores>().get(conf);
    }
    SessionAnswer ask(SessionOrder order) { return Asker()(loop, *store, std::move(order)); }
    StoreResult result(SessionOrder order) { return ask(std::move(order)).result; }
    /// Asks until it answers, as requests do that come one after the other.
    StoreResult result_at_last(const SessionOrder& order)
    {
        StoreResult r = StoreResult::unavailable;
        for (int i = 0; i < 20'000 && (r = result(order)) == StoreResult::unavailable; ++i)
            ::usleep(1000);
        return r;
    }
    SessionStoreConf conf;
    Loop loop;
    SessionStore* store;
};

}  // namespace

#define NEEDS_REDIS                                                                                \
    if (!Redis::is_there()) {                                                                      \
        MESSAGE("redis-server is not installed: packaging/install-deps.sh test has it");           \
        return;                                                                                    \
    }

TEST_CASE("redis: a session is stored, found by id and by name, and gone when destroyed")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    const SessionValues values = {{"a", "1"}, {"b", std::string("\0&=\xff\r\n", 6)}, {"c", ""}};
    CHECK(w.result(creation("s", values)) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s"));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.handle == "s");
    CHECK(a.record.key == key("s"));
    CHECK(a.record.values == values);
    CHECK(a.record.created == now);
    CHECK(a.record.seen == now);
    CHECK(a.record.expires() == now + 600);
    CHECK(a.record.ends == now + 3600);
    CHECK(a.record.requests == 1);
    CHECK(a.record.origin == "192.0.2.1");
    CHECK(a.record.agent == "curl");
    CHECK(w.ask(order_for(Kind::find, "s")).record.values == values);
    CHECK(w.result(creation("s")) == StoreResult::nonsense);  // nobody has had this name before
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::absent);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.result(change("s", {{"a", "2"}})) == StoreResult::absent);
    CHECK(w.result(order_for(Kind::find, "s")) == StoreResult::absent);
    redis.cli("--raw dbsize | grep -qx 0");
}

TEST_CASE("redis: changes are merged name by name")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s", {{"a", "1"}, {"b", "2"}}));
    const SessionAnswer a = w.ask(change(
        "s", {{"a", std::nullopt}, {"c", "x"}, {"c", "3"}, {"d", "4"}, {"d", std::nullopt}}));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.values == SessionValues{{"b", "2"}, {"c", "3"}});
    CHECK(a.record.generation == 2);
    CHECK(w.ask(change("s", {})).record.values == a.record.values);
}

TEST_CASE("redis: changes by many at once are all kept, and a logout wins")
{
    NEEDS_REDIS
    const Redis redis;
    Worker one(redis.url()), two(redis.url());
    REQUIRE(one.result(creation("s", {})) == StoreResult::done);
    std::vector<Asker> askers(100);
    for (std::size_t i = 0; i < askers.size(); ++i)
        askers[i].start(*(i % 2 ? one : two).store, change("s", {{cat("k", i), "1"}}));
    const auto turn_until_all_answered = [&] {
        while (std::any_of(askers.begin(), askers.end(),
                           [](const Asker& a) { return a.is_waiting(); })) {
            one.loop.turn(false);
            two.loop.turn(false);
        }
    };
    turn_until_all_answered();
    for (const Asker& a : askers) CHECK(a.answer.result == StoreResult::done);
    const SessionAnswer a = one.ask(look_up("s"));
    CHECK(a.record.values.size() == 100);
    CHECK(a.record.generation == 101);

    Asker logout;
    for (std::size_t i = 0; i < askers.size(); ++i) {
        if (i == 50) logout.start(*one.store, order_for(Kind::destroy, "s"));
        askers[i].start(*(i % 2 ? one : two).store, change("s", {{cat("k", i), "2"}}));
    }
    turn_until_all_answered();
    while (logout.is_waiting()) one.loop.turn(false);
    CHECK(logout.answer.result == StoreResult::done);
    CHECK(one.result(look_up("s")) == StoreResult::absent);
    CHECK(one.result(order_for(Kind::find, "s")) == StoreResult::absent);
}

TEST_CASE("redis: sizes are counted as they are encoded, over every change")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    SessionOrder o = creation("s", {{"a", " "}});  // a=%20
    o.most_bytes = 5;
    CHECK(w.result(o) == StoreResult::done);
    const auto save = [&](SessionChanges changes, std::size_t most) {
        SessionOrder order = change("s", std::move(changes));
        order.most_bytes = most;
        return w.result(order);
    };
    CHECK(save({{"b", "\xc3\xa4"}}, 5 + 1 + 8 - 1) == StoreResult::too_large);
    CHECK(save({{"b", "\xc3\xa4"}}, 5 + 1 + 8) == StoreResult::done);
    CHECK(save({{"a", "x"}, {"c", "xx"}}, 3 + 1 + 8 + 1 + 4 - 1) == StoreResult::too_large);
    CHECK(w.ask(look_up("s")).record.values == SessionValues{{"a", " "}, {"b", "\xc3\xa4"}});
    CHECK(save({{"a", "x"}, {"c", "xx"}}, 3 + 1 + 8 + 1 + 4) == StoreResult::done);
    CHECK(save({{"b", std::nullopt}, {"c", std::nullopt}}, 3) == StoreResult::done);
    SessionChanges many;
    for (std::size_t i = 0; i < most_session_values; ++i) many.push_back({cat("n", i), ""});
    CHECK(save(many, 100'000) == StoreResult::too_large);  // a is there, too
    many.pop_back();
    CHECK(save(many, 100'000) == StoreResult::done);
}

TEST_CASE("redis: a new id replaces the old one, at once or after its grace")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s"));
    SessionOrder rotate = change("s", {});
    rotate.new_key = key("second");
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.result(look_up("s")) == StoreResult::absent);
    CHECK(w.ask(look_up("second")).record.key == key("second"));
    rotate.new_key = key("third");
    rotate.grace = 60s;
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.ask(look_up("second")).record.key == key("third"));
    CHECK(w.result(look_up("third")) == StoreResult::done);
    rotate.new_key = key("fourth");
    rotate.grace = 1s;
    CHECK(w.result(rotate) == StoreResult::done);
    CHECK(w.result_at_last(look_up("third")) != StoreResult::unavailable);
    StoreResult r = StoreResult::done;
    for (int i = 0; i < 2000 && r == StoreResult::done; ++i) {
        ::usleep(5000);
        r = w.result(look_up("third"));
    }
    CHECK(r == StoreResult::absent);
    CHECK(w.result(order_for(Kind::destroy, "s")) == StoreResult::done);
    for (const char* id : {"s", "second", "third", "fourth"})
        CHECK(w.result(look_up(id)) == StoreResult::absent);
}

TEST_CASE("redis: an expired session is absent, activity keeps it, a purge removes it")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    w.ask(creation("s"));
    w.ask(creation("t"));
    CHECK(w.result(look_up("s", now + 599)) == StoreResult::done);
    CHECK(w.result(look_up("s", now + 600)) == StoreResult::absent);
    SessionOrder touch = order_for(Kind::touch);
    touch.activity.push_back({"s", 5, now + 500, now + 9999, "192.0.2.2", "wget"});
    touch.activity.push_back({"nobody", 5, now + 500, now + 9999, "", ""});
    touch.activity.push_back({"s", 1, now + 400, now + 700, "192.0.2.3", "late"});
    CHECK(w.result(touch) == StoreResult::done);
    const SessionAnswer a = w.ask(look_up("s", now + 601));
    REQUIRE(a.result == StoreResult::done);
    CHECK(a.record.requests == 7);
    CHECK(a.record.seen == now + 500);
    CHECK(a.record.agent == "wget");
    CHECK(a.record.expires() == now + 3600);
    SessionOrder purge = order_for(Kind::purge);
    purge.now = now + 601;
    CHECK(w.ask(purge).count == 1);
    CHECK(w.result(look_up("s", now + 601)) == StoreResult::done);
    purge.now = now + 3600;
    CHECK(w.ask(purge).count == 1);
    CHECK(w.ask(purge).count == 0);
}

TEST_CASE("redis: activity of more sessions than fit in one command")
{
    NEEDS_REDIS
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

TEST_CASE("redis: an origin has as many sessions as it may have")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    const auto create = [&](const std::string& name, std::int64_t when = now) {
        SessionOrder o = creation(name);
        o.most_of_origin = 2;
        o.now = when;
        o.record.idle_until = when + 600;
        return w.result(o);
    };
    CHECK(create("a") == StoreResult::done);
    CHECK(create("b") == StoreResult::done);
    CHECK(create("c") == StoreResult::full);
    CHECK(w.result(look_up("c")) == StoreResult::absent);
    CHECK(w.result(order_for(Kind::destroy, "a")) == StoreResult::done);
    CHECK(create("d") == StoreResult::done);
    CHECK(create("e") == StoreResult::full);
    CHECK(create("f", now + 601) == StoreResult::done);  // b and d have expired
}

TEST_CASE("redis: lists come in the order of the names, in pages of any size")
{
    NEEDS_REDIS
    const Redis redis;
    Worker w(redis.url());
    std::vector<std::string> names;
    for (int i = 0; i < 25; ++i) names.push_back(cat("n", i));
    for (const std::string& name : names) {
        // Half a megabyte in ten of them: more than one page of the script.
        SessionValues values;
        for (int i = 0; i < 4; ++i) values.emplace_back(cat("v", i), std::string(60'000, 'x'));
        SessionOrder o = creation(name, name < "n2" ? values : SessionValues{});
        o.most_bytes = 1'000'000;
        REQUIRE(w.result(o) == StoreResult::done);
    }
    std::sort(names.begin(), names.end());
    for (const std::size_t page : {std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
        std::vector<std::string> seen;
        SessionOrder o = order_for(Kind::list);
        o.most = page;
        for (;;) {
            const SessionAnswer a = w.ask(o);
            REQUIRE(a.result == StoreResult::done);
            for (const SessionRecord& r : a.records) seen.push_back(r.handle);
            if (a.records.size() < page) break;
            o.handle = a.records.back().handle;
        }
        CHECK(seen == names);
    }
}

TEST_CASE("redis: users, passwords, databases and prefixes keep sessions apart")
{
    NEEDS_REDIS
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
    NEEDS_REDIS
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
    NEEDS_REDIS
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
    NEEDS_REDIS
    const Redis redis;
    Worker steady(redis.url());
    REQUIRE(steady.result(creation("s")) == StoreResult::done);
    Worker w(redis.url(), 300ms);
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
    Worker w("redis:unix:" + folder.path("nothing"), 5s);
    CHECK(w.ask(look_up("s")).why == "No such file or directory");
    Worker tcp("redis://127.0.0.1:1", 5s);
    CHECK(tcp.ask(look_up("s")).why == "Connection refused");
    Worker name("redis://name.invalid", 5s);
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
