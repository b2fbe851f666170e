// session_test.cc - the life of sessions over a store in memory and a clock of the test's.
#include "test/modules/session_fake.h"

#include <doctest/doctest.h>

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

struct Rig : SessionRig {
    Rig() { start(); }
};

}  // namespace

// --- a new session -----------------------------------------------------------------------------

TEST_CASE("a request without a session gets none, and the store is not asked")
{
    Rig rig;
    rig.answer_with({});
    const auto a = rig.ask();
    CHECK(a->status() == 200);
    CHECK(a->cookie().empty());
    CHECK(a->variable("SESSION_NEW") == "1");
    CHECK(a->variable("HTTP_SESSION") == "");
    CHECK(a->variable("SESSION_JSON") == "{}");
    CHECK(a->variable("SESSION_ID") == "(none)");
    CHECK(rig.store->asked.empty());
}

TEST_CASE("storing something makes a session, before the head leaves")
{
    Rig rig;
    rig.store->holds = true;
    rig.answer_with({{"X-Session-Set", "name=Ada%20L&n=1"}});
    const auto a = rig.ask();
    CHECK_FALSE(a->out.answered);
    rig.store->release();
    rig.loop.run_jobs();
    CHECK(a->out.answered);
    const SessionRecord& r = rig.store->only();
    CHECK(r.values == SessionValues{{"n", "1"}, {"name", "Ada L"}});
    CHECK(r.address == "192.0.2.1");
    const std::string set(a->field("Set-Cookie"));
    CHECK(set.starts_with("sid="));
    CHECK(set.find("; Path=/") != set.npos);
    CHECK(set.find("; HttpOnly") != set.npos);
    CHECK(set.find("; SameSite=Lax") != set.npos);
    CHECK(set.find("Secure") == set.npos);
    CHECK(set.find("Max-Age") == set.npos);
    CHECK(a->cookie().size() == 4 + 32);
    CHECK(a->field("Cache-Control") == "private");
    CHECK(a->field("X-Session-Set") == "");
}

TEST_CASE("over TLS the cookie is bound to the host and secure")
{
    Rig rig;
    const auto tls = [](Exchange& x) { x.request.peer.tls = true; };
    rig.answer_with({{"X-Session-Set", "a=1"}});
    const auto a = rig.ask({}, tls);
    const std::string set(a->field("Set-Cookie"));
    CHECK(set.starts_with("__Host-sid="));
    CHECK(set.find("; Secure") != set.npos);
    rig.answer_with({});
    CHECK(rig.ask(a->cookie(), tls)->variable("HTTP_SESSION") == "a=1");
    // The same id in a cookie that a plain page may have set is none.
    CHECK(rig.ask(a->cookie().substr(7), tls)->variable("HTTP_SESSION") == "");
    CHECK(rig.ask(a->cookie())->variable("HTTP_SESSION") == "");
}

TEST_CASE("the store never sees the id, and its name for scripts is another")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    const std::string id = cookie.substr(4);
    const SessionRecord& r = rig.store->only();
    CHECK(std::string_view(reinterpret_cast<const char*>(r.key.hash.data()), 32).find(id) ==
          std::string_view::npos);
    CHECK(r.handle.size() == 16);
    CHECK(id.find(r.handle) == id.npos);
    const auto a = rig.ask(cookie);
    CHECK(a->variable("SESSION_ID") == r.handle);
    CHECK(a->variable("SESSION_NEW") == "0");
    CHECK(a->variable("SESSION_EXPIRES") == cat(rig.loop.wall_seconds() + 1800));
    CHECK(a->variable("SESSION_JSON") == R"({"a":"1"})");
}

TEST_CASE("no name of a session looks like an option of the command line")
{
    for (int i = 0; i < 500; ++i) {  // one random name in 64 would
        Rig rig;
        rig.make_session("a=1");
        CHECK_FALSE(rig.store->only().handle.starts_with('-'));
    }
}

TEST_CASE("with `always` everybody gets a session")
{
    SessionRig rig;
    rig.conf().always = true;
    rig.start();
    rig.answer_with({});
    CHECK(rig.ask()->cookie().starts_with("sid="));
    CHECK(rig.store->all.size() == 1);
}

// --- ids -----------------------------------------------------------------------------------------

TEST_CASE("an id we did not issue is no session and is never adopted")
{
    Rig rig;
    const std::string planted = "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    rig.answer_with({{"X-Session-Set", "a=1"}});
    const auto a = rig.ask(planted);
    CHECK(a->variable("SESSION_NEW") == "1");
    CHECK(a->cookie().starts_with("sid="));
    CHECK(a->cookie() != planted);
    rig.answer_with({});
    CHECK(rig.ask(planted)->variable("HTTP_SESSION") == "");
}

TEST_CASE("a name sent twice is no session, in one field or in two")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    CHECK(rig.ask(cookie)->variable("HTTP_SESSION") == "a=1");
    CHECK(rig.ask(cat(cookie, "; ", cookie))->variable("HTTP_SESSION") == "");
    CHECK(rig.ask(cat("sid=x; ", cookie))->variable("HTTP_SESSION") == "");
    const auto twice = rig.ask(
        cookie, [](Exchange& x) { x.request.fields.add(FieldId::cookie, "a=b; sid=tossed"); });
    CHECK(twice->variable("HTTP_SESSION") == "");
}

TEST_CASE("what has not the form of an id is not looked up")
{
    Rig rig;
    rig.answer_with({});
    for (const char* cookie : {"sid=", "sid=short", "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!",
                               "sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
        rig.ask(cookie);
    CHECK(rig.store->asked.empty());
}

TEST_CASE("scripts see neither the session's cookie nor a Session field")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    const auto a = rig.ask(cat("x=1; ", cookie, "; __Host-sid=y; z=2"),
                           [](Exchange& x) { x.request.fields.add("Session", "user=root"); });
    CHECK(a->x.request.fields.get(FieldId::cookie) == "x=1; z=2");
    CHECK(a->x.request.fields.find("Session") == nullptr);
    CHECK(rig.ask(cookie)->x.request.fields.find(FieldId::cookie) == nullptr);
}

// --- changes -------------------------------------------------------------------------------------

TEST_CASE("values are set, removed and replaced")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1&b=2");
    rig.answer_with({{"X-Session-Set", "c=3"}, {"X-Session-Unset", "a"}});
    const auto a = rig.ask(cookie);
    CHECK(a->cookie().empty());
    CHECK(rig.store->only().values == SessionValues{{"b", "2"}, {"c", "3"}});
    rig.answer_with({{"X-Replace-Session", "z=26&b=2"}});
    rig.ask(cookie);
    CHECK(rig.store->only().values == SessionValues{{"b", "2"}, {"z", "26"}});
    rig.answer_with({{"X-Replace-Session", ""}});
    rig.ask(cookie);
    CHECK(rig.store->only().values.empty());
}

TEST_CASE("two requests at once merge name by name, replacements too")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1&b=1");
    std::vector<std::unique_ptr<SessionRig::Asked>> both;
    rig.hooks().content = [](Exchange&) { return Step::wait; };  // both scripts run
    both.push_back(rig.ask(cookie));
    both.push_back(rig.ask(cookie));
    both[0]->x.response.fields.add("X-Replace-Session", "a=2&b=1");
    both[1]->x.response.fields.add("X-Replace-Session", "a=1&b=2&c=3");
    for (const auto& a : both) {
        a->x.reply(Code::ok);
        a->x.resume(Step::done);
    }
    rig.loop.run_jobs();
    CHECK(rig.store->only().values == SessionValues{{"a", "2"}, {"b", "2"}, {"c", "3"}});
}

TEST_CASE("a logout beats whoever writes at the same time")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    rig.hooks().content = [](Exchange&) { return Step::wait; };
    const auto writer = rig.ask(cookie);
    rig.answer_with({{"X-Session-Destroy", "1"}});
    const auto logout = rig.ask(cookie);
    CHECK(logout->field("Set-Cookie").find("Max-Age=0") != std::string_view::npos);
    CHECK(rig.store->all.empty());
    writer->x.response.fields.add("X-Session-Set", "user=ada");
    writer->x.reply(Code::ok);
    writer->x.resume(Step::done);
    rig.loop.run_jobs();
    CHECK(writer->out.answered);
    CHECK(rig.store->all.empty());
    rig.answer_with({});
    CHECK(rig.ask(cookie)->variable("SESSION_NEW") == "1");
}

TEST_CASE("a rotation gives a new id, and the old one is worth nothing")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    const std::string handle = rig.store->only().handle;
    rig.answer_with({{"X-Session-Rotate", "1"}});
    const auto a = rig.ask(cookie);
    CHECK(a->cookie().starts_with("sid="));
    CHECK(a->cookie() != cookie);
    rig.answer_with({});
    CHECK(rig.ask(cookie)->variable("SESSION_NEW") == "1");
    CHECK(rig.ask(a->cookie())->variable("HTTP_SESSION") == "a=1");
    CHECK(rig.ask(a->cookie())->variable("SESSION_ID") == handle);
}

TEST_CASE("who logs in gets a new id without asking for it")
{
    Rig rig;
    const std::string cookie = rig.make_session("basket=1");
    rig.answer_with({{"X-Session-Set", "user=ada"}});
    const auto login = rig.ask(cookie);
    CHECK(login->cookie() != cookie);
    CHECK_FALSE(login->cookie().empty());
    CHECK(rig.ask(login->cookie())->cookie().empty());  // the same user again
    rig.answer_with({{"X-Session-Unset", "user"}});
    CHECK_FALSE(rig.ask(login->cookie())->cookie().empty());
}

TEST_CASE("values that are too large are not stored, the answer is given all the same")
{
    SessionRig rig;
    rig.conf().size = 100;
    rig.start();
    const std::string cookie = rig.make_session("a=1");
    rig.answer_with({{"X-Session-Set", cat("b=", std::string(200, 'x'))}});
    CHECK(rig.ask(cookie)->status() == 200);
    CHECK(rig.store->only().values == SessionValues{{"a", "1"}});
    CHECK(rig.ask()->cookie().empty());
}

TEST_CASE("one client has only so many sessions")
{
    SessionRig rig;
    rig.conf().per_client = 3;
    rig.start();
    rig.answer_with({{"X-Session-Set", "a=1"}});
    for (int i = 0; i < 3; ++i) CHECK_FALSE(rig.ask()->cookie().empty());
    CHECK(rig.ask()->cookie().empty());
    const auto from = [](std::string_view address) {
        return [address](Exchange& x) { x.request.peer.address = address; };
    };
    CHECK_FALSE(rig.ask({}, from("192.0.2.2"))->cookie().empty());
    // Of IPv6 a client has a whole network.
    for (const char* six : {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"})
        CHECK_FALSE(rig.ask({}, from(six))->cookie().empty());
    CHECK(rig.ask({}, from("2001:db8::4"))->cookie().empty());
    CHECK_FALSE(rig.ask({}, from("2001:db8:0:1::4"))->cookie().empty());
}

// --- time ----------------------------------------------------------------------------------------

TEST_CASE("an idle session ends, activity keeps it, and its lifetime ends it in any case")
{
    SessionRig rig;
    rig.conf().idle = 10min;
    rig.conf().lifetime = 25min;
    rig.start();
    const std::string cookie = rig.make_session("a=1");
    const auto is_there = [&] { return rig.ask(cookie)->variable("SESSION_NEW") == "0"; };
    for (int i = 0; i < 2; ++i) {
        rig.skip(9min);
        CHECK(is_there());
    }
    rig.skip(6min);
    CHECK(is_there());
    rig.skip(2min);  // 26 minutes
    CHECK_FALSE(is_there());

    const std::string second = rig.make_session("a=1");
    rig.skip(10min + 1s);
    CHECK(rig.ask(second)->variable("SESSION_NEW") == "1");
}

TEST_CASE("activity is told in batches, not for every request")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    rig.store->asked.clear();
    for (int i = 0; i < 5; ++i) {
        rig.ask(cookie, [](Exchange& x) {
            x.request.fields.add(FieldId::user_agent, "curl/8");
            x.request.peer.address = "192.0.2.9";
        });
    }
    using Kind = SessionOrder::Kind;
    CHECK(std::count(rig.store->asked.begin(), rig.store->asked.end(), Kind::touch) == 0);
    CHECK(rig.store->only().requests == 1);
    rig.skip(5s);
    CHECK(std::count(rig.store->asked.begin(), rig.store->asked.end(), Kind::touch) == 1);
    CHECK(rig.store->only().requests == 6);
    CHECK(rig.store->only().address == "192.0.2.9");
    CHECK(rig.store->only().agent == "curl/8");
    // What is stored anyway takes it along.
    rig.answer_with({{"X-Session-Set", "b=1"}});
    rig.ask(cookie);
    CHECK(rig.store->only().requests == 7);
}

TEST_CASE("the expired are removed now and then")
{
    Rig rig;
    rig.make_session("a=1");
    rig.skip(31min);
    CHECK(rig.store->all.empty());
}

// --- the store fails -----------------------------------------------------------------------------

TEST_CASE("while the store is down requests go on without a session")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    rig.store->down = true;
    Session* seen = nullptr;
    rig.hooks().content = [&](Exchange& x) {
        seen = session_of(x);
        x.response.fields.add("X-Session-Set", "a=2");
        return answer(x, Code::ok, "what the script says");
    };
    const auto a = rig.ask(cookie);
    CHECK(a->status() == 200);
    CHECK(seen == nullptr);
    CHECK(a->variable("SESSION_NEW") == "(none)");
    CHECK(a->field("X-Session-Set") == "");
    CHECK(a->cookie().empty());
    rig.store->down = false;
    rig.answer_with({});
    CHECK(rig.ask(cookie)->variable("HTTP_SESSION") == "a=1");
}

TEST_CASE("with on_failure = \"503\" nothing is answered without its session")
{
    SessionRig rig;
    rig.conf().fail_closed = true;
    rig.start();
    const std::string cookie = rig.make_session("a=1");
    rig.store->down = true;
    const auto a = rig.ask(cookie);
    CHECK(a->status() == 503);
    CHECK(a->field("Retry-After") == "5");
    // Also when only the storing fails: the client must not believe that it worked.
    rig.answer_with({{"X-Session-Set", "a=1"}, {"Content-Type", "text/x-own"}});
    const auto b = rig.ask();
    CHECK(b->status() == 503);
    CHECK(b->field("Content-Type") != "text/x-own");
    CHECK(drain(*b->x.response.body).find("what the script says") == std::string::npos);
}

TEST_CASE("a store that is silent counts as down after its time, and late answers go nowhere")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    rig.store->holds = true;
    const auto a = rig.ask(cookie);
    CHECK_FALSE(a->out.answered);
    rig.skip(2s);
    CHECK(a->out.answered);
    CHECK(a->variable("SESSION_NEW") == "(none)");
    rig.store->holds = false;
    rig.store->release();
    rig.loop.run_jobs();
    CHECK(rig.store->pending() == 0);
    CHECK(rig.ask(cookie)->variable("SESSION_NEW") == "0");
}

TEST_CASE("a client that leaves is not answered, and what it stored is stored")
{
    Rig rig;
    const std::string cookie = rig.make_session("a=1");
    rig.store->holds = true;
    rig.ask(cookie);  // gone at once
    rig.store->release();
    rig.loop.run_jobs();
    rig.store->holds = false;
    rig.answer_with({{"X-Session-Set", "a=2"}});
    auto writer = rig.ask(cookie);
    rig.store->holds = true;
    writer = rig.ask(cookie);
    writer.reset();
    rig.store->release();
    rig.loop.run_jobs();
    CHECK(rig.store->only().values == SessionValues{{"a", "2"}});
}

// --- the wall ------------------------------------------------------------------------------------

namespace {

struct Wall : SessionRig {
    explicit Wall(const char* otherwise, std::string value = "")
    {
        conf().require = {{"user", std::move(value)}};
        conf().otherwise = otherwise;
        start();
        answer_with({});
    }
    /// A session that was made where there is no wall.
    std::string let_in(const std::string& values)
    {
        const auto wall = std::exchange(conf().require, {});
        std::string cookie = make_session(values);
        conf().require = wall;
        return cookie;
    }
};

}  // namespace

TEST_CASE("only sessions with the value come in")
{
    Wall wall("403");
    CHECK(wall.ask()->status() == 403);
    CHECK(wall.ask(wall.let_in("other=1"))->status() == 403);
    CHECK(wall.ask(wall.let_in("user="))->status() == 403);
    const auto in = wall.ask(wall.let_in("user=ada"));
    CHECK(in->status() == 200);
    CHECK(in->field("Cache-Control") == "private");

    Wall admin("401", "root");
    CHECK(admin.ask(admin.let_in("user=ada"))->status() == 401);
    CHECK(admin.ask()->field("WWW-Authenticate") == "Cookie realm=\"session\"");
    CHECK(admin.ask(admin.let_in("user=root"))->status() == 200);
}

TEST_CASE("others are sent to the page to log in, which is never elsewhere")
{
    Wall wall("/login");
    const auto at = [&](const char* path, const char* query) {
        return wall.ask({}, [=](Exchange& x) {
            x.request.path = path;
            x.request.query = query ? query : "";
            x.request.has_query = query != nullptr;
        });
    };
    const auto a = at("/app/x y", "q=1&r=http://evil.example/");
    CHECK(a->status() == 302);
    CHECK(a->field("Location") ==
          "/login?return=/app/x%2520y%3Fq%3D1%26r%3Dhttp%3A//evil.example/");
    CHECK(a->field("Cache-Control") == "no-store");
    CHECK(at("/\\evil.example", nullptr)->field("Location").starts_with("/login?return=/%255C"));
    CHECK(at("/a", std::string(5000, 'x').c_str())->field("Location") == "/login");
    CHECK(at("/login", nullptr)->status() == 200);
    const auto post = wall.ask({}, [](Exchange& x) { x.request.method = Method::post; });
    CHECK(post->status() == 303);
    CHECK(post->field("Location") == "/login");
}

TEST_CASE("nobody comes in while the store is down")
{
    Wall wall("/login");
    const std::string cookie = wall.let_in("user=ada");
    wall.store->down = true;
    CHECK(wall.ask(cookie)->status() == 503);
    CHECK(wall.ask()->status() == 302);
}
