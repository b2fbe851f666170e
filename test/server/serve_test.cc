// serve_test.cc - the configuration that `ostler serve` makes up.
#include "server/serve.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"
#include "server/config.h"

using namespace ostler;

TEST_CASE("what serve makes up is a valid configuration for loopback")
{
    std::vector<Problem> problems;
    const ServePlan plan{.folder = "/tmp", .ipv6 = true, .port = 0, .bound_port = 4711};
    const auto conf = load_configuration_text(serve_configuration(plan), "serve", "/", problems);
    REQUIRE(conf);
    REQUIRE(conf->listen.size() == 2);
    CHECK(conf->listen[0].name() == "127.0.0.1:0");
    CHECK(conf->listen[1].name() == "[::1]:4711");
    CHECK(conf->server.workers == 1);
}

TEST_CASE("--cgi makes cgi-bin a folder of scripts, in builds that have the module")
{
    std::vector<Problem> problems;
    ServePlan plan;
    plan.folder = "/tmp";
    if (describe_module("cgi").empty()) return;
    plan.cgi = true;
    CHECK(load_configuration_text(serve_configuration(plan), "serve", "/", problems));
    CHECK(serve_configuration(plan).find("cgi = true;") != std::string::npos);
    plan.cgi = false;
    CHECK(serve_configuration(plan).find("cgi = false;") != std::string::npos);
}

TEST_CASE("--lan listens everywhere")
{
    std::vector<Problem> problems;
    const ServePlan plan{.folder = "/tmp", .lan = true, .port = 8080, .bound_port = 8080};
    const auto conf = load_configuration_text(serve_configuration(plan), "serve", "/", problems);
    REQUIRE(conf);
    REQUIRE(conf->listen.size() == 1);
    CHECK(conf->listen[0].name() == "*:8080");
}

TEST_CASE("a folder may be called anything")
{
    for (const char* name : {"/tmp/a \"quoted\" one", "/tmp/back\\slash", "/tmp/tab\there",
                             "/tmp/line\nbreak", "/tmp/gr\xc3\xbc\xc3\x9f", "/tmp/; };", "/tmp/#x"}) {
        CAPTURE(name);
        std::vector<Problem> problems;
        ServePlan plan;
        plan.folder = name;
        const auto conf =
            load_configuration_text(serve_configuration(plan), "serve", "/", problems);
        for (const Problem& p : problems) INFO(p.text);
        CHECK(conf);
    }
}

TEST_CASE("--cgi makes scripts of cgi-bin, whatever the folder is called")
{
    std::vector<Problem> problems;
    const ServePlan plan{.folder = "/tmp/a \"b", .cgi = true};
    const auto conf = load_configuration_text(serve_configuration(plan), "serve", "/", problems);
    for (const Problem& p : problems) INFO(p.text);
    CHECK(conf);
}

TEST_CASE("--cgi turns sessions and the visitor's cookie on for scripts, in builds that have them")
{
    std::vector<Problem> problems;
    ServePlan plan;
    plan.folder = "/tmp";
    plan.cgi = true;
#ifdef OSTLER_SQLITE
    plan.state = "/tmp/a \"state\"";
#endif
    const std::string text = serve_configuration(plan);
    CHECK(load_configuration_text(text, "serve", "/", problems));
    for (const Problem& p : problems) INFO(p.text);
    for (const char* name : {"session", "cookie"}) {
        const bool is_there = !describe_module(name).empty() &&
                              (!plan.state.empty() || std::string_view(name) == "cookie");
        CHECK((text.find(cat(name, " = true;")) != std::string::npos) == is_there);
    }
    plan.cgi = false;
    CHECK(serve_configuration(plan).find("session = true;") == std::string::npos);
    CHECK(serve_configuration(plan).find("visitor") == std::string::npos);
}
