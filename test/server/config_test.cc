// config_test.cc - a configuration read, inherited, bound to pipelines and printed.
#include "server/config.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// The pipeline of a request for `path` on `host`.
const Pipeline& route(const Configuration& c, std::string_view host, std::string_view path)
{
    Arena arena;
    Request request(arena);
    request.host = host;
    request.path = path;
    return c.router().route(request);
}

const FilesConf& files_of(const Pipeline& p)
{
    for (const auto& hook : p.request)
        if (hook.module->name == "static") return *static_cast<const FilesConf*>(hook.conf);
    FAIL("static is off");
    std::abort();
}

std::string names_of(const Pipeline& p)
{
    std::string names;
    for (const auto& hook : p.request) append(names, hook.module->name, ' ');
    names += "| ";
    for (const auto& hook : p.response) append(names, hook.module->name, ' ');
    names += "| ";
    for (const auto& hook : p.log) append(names, hook.module->name, ' ');
    return names;
}

std::unique_ptr<Configuration> load_well(std::string_view text)
{
    std::vector<Problem> problems;
    auto c = load(text, problems);
    CHECK(messages(problems) == "");
    REQUIRE(c);
    return c;
}

constexpr std::string_view site = R"(
server: { workers = 2; stop_timeout = "5s"; };
listen = ( { port = 0; }, { address = "[::1]"; port = 8080; backlog = 7; },
           { address = "unix:/run/ostler.sock"; } );
modules: { cookie = true; };
http: { max_body = "1M"; };
static: { root = "htdocs"; index = [ "index.html", "index.htm" ]; };
hosts = (
  { names = [ "Example.org", "*.example.org" ];
    static: { depth = 5; };
    http: { idle_timeout = "5s"; };
    modules: { cookie = false; };
    locations = (
      { path = "/app/"; static: { root = "/srv/app"; hidden = true; };
        http: { max_body = "2M"; }; },
      { path = "/off"; modules: { static = false; cookie = true; session = true; }; },
      { path = "/shared/"; static: { depth = 9; }; } );
  },
  { names = "other.example"; } );
locations = ( { path = "/shared/"; static: { age = "9s"; depth = 1; }; },
              { path = "/everywhere"; static: { root = "everywhere"; }; } );
)";

}  // namespace

TEST_CASE("an empty configuration serves with the defaults")
{
    const auto c = load_well("");
    CHECK(c->server.workers >= 1);
    REQUIRE(c->listen.size() == 1);
    CHECK(c->listen[0].name() == "*:80");
    CHECK(route(*c, "any", "/x").location == "/");
    CHECK(route(*c, "any", "/x").host.empty());
    CHECK(files_of(route(*c, "any", "/")).root == "/var/www");
}

TEST_CASE("server and listen are read")
{
    const auto c = load_well(site);
    CHECK(c->server.workers == 2);
    CHECK(c->server.stop_timeout == std::chrono::seconds(5));
    CHECK(c->http.max_body == 1 << 20);
    REQUIRE(c->listen.size() == 3);
    CHECK(c->listen[0].name() == "*:0");
    CHECK(c->listen[1].name() == "[::1]:8080");
    CHECK(c->listen[1].backlog == 7);
    CHECK(c->listen[2].name() == "unix:/run/ostler.sock");
}

TEST_CASE("an inner scope is a copy of the outer one, then overwritten")
{
    const auto c = load_well(site);
    const FilesConf& server = files_of(route(*c, "unknown.example", "/"));
    CHECK(server.root == "/etc/ostler/htdocs");
    CHECK(server.prefix == "/");
    CHECK(server.index.size() == 2);
    CHECK(server.depth == 3);

    const Pipeline& host = route(*c, "www.example.org", "/");
    CHECK(host.host == "example.org");
    CHECK(host.location == "/");
    CHECK(host.http->idle_timeout == std::chrono::seconds(5));
    CHECK(host.http->max_body == 1 << 20);
    CHECK(files_of(host).root == "/etc/ostler/htdocs");
    CHECK(files_of(host).depth == 5);

    const Pipeline& location = route(*c, "example.org", "/app/x");
    CHECK(location.location == "/app/");
    CHECK(location.host == "example.org");
    CHECK(location.http->max_body == 2 << 20);
    CHECK(location.http->idle_timeout == std::chrono::seconds(5));
    CHECK(files_of(location).root == "/srv/app");
    CHECK(files_of(location).prefix == "/app/");
    CHECK(files_of(location).depth == 5);
    CHECK(files_of(location).hidden);
}

TEST_CASE("what a scope does not mention is the outer scope's own object")
{
    const auto c = load_well(site);
    CHECK(&files_of(route(*c, "other.example", "/")) == &files_of(route(*c, "", "/")));
    CHECK(route(*c, "other.example", "/").http == route(*c, "", "/").http);
    CHECK(&files_of(route(*c, "example.org", "/")) != &files_of(route(*c, "", "/")));
}

TEST_CASE("a location of all hosts is in every host; the host's own is read over it")
{
    const auto c = load_well(site);
    for (const char* host : {"", "example.org", "other.example"}) {
        CAPTURE(std::string(host));
        CHECK(route(*c, host, "/everywhere").location == "/everywhere");
        CHECK(files_of(route(*c, host, "/everywhere/x")).root == "/etc/ostler/everywhere");
        CHECK(files_of(route(*c, host, "/everywhere/x")).prefix == "/everywhere");
        CHECK(files_of(route(*c, host, "/shared/x")).age == std::chrono::seconds(9));
    }
    CHECK(files_of(route(*c, "", "/shared/x")).depth == 1);
    CHECK(files_of(route(*c, "other.example", "/shared/x")).depth == 1);
    CHECK(files_of(route(*c, "example.org", "/shared/x")).depth == 9);
}

TEST_CASE("hooks run phase by phase, in the order of the table within a phase")
{
    const auto c = load_well(R"(
modules: { cookie = true; session = true; cgi = true; plain = true; };
cgi: { root = "/cgi"; };
)");
    // cgi rewrites and answers; plain has access, cookie and session prepare.
    CHECK(names_of(route(*c, "", "/")) ==
          "cgi cookie session plain cgi static | session accesslog | accesslog ");
}

TEST_CASE("a module that is off is not in the pipeline")
{
    const auto c = load_well(site);
    CHECK(names_of(route(*c, "", "/")) == "cookie static | accesslog | accesslog ");
    CHECK(names_of(route(*c, "example.org", "/")) == "static | accesslog | accesslog ");
    CHECK(names_of(route(*c, "example.org", "/off")) ==
          "cookie session | session accesslog | accesslog ");
}

TEST_CASE("settings of a module that is on further inside are no error")
{
    const auto c = load_well(R"(
cgi: { root = "/usr/lib/cgi-bin"; };
hosts = ( { names = "a"; locations = ( { path = "/cgi/"; modules: { cgi = true; }; } ); } );
)");
    CHECK(names_of(route(*c, "a", "/")) == "static | accesslog | accesslog ");
    CHECK(names_of(route(*c, "a", "/cgi/x")) == "cgi cgi static | accesslog | accesslog ");
}

TEST_CASE("open and start are called once for each Conf in use")
{
    const auto c = load_well(site);
    Loop loop;
    CHECK(c->open({}) == false);  // the fixture refuses what is hidden: one Conf is
    c->start(loop);
    for (const auto& [host, path] : {std::pair("", "/"),
                                     {"other.example", "/x"},
                                     {"example.org", "/"},
                                     {"example.org", "/app/"},
                                     {"example.org", "/shared/"},
                                     {"other.example", "/shared/"}}) {
        const std::string shown(path);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(files_of(route(*c, host, path)).started == 1);
    }
    CHECK(load_well("")->open({}));
}

TEST_CASE("what is printed is in force, and leads to the same when it is read")
{
    for (const std::string_view text :
         {std::string_view(""), site, std::string_view(R"(modules: { cgi = true; static = false; };
cgi: { root = "a \"quoted\"\tname\\"; };
http: { error_pages = ( { status = 404; path = "/404.html"; } ); max_body = "5000000000"; };
hosts = ( { names = [ "*" ]; locations = (); }, { names = "[::1]"; modules: { }; } );
locations = ();)")}) {
        const std::string once = load_well(text)->print();
        const std::string twice = load_well(once)->print();
        CHECK(once == twice);
    }
}

TEST_CASE("what is printed names the defaults, and only what an inner scope mentions")
{
    CHECK(load_well(R"(
server: { workers = 3; };
modules: { accesslog = false; };
static: { root = "here"; };
hosts = ( { names = "A.example"; static: { age = "60s"; };
            locations = ( { path = "/p/"; modules: { static = false; }; } ); } );
)")
              ->print() == R"(server: {
    user = "";
    group = "";
    workers = 3;
    pid_file = "";
    error_log = "stderr";
    log_level = "info";
    connections = 4096;
    stop_timeout = "30s";
    worker_timeout = "10s";
    software = "ostler";
    skip_bad_hosts = false;
    event_backend = "";
};
listen = ( {
    address = "*";
    port = 80;
    backlog = 1024;
    tls = false;
} );
modules: {
    cookie = false;
    session = false;
    cgi = false;
    static = true;
    plain = false;
    accesslog = false;
};
http: {
    handshake_timeout = "10s";
    head_timeout = "10s";
    idle_timeout = "1m";
    keep_alive_requests = 10000;
    request_line_size = "8k";
    fields_size = "32k";
    body_timeout = "30s";
    send_timeout = "30s";
    body_rate = "100";
    send_rate = "100";
    max_body = "1M";
};
static: {
    root = "/etc/ostler/here";
    index = [ "index.html" ];
    hidden = false;
    depth = 3;
    age = "30s";
    cache = "1M";
    links = "same-owner";
    types: {
        txt = "text/plain";
    };
    log = "off";
};
hosts = ( {
    names = [ "A.example" ];
    static: {
        age = "1m";
    };
    locations = ( {
        path = "/p/";
        modules: {
            static = false;
        };
    } );
} );
)");
}

TEST_CASE("the host named * serves every other name")
{
    const auto c =
        load_well(R"(hosts = ( { names = "a"; }, { names = [ "*", "default.example" ]; } );)");
    CHECK(route(*c, "a", "/").host == "a");
    CHECK(route(*c, "b", "/").host == "default.example");
    CHECK(route(*c, "", "/").host == "default.example");
}
