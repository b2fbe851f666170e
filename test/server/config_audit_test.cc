// config_audit_test.cc - what -t looks at beside the text.
#include "server/config_audit.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// The warnings of -t, each as "line: text".
std::vector<std::string> audit(const Scratch& scratch, const std::string& text)
{
    std::vector<Problem> problems;
    const auto configuration = load_configuration_text(text, "o.conf", scratch.path(), problems);
    REQUIRE(configuration);
    problems.clear();
    audit_configuration(*configuration, problems);
    std::vector<std::string> out;
    for (const Problem& p : problems) {
        CHECK(p.severity == Problem::Severity::warning);
        out.push_back(std::to_string(p.line) + ": " + p.text);
    }
    return out;
}

}  // namespace

TEST_CASE("paths are looked at where a setting mentions them")
{
    Scratch scratch;
    ::mkdir(scratch.path("www").c_str(), 0755);
    scratch.write("file", "");
    CHECK(audit(scratch, "") == std::vector<std::string>{});
    CHECK(audit(scratch, "static: { root = \"www\"; };") == std::vector<std::string>{});
    CHECK(audit(scratch, "\nstatic: { root = \"none\"; };") ==
          std::vector{"2: \"root\" in \"static\": there is no folder " + scratch.path("none")});
    CHECK(audit(scratch, "static: { root = \"file\"; };") ==
          std::vector{"1: \"root\" in \"static\": " + scratch.path("file") + " is not a folder"});
}

TEST_CASE("an address is part of all addresses, on the same port only")
{
    Scratch scratch;
    const std::vector<std::string> found =
        audit(scratch, "listen = ( { port = 80; },\n{ address = \"::1\"; port = 80; },\n"
                       "{ address = \"::1\"; port = 81; }, { address = \"unix:/tmp/x\"; } );");
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("2: [::1]:80 is part of *:80"));
}
