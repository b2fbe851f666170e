// config_tests_test.cc - assertions in the configuration: what is asked, what is expected.
#include "server/config_tests.h"

#include <doctest/doctest.h>

#include "server/config.h"
#include "test/server/config_fixture.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("a test has defaults, and what is wrong with it is told")
{
    std::vector<Problem> problems;
    const auto good = load("tests = ( { url = \"/x\"; } );", problems);
    REQUIRE(good);
    REQUIRE(good->tests.size() == 1);
    CHECK(good->tests[0].method == "GET");
    CHECK(good->tests[0].status == 200);
    CHECK(good->print().find("url = \"/x\";") != std::string::npos);

    CHECK_FALSE(
        load("tests = ( { status = 1000; url = \"x\"; from = \"here\"; colour = 1; }, { } );",
             problems));
    const std::string all = messages(problems);
    for (const char* text :
         {"\"status\" in \"tests\" must be a number from 100 to 599, not 1000",
          "must be a path such as \"/x\" or a URL such as \"http://example.org/x\", not \"x\"",
          "must be a numeric address such as \"192.0.2.1\", not \"here\"",
          "unknown setting \"colour\" in \"tests\"", "what is to be asked for"}) {
        CAPTURE(text);
        CHECK(all.find(text) != std::string::npos);
    }
}

TEST_CASE("a difference is a problem at its place; a test with several fails once")
{
    Scratch scratch;
    scratch.write("a.txt", "hello");
    std::vector<Problem> problems;
    const auto configuration = load_configuration_text(
        "static: { root = \".\"; };\n"
        "tests = ( { url = \"/a.txt\"; body_contains = \"ell\"; },\n"
        "          { url = \"/a.txt\"; status = 404; body_contains = [ \"x\", \"y\" ]; } );",
        "o.conf", scratch.path(), problems);
    REQUIRE(configuration);
    const ConfigTestsRun run = run_config_tests(*configuration);
    CHECK(run.all == 2);
    CHECK(run.failed == 1);
    REQUIRE(run.problems.size() == 3);
    CHECK(run.problems[0].line == 3);
    CHECK(run.problems[0].text == "test GET /a.txt: the status is 200 OK, not 404");
}
