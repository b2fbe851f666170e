// explain_test.cc - how an answer comes about, written down.
#include "server/explain.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Explained {
    explicit Explained(std::string_view text)
    {
        std::filesystem::create_directories(scratch.path("www/sub"));
        scratch.write("www/a.txt", "hello");
        scratch.write("www/sub/index.html", "index");
        std::vector<Problem> problems;
        configuration = load_configuration_text(text, "test", scratch.path(), problems);
        REQUIRE(configuration);
        server.emplace(*configuration);
    }
    Explanation ask(std::string_view url)
    {
        Asked asked;
        REQUIRE(set_url(asked, url));
        return explain_request(*configuration, *server, asked);
    }
    Scratch scratch;
    std::unique_ptr<Configuration> configuration;
    std::optional<InProcess> server;
};

std::string steps(const Explanation& e)
{
    std::string all;
    for (const ExplainStep& s : e.steps)
        all += s.kind == ExplainStep::Kind::route
                   ? "[" + s.host + " " + s.location + " " + s.path + "]"
                   : s.module + ":" + s.phase + ":" + s.said + " ";
    return all;
}

}  // namespace

TEST_CASE("hooks are asked in order, and what they say is written down")
{
    Explained x("static: { root = \"www\"; }; hosts = ( { names = [ \"a.example\" ]; } );");
    const Explanation found = x.ask("http://a.example/a.txt");
    CHECK(steps(found) == "[a.example / /a.txt]static:content:done ");
    CHECK(found.file == x.scratch.path() + "/www/a.txt");
    CHECK(found.answered.status == Code::ok);
    CHECK(found.answered.content.empty());
    CHECK_FALSE(found.script);

    const Explanation missing = x.ask("/sub/none/x");
    CHECK(steps(missing) == "[ / /sub/none/x]static:content:next autoindex:content:next ");
    CHECK(missing.file.empty());
    REQUIRE(missing.steps[1].notes.size() == 1);
    CHECK(missing.steps[1].notes[0] ==
          x.scratch.path() + "/www/sub/none: no such file or directory");
}

TEST_CASE("another path is another routing")
{
    Explained x("static: { root = \"www\"; };");
    const Explanation e = x.ask("/sub/");
    CHECK(steps(e) == "[ / /sub/]static:content:reroute [ / /sub/index.html]static:content:done ");
    CHECK(e.path == "/sub/");
}

TEST_CASE("an explanation is the same as text and as JSON")
{
    Explained x("static: { root = \"www\"; };");
    const Explanation e = x.ask("/sub");
    const std::string text = explanation_text(e, true);
    CHECK(text.find("answer    301 Moved Permanently\n") != text.npos);
    CHECK(text.find("          Location: /sub/\n") != text.npos);
    const std::string json = explanation_json(e);
    CHECK(json.find("\"status\": 301") != json.npos);
    CHECK(json.find("{\"name\": \"Location\", \"value\": \"/sub/\"}") != json.npos);
}

TEST_CASE("what a client sends cannot move the cursor of a terminal")
{
    Explained x("static: { root = \"www\"; };");
    CHECK(explanation_text(x.ask("/%1b[2J"), false).find('\x1b') == std::string::npos);
}
