// json_test.cc - JSON text, whatever the values are.
#include "common/base/json.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("a JSON string is valid whatever its bytes are")
{
    const auto json = [](std::string_view text) {
        std::string out;
        append_json_text(out, text);
        return out;
    };
    CHECK(json("") == "\"\"");
    CHECK(json("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json(std::string_view("\0\n\x7f", 3)) == R"("\u0000\u000a\u007f")");
    CHECK(json("\xc3\xa9") == "\"\xc3\xa9\"");
    CHECK(json("\xc3(") == R"("\ufffd(")");
    CHECK(json("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");
    CHECK(json("\xe2\x82") == R"("\ufffd\ufffd")");                      // cut
    CHECK(json("\xc0\xaf") == R"("\ufffd\ufffd")");                      // overlong
    CHECK(json("\xe0\x80\xaf") == R"("\ufffd\ufffd\ufffd")");            // overlong in three
    CHECK(json("\xf4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond U+10FFFF
}

TEST_CASE("a document has its commas where they belong")
{
    std::string out;
    JsonWriter w(out);
    w.begin_object().member("a", 1).key("b").begin_array().value("x").value(true).begin_object();
    w.end_object().value(-2).end_array().member("c", 0.5).key("d").begin_array().end_array();
    w.end_object();
    CHECK(out == R"({"a": 1, "b": ["x", true, {}, -2], "c": 0.5, "d": []})");
}

TEST_CASE("a number that is none is 0")
{
    std::string out;
    JsonWriter(out).value(0.0 / 0.0);
    CHECK(out == "0");
}
