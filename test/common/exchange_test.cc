// exchange_test.cc - the dispatcher: hooks in order, waiting, rerouting, error pages.
#include "common/exchange.h"

#include <doctest/doctest.h>

#include <cctype>
#include <string>

#include "test/support/dispatch.h"
#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

// --- modules under test ------------------------------------------------------------
struct Conf {
    std::string text = "hello";
    int depth = 0;
};
void configure(Conf& c, Section&) { ++c.depth; }

Step say(Exchange& x, const Conf& c)
{
    x.response.body = x.arena.make<BytesBody>(c.text);
    return x.reply(Code::ok);
}
constexpr Module say_module{
    .name = "say", .about = "", .config = conf<configure>, .content = on<say>};

struct Upper final : Filter {
    using Filter::Filter;
    Pull pull(Buffer& out, std::size_t max) override
    {
        Buffer in;
        Pull p = inner_.pull(in, max);
        std::string s = in.take();
        for (char& ch : s) ch = char(std::toupper(ch));
        out.append(s);
        return p;
    }
};
Step shout(Exchange& x, const Conf&)
{
    if (x.response.body) x.response.body = x.arena.make<Upper>(*x.response.body);
    return Step::next;
}
constexpr Module upper_module{
    .name = "upper", .about = "", .config = conf<configure>, .response = on<shout>};

int alive = 0;
struct Lookup {
    Exchange& x;
    explicit Lookup(Exchange& e) : x(e) { ++alive; }
    ~Lookup() { --alive; }
};
Step ask(Exchange& x, const Conf&)
{
    x.attach<Lookup>(x);
    return Step::wait;
}
constexpr Module wait_module{
    .name = "wait", .about = "", .config = conf<configure>, .access = on<ask>};

Step loop_forever(Exchange& x, const Conf&) { return x.reroute("/again"); }
constexpr Module loop_module{
    .name = "loop", .about = "", .config = conf<configure>, .rewrite = on<loop_forever>};

}  // namespace

TEST_CASE("no content hook answers: 404")
{
    Site site({});
    FakeStream out;
    Loop loop;
    Arena arena;
    Exchange x(loop, arena, site, out);
    x.start();
    CHECK(out.answered);
    CHECK(x.response.status == Code::not_found);
}

TEST_CASE("a content hook answers and a response hook wraps its body")
{
    Site site({&say_module, &upper_module});
    FakeStream out;
    Loop loop;
    Arena arena;
    Exchange x(loop, arena, site, out);
    x.start();
    CHECK(x.response.status == Code::ok);
    CHECK(drain(*x.response.body) == "HELLO");
}

TEST_CASE("wait suspends, resume goes on from the loop and not from inside the call")
{
    Site site({&wait_module, &say_module});
    FakeStream out;
    Loop loop;
    Arena arena;
    Exchange x(loop, arena, site, out);
    x.start();
    CHECK_FALSE(out.answered);
    x.resume(Step::next);
    CHECK_FALSE(out.answered);
    loop.run_jobs();
    CHECK(out.answered);
    CHECK(x.response.status == Code::ok);
}

TEST_CASE("destroying a waiting exchange destroys what it waited for, and its queued job")
{
    Site site({&wait_module});
    FakeStream out;
    Loop loop;
    Arena arena;
    {
        Exchange x(loop, arena, site, out);
        x.start();
        CHECK(alive == 1);
        x.resume(Step::next);
    }
    CHECK(alive == 0);
    loop.run_jobs();
    CHECK_FALSE(out.answered);
}

TEST_CASE("reroute without end: 500")
{
    Site site({&loop_module});
    FakeStream out;
    Loop loop;
    Arena arena;
    Exchange x(loop, arena, site, out);
    x.start();
    CHECK(x.response.status == Code::internal_server_error);
    CHECK(site.asked == 11);
}

TEST_CASE("an inner scope starts as a copy of the outer one")
{
    auto outer = say_module.config.inherit(nullptr);
    static_cast<Conf*>(outer.get())->text = "outer";
    auto inner = say_module.config.inherit(outer.get());
    CHECK(static_cast<Conf*>(inner.get())->text == "outer");
    static_cast<Conf*>(inner.get())->text = "inner";
    CHECK(static_cast<Conf*>(outer.get())->text == "outer");
}

using Rig = DispatchRig;

// --- hooks ---------------------------------------------------------------------------------------------

TEST_CASE("each response hook may wait; the head goes when the last one is done, and not before")
{
    Rig rig;
    std::string order;
    rig.hooks(0).content = [](Exchange& x) { return answer(x, Code::ok, "ok"); };
    rig.hooks(0).response = [&](Exchange&) {
        order += 'a';
        return Step::wait;
    };
    rig.hooks(1).response = [&](Exchange&) {
        order += 'b';
        return Step::wait;
    };
    rig.x.start();
    CHECK(order == "a");
    for (const char* want : {"ab", "ab"}) {
        CHECK_FALSE(rig.out.answered);
        rig.x.resume(Step::next);
        rig.loop.run_jobs();
        CHECK(order == want);
    }
    CHECK(rig.out.answered);
}

TEST_CASE("response hooks see errors and error pages, too, once")
{
    Rig rig;
    int seen = 0;
    rig.site.http.error_pages = {{Code::not_found, "/404.html"}};
    rig.hooks().content = [](Exchange& x) {
        return x.is_error_page() ? answer(x, Code::ok, "page") : x.reply(Code::not_found);
    };
    rig.hooks().response = [&](Exchange& x) {
        ++seen;
        CHECK(x.response.status == Code::not_found);
        CHECK(x.response.body != nullptr);
        return Step::next;
    };
    rig.x.start();
    CHECK(seen == 1);
}

TEST_CASE("every log hook is called once, by finish()")
{
    Rig rig;
    int first = 0, second = 0;
    rig.hooks(0).log = [&](const Exchange&) { ++first; };
    rig.hooks(1).log = [&](const Exchange&) { ++second; };
    rig.x.start();
    CHECK(first == 0);
    rig.x.finish();
    CHECK(first == 1);
    CHECK(second == 1);
}

TEST_CASE("an exchange that never got a location is finished without a log")
{
    Rig rig;
    rig.x.finish();
    CHECK_FALSE(rig.x.routed());
}

TEST_CASE("a hook that waited may go on with any step")
{
    struct Row { Step said; int status; };
    for (const Row& row : {Row{Step::next, 404}, Row{Step::done, 204}, Row{Step::reroute, 200}}) {
        Rig rig("/first");
        rig.hooks().content = [](Exchange& x) {
            return x.request.path == "/second" ? answer(x, Code::ok, "second") : Step::wait;
        };
        rig.x.start();
        if (row.said == Step::done) rig.x.reply(Code::no_content);
        if (row.said == Step::reroute) rig.x.reroute("/second");
        rig.x.resume(row.said);
        rig.loop.run_jobs();
        CHECK(rig.out.answered);
        CHECK(rig.status() == row.status);
    }
}

TEST_CASE("ten internal redirects are followed, the eleventh is an error")
{
    for (const int redirects : {10, 11}) {
        Rig rig;
        int left = redirects;
        rig.hooks().rewrite = [&](Exchange& x) { return left-- > 0 ? x.reroute("/next") : Step::next; };
        rig.hooks().content = [](Exchange& x) { return answer(x, Code::ok, "there"); };
        rig.x.start();
        CHECK(rig.status() == (redirects == 10 ? 200 : 500));
    }
}

// --- small answers ---------------------------------------------------------------------------------------

TEST_CASE("OPTIONS * is answered by the server itself; OPTIONS of a path by whoever answers")
{
    Rig all("*");
    all.x.request.method = Method::options;
    all.x.start();
    CHECK(all.status() == 204);
    CHECK(all.x.response.fields.get(FieldId::allow) == "GET, HEAD, POST, OPTIONS");
    Rig one("/a");
    one.x.request.method = Method::options;
    one.hooks().content = [](Exchange& x) { return x.reply_allow("GET, HEAD, OPTIONS"); };
    one.x.start();
    CHECK(one.status() == 204);
    CHECK(one.x.response.fields.get(FieldId::allow) == "GET, HEAD, OPTIONS");
}

TEST_CASE("a method that is not allowed: 405 with the list")
{
    Rig rig;
    rig.x.request.method = Method::delete_;
    rig.hooks().content = [](Exchange& x) { return x.reply_allow(std::string("GET, HEAD")); };
    rig.x.start();
    CHECK(rig.status() == 405);
    CHECK(rig.x.response.fields.get(FieldId::allow) == "GET, HEAD");
}

TEST_CASE("a redirect keeps its own copy of the location")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) {
        std::string where = "/elsewhere";
        const Step step = x.redirect(Code::found, where);
        where.assign(where.size(), 'x');
        return step;
    };
    rig.x.start();
    CHECK(rig.status() == 302);
    CHECK(rig.x.response.fields.get(FieldId::location) == "/elsewhere");
}

// --- state -----------------------------------------------------------------------------------------------

TEST_CASE("state is found by its type, and dies newest first with the exchange")
{
    static std::string died;
    died.clear();
    struct A {
        ~A() { died += 'a'; }
        int value = 1;
    };
    struct B {
        ~B() { died += 'b'; }
    };
    {
        Rig rig;
        CHECK(rig.x.find<A>() == nullptr);
        A& a = rig.x.attach<A>();
        rig.x.attach<B>();
        a.value = 7;
        CHECK(rig.x.find<A>() == &a);
        CHECK(rig.x.find<A>()->value == 7);
        CHECK(rig.x.find<B>() != nullptr);
        CHECK(rig.x.find<int>() == nullptr);
        CHECK(died.empty());
    }
    CHECK(died == "ba");
}

TEST_CASE("values for the log are found newest first")
{
    Rig rig;
    CHECK(rig.x.log_variables() == nullptr);
    rig.x.set_log_variable("cgi_cpu", "12");
    rig.x.set_log_variable("session", "new");
    REQUIRE(rig.x.log_variables() != nullptr);
    CHECK(rig.x.log_variables()->name == "session");
    CHECK(rig.x.log_variables()->next->value == "12");
    CHECK(rig.x.log_variables()->next->next == nullptr);
}
