// config_scan_test.cc - the words of a configuration file and where they stand.
#include "common/base/config_scan.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

namespace {

/// "name:a mark:= number:1 "…
std::string words(std::string_view text)
{
    static constexpr std::string_view names[] = {"name",    "string",  "number", "boolean", "mark",
                                                 "include", "garbage", "open",   "end"};
    std::string all;
    ConfigScanner scanner(text);
    for (;;) {
        const ConfigToken t = scanner.next();
        if (t.kind == ConfigToken::Kind::end) return all;
        all += names[static_cast<std::size_t>(t.kind)];
        all += ':';
        all += t.text;
        all += ' ';
    }
}

}  // namespace

TEST_CASE("words are what libconfig takes for one")
{
    const std::pair<const char*, const char*> rows[] = {
        {"", ""},
        {" \t\r\n\f", ""},
        {"a=1;", "name:a mark:= number:1 mark:; "},
        {"a-b_c*9:{}", "name:a-b_c*9 mark:: mark:{ mark:} "},
        {"*a", "name:*a "},
        {"true TRUE False trueish", "boolean:true boolean:TRUE boolean:False name:trueish "},
        {"-1 +2 10L 10LL 10LLL", "number:-1 number:+2 number:10L number:10LL number:10LL name:L "},
        {"0x1F 0XffL 0xg", "number:0x1F number:0XffL number:0 name:xg "},
        {"1.5 .5 5. . -.5e3 1e5 1e 2.e+7",
         "number:1.5 number:.5 number:5. number:. number:-.5e3 number:1e5 number:1 name:e "
         "number:2.e+7 "},
        {"10M", "number:10 name:M "},
        {"127.0.0.1", "number:127.0 number:.0 number:.1 "},
        {"\"a\" \"\" \"\\\"\" \"\\\\\"", "string:a string: string:\\\" string:\\\\ "},
        {"\"a\nb\"", "string:a\nb "},
        {"\"a", "open:\"a "},
        {"\"a\\", "open:\"a\\ "},
        {"# x\na // y\nb /* z\n z */ c", "name:a name:b name:c "},
        {"a /* b", "name:a open:/* b "},
        {"a / b", "name:a garbage:/ name:b "},
        {"'a' _", "garbage:' name:a garbage:' garbage:_ "},
        {"- + -a", "garbage:- garbage:+ garbage:- name:a "},
        {"@include \"x\"\n  @include\t\"y z\" a", "include:x include:y z name:a "},
        {"a @include \"x\"", "name:a garbage:@ name:include string:x "},
        {"@include\"x\"", "garbage:@ name:include string:x "},
        {"@include \"x", "garbage:@ name:include open:\"x "},
        {"\"\n@include \"x\"", "string:\n@include  name:x open:\" "},
    };
    for (const auto& [text, expected] : rows) {
        const std::string shown(text);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(words(text) == expected);
    }
}

TEST_CASE("line and column are those of a word's first byte")
{
    ConfigScanner scanner("a\n  b /*\n*/ \"x\ny\" c");
    const struct {
        int line, column;
    } places[] = {{1, 1}, {2, 3}, {3, 4}, {4, 4}, {4, 5}};
    for (const auto& place : places) {
        const ConfigToken t = scanner.next();
        CHECK(t.line == place.line);
        CHECK(t.column == place.column);
    }
    CHECK(scanner.next().kind == ConfigToken::Kind::end);
}
