// cgi_stderr_test.cc - stderr as lines, bounded.
#include "modules/cgi_stderr.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace ostler;

namespace {

struct Lines final : StderrLines::Reader {
    void read_line(std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("bytes become lines, however they are cut")
{
    for (const std::size_t step : {1u, 2u, 100u}) {
        StderrLines stderr_lines(100, Milliseconds(0));
        Lines out;
        std::string_view text = "one\r\n\ntwo\nthree";
        while (!text.empty()) {
            stderr_lines.feed(text.substr(0, step), Milliseconds(0), out);
            text.remove_prefix(std::min(step, text.size()));
        }
        stderr_lines.finish(out);
        CHECK(out.lines == std::vector<std::string>{"one", "two", "three"});
    }
}

TEST_CASE("a line is cut at its limit, and says so")
{
    StderrLines stderr_lines(100, Milliseconds(0));
    Lines out;
    for (int i = 0; i < 3000; ++i) stderr_lines.feed("x", Milliseconds(0), out);
    stderr_lines.feed("\nshort\n", Milliseconds(0), out);
    REQUIRE(out.lines.size() == 2);
    CHECK(out.lines[0] == std::string(1000, 'x') + " [2000 bytes more]");
    CHECK(out.lines[1] == "short");
}

TEST_CASE("too many lines are counted instead, and time gives new ones")
{
    StderrLines stderr_lines(10, Milliseconds(0));
    Lines out;
    for (int i = 0; i < 50; ++i) stderr_lines.feed("abcd\n", Milliseconds(0), out);
    CHECK(out.lines.size() == 10);
    stderr_lines.feed("later\n", Milliseconds(1000), out);  // a tenth of ten a second
    CHECK(out.lines.size() == 11);
    stderr_lines.finish(out);
    REQUIRE(out.lines.size() == 12);
    CHECK(out.lines[11] == "[40 lines with 160 bytes left out: see cgi.stderr_lines]");
}

TEST_CASE("the tail is kept for whoever explains")
{
    StderrLines stderr_lines(1, Milliseconds(0));
    Lines out;
    stderr_lines.feed(std::string(5000, 'a') + "\nlast words", Milliseconds(0), out);
    CHECK(stderr_lines.tail().size() == StderrLines::tail_size);
    CHECK(stderr_lines.tail().ends_with("last words"));
}
