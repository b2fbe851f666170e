// exchange_test.cc - the dispatcher: hooks in order, waiting, rerouting, error pages.
#include "common/exchange.h"

#include <doctest/doctest.h>

#include <cctype>
#include <string>

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
