// problem_test.cc - problems as text and as JSON.
#include "common/base/problem.h"

#include <doctest/doctest.h>

using namespace ostler;

namespace {

Problem at(int line, int column, std::string source)
{
    Problem p;
    p.file = "o.conf";
    p.line = line;
    p.column = column;
    p.text = "it is wrong";
    p.source = std::move(source);
    return p;
}

}  // namespace

TEST_CASE("a problem shows its line and a caret")
{
    CHECK(format_problem(at(3, 5, "    a = 1;")) ==
          "o.conf:3:5: error: it is wrong\n    a = 1;\n    ^\n");
    Problem warning = at(3, 1, "a");
    warning.severity = Problem::Severity::warning;
    CHECK(format_problem(warning) == "o.conf:3:1: warning: it is wrong\na\n^\n");
}

TEST_CASE("what is not known is left out")
{
    CHECK(format_problem(at(0, 0, "")) == "o.conf: error: it is wrong\n");
    CHECK(format_problem(at(3, 0, "")) == "o.conf:3: error: it is wrong\n");
    CHECK(format_problem(at(3, 0, "a")) == "o.conf:3: error: it is wrong\na\n");
    CHECK(format_problem(at(3, 9, "a")) == "o.conf:3:9: error: it is wrong\na\n");
}

TEST_CASE("the caret lines up behind tabs and letters of several bytes")
{
    CHECK(format_problem(at(1, 3, "\t\ta")) == "o.conf:1:3: error: it is wrong\n\t\ta\n\t\t^\n");
    CHECK(format_problem(at(1, 4, "\xc3\xa4 a")) ==
          "o.conf:1:4: error: it is wrong\n\xc3\xa4 a\n  ^\n");
}

TEST_CASE("what a terminal would obey is not printed")
{
    CHECK(format_problem(at(1, 1, "\x1b[31m\r\x7f")) ==
          "o.conf:1:1: error: it is wrong\n?[31m??\n^\n");
}

TEST_CASE("a line that fills the screen is left out")
{
    CHECK(format_problem(at(1, 1, std::string(1000, 'x'))) == "o.conf:1:1: error: it is wrong\n");
}

TEST_CASE("JSON escapes quotes and controls, and replaces what is not UTF-8")
{
    CHECK(format_problems_json({}) == "[]\n");
    Problem p = at(1, 2, "\"\\\n\x7f");
    p.text = "\xc3\xa4 \xff \xed\xa0\x80 \xf0\x9f\x90\xb4 \xc3";
    CHECK(format_problems_json(std::vector<Problem>{p, at(0, 0, "")}) ==
          "[\n"
          " {\"severity\": \"error\", \"file\": \"o.conf\", \"line\": 1, \"column\": 2, "
          "\"text\": \"\xc3\xa4 \\ufffd \\ufffd\\ufffd\\ufffd \xf0\x9f\x90\xb4 \\ufffd\", "
          "\"source\": \"\\\"\\\\\\u000a\\u007f\"},\n"
          " {\"severity\": \"error\", \"file\": \"o.conf\", \"line\": 0, \"column\": 0, "
          "\"text\": \"it is wrong\", \"source\": \"\"}\n"
          "]\n");
}

TEST_CASE("a warning is no error")
{
    Problem p;
    p.severity = Problem::Severity::warning;
    CHECK_FALSE(has_errors(std::vector{p}));
    CHECK(has_errors(std::vector{p, Problem{}}));
    CHECK_FALSE(has_errors({}));
}
