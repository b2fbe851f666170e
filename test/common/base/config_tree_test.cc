// config_tree_test.cc - files as trees: numbers, places, text that parses to the same.
#include "common/base/config_tree.h"

#include <doctest/doctest.h>

#include <limits>

using namespace ostler;

namespace {

ConfigNode parse(std::string_view text)
{
    std::vector<Problem> problems;
    ConfigNode root;
    const bool ok = parse_config(text, "t.conf", "/etc/ostler", root, problems);
    for (const Problem& p : problems) FAIL_CHECK(format_problem(p));
    REQUIRE(ok);
    return root;
}

std::string place(const SourcePlace& p)
{
    return std::to_string(p.line) + ":" + std::to_string(p.column);
}

}  // namespace

TEST_CASE("a number is what is written, whatever its size")
{
    struct Row {
        const char* text;
        std::int64_t value;
        bool too_large;
    };
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    const Row rows[] = {
        {"0", 0, false},
        {"-0", 0, false},
        {"+7", 7, false},
        {"007", 7, false},
        {"2147483647", 2147483647, false},
        {"2147483648", 2147483648, false},  // libconfig 1.5: -2147483648
        {"3000000000", 3000000000, false},  // libconfig 1.5: -1294967296
        {"-3000000000", -3000000000, false},
        {"4294967297", 4294967297, false},  // libconfig 1.5: 1
        {"3000000000L", 3000000000, false},
        {"5L", 5, false},
        {"5LL", 5, false},
        {"0xFF", 255, false},
        {"0xFFFFFFFF", 4294967295, false},  // libconfig 1.5: -1
        {"0x1FFFFFFFFL", 8589934591, false},
        {"9223372036854775807", most, false},
        {"-9223372036854775808", least, false},
        {"9223372036854775808", 0, true},
        {"-9223372036854775809", 0, true},
        {"0x8000000000000000", 0, true},
        {"99999999999999999999999999", 0, true},
    };
    for (const Row& row : rows) {
        CAPTURE(std::string(row.text));
        const ConfigNode root = parse(std::string("a = ") + row.text + ";");
        REQUIRE(root.children.size() == 1);
        const ConfigNode& a = root.children[0];
        CHECK(a.is(ConfigNode::Type::integer));
        CHECK(a.text == row.text);
        CHECK(a.too_large == row.too_large);
        if (!row.too_large) CHECK(a.integer == row.value);
    }
}

TEST_CASE("every node has the place of its name and of its value")
{
    const ConfigNode root =
        parse("a = 1; b : {\n\tc = \"x\"\n  \"y\"; d = ( 1,\n {  e = [ 2 ,3]; } );\n}"
              " /* f = 1 */ f =\n  true");
    CHECK(place(root.find("a")->place) == "1:1");
    CHECK(place(root.find("a")->value_place) == "1:5");
    const ConfigNode& b = *root.find("b");
    CHECK(place(b.place) == "1:8");
    CHECK(place(b.value_place) == "1:12");
    CHECK(b.find("c")->text == "xy");
    CHECK(place(b.find("c")->place) == "2:2");
    CHECK(place(b.find("c")->value_place) == "2:6");
    const ConfigNode& d = *b.find("d");
    CHECK(place(d.place) == "3:8");
    CHECK(place(d.children[0].place) == "3:14");
    CHECK(place(d.children[1].place) == "4:2");
    CHECK(place(d.children[1].find("e")->place) == "4:5");
    CHECK(place(d.children[1].find("e")->children[1].value_place) == "4:14");
    CHECK(place(root.find("f")->place) == "5:15");
    CHECK(place(root.find("f")->value_place) == "6:3");
    CHECK(root.find("f")->boolean);
}

TEST_CASE("a name is found at its own place, not where else the word stands")
{
    const ConfigNode root =
        parse("x = \"y = 1\"; # y = 2\nz: { y = 3; }; y = 4;\nlist = ( ( ), ( ), \"y\" ); w = 1;");
    CHECK(place(root.find("y")->place) == "2:16");
    CHECK(root.find("y")->integer == 4);
    const ConfigNode& list = *root.find("list");
    CHECK(place(list.children[0].place) == "3:10");
    CHECK(place(list.children[1].place) == "3:15");
    CHECK(place(list.children[2].place) == "3:20");
    CHECK(place(root.find("w")->place) == "3:27");
}

TEST_CASE("what is written parses to the same")
{
    const std::string text = R"(a = 1;
b = -5000000000L;
c = true;
d = "a \"b\" \\ \x09 \n \x7f ä";
e: {
    f = [ 1, 2 ];
    g = ( );
    h = ( {
        i = 1;
    }, ( "x", 1.5 ) );
    j: {
    };
};
)";
    CHECK(write_config(parse(text)) == text);
    CHECK(write_config_value(*parse(text).find("e")) ==
          "{ f = [ 1, 2 ]; g = ( ); h = ( { i = 1; }, ( \"x\", 1.5 ) ); j: { }; }");
}

TEST_CASE("a value is described as it is written, when it is short")
{
    const ConfigNode root = parse("a = \"x\"; b = 0x10; c = true; d = { }; e = [ 1, 2 ]; f = ( );");
    const std::pair<const char*, const char*> rows[] = {
        {"a", "\"x\""},   {"b", "0x10"},     {"c", "true"},
        {"d", "a group"}, {"e", "[ 1, 2 ]"}, {"f", "( )"},
    };
    for (const auto& [key, text] : rows) CHECK(root.find(key)->describe() == text);
    CHECK(ConfigNode::make_strings("", std::vector<std::string>(50, "x")).describe() == "an array");
    CHECK(root.find("g") == nullptr);
}

TEST_CASE("text that libconfig must not see is refused")
{
    ConfigNode root;
    std::vector<Problem> problems;
    CHECK_FALSE(parse_config(std::string_view("a = 1;\nb\0 = 2;", 14), "t", "/", root, problems));
    CHECK_FALSE(parse_config("a = 1; /* b = 2;", "t", "/", root, problems));
    std::string deep = "a = ";
    for (int i = 0; i < 100'000; ++i) deep += "( ";
    CHECK_FALSE(parse_config(deep, "t", "/", root, problems));
    REQUIRE(problems.size() == 3);
    CHECK(format_problem(problems[0]) == "t:2: error: the file contains a NUL byte\n" +
                                             std::string("b\0 = 2;", 7).replace(1, 1, "?") + "\n");
    CHECK(problems[1].text == "this comment has no closing */");
    CHECK(problems[2].text == "groups are nested more than 64 deep");
}
