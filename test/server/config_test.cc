// config_test.cc - a configuration read, checked, inherited and printed.
#include "server/config.h"

#include <doctest/doctest.h>

#include "common/base/section.h"
#include "common/module.h"
#include "server/config_load.h"

using namespace ostler;

namespace {

struct Conf {
    std::string root = "/default";
    std::string prefix = "/";
    std::vector<std::string> index = {"index.html"};
    std::chrono::milliseconds idle{30'000};
};
void configure(Conf& c, Section& s)
{
    if (s.get_path("root", c.root, "folder")) c.prefix = s.scope_path();
    s.get("index", c.index, "names");
    s.get("idle", c.idle, "idle time");
}
Step answer(Exchange& x, const Conf&) { return x.reply(Code::ok); }
constexpr Module files_module{
    .name = "files", .about = "files", .config = conf<configure>, .content = on<answer>};
constexpr Module other_module{.name = "other",
                              .about = "other",
                              .on_by_default = false,
                              .config = conf<configure>,
                              .access = on<answer>};
constexpr const Module* table[] = {&files_module, &other_module};

std::unique_ptr<Configuration> load(std::string_view text, std::vector<Problem>& problems)
{
    ConfigNode root;
    if (!parse_config(text, "test.conf", "/etc/ostler", root, problems)) return nullptr;
    return build_configuration(root, table, problems);
}

}  // namespace

TEST_CASE("hosts and locations inherit and overwrite")
{
    std::vector<Problem> problems;
    const auto c = load(R"(
server: { workers = 2; };
listen = ( { port = 0; }, { address = "::1"; port = 8080; } );
modules: { other = true; };
files: { root = "htdocs"; };
hosts = ( { names = [ "example.org", "*.example.org" ];
  files: { index = [ "a" ]; };
  locations = ( { path = "/app/"; files: { root = "/srv/app"; }; modules: { other = false; }; } );
} );
)", problems);
    for (const Problem& p : problems) MESSAGE(format_problem(p));
    REQUIRE(c);
    CHECK(c->server.workers == 2);
    CHECK(c->listen.size() == 2);
    Arena arena;
    Request request(arena);
    request.host = "www.example.org";
    request.path = "/app/x";
    const Pipeline& p = c->router().route(request);
    CHECK(p.location == "/app/");
    CHECK(p.host == "example.org");
    CHECK(p.request.size() == 1);
    const auto& conf_of = *static_cast<const Conf*>(p.request[0].conf);
    CHECK(conf_of.root == "/srv/app");
    CHECK(conf_of.prefix == "/app/");
    CHECK(conf_of.index == std::vector<std::string>{"a"});
}
