// session_values_test.cc - the forms that values travel in.
#include "modules/session_values.h"

#include <doctest/doctest.h>

using namespace ostler;

TEST_CASE("values are kept by name, each once")
{
    SessionValues v;
    set_session_value(v, "b", "2");
    set_session_value(v, "a", "1");
    set_session_value(v, "b", "3");
    CHECK(v == SessionValues{{"a", "1"}, {"b", "3"}});
    CHECK(*find_session_value(v, "b") == "3");
    CHECK(find_session_value(v, "c") == nullptr);
    unset_session_value(v, "a");
    unset_session_value(v, "nothing");
    CHECK(v == SessionValues{{"b", "3"}});
}

TEST_CASE("urlencoded text is read as the URL standard does")
{
    struct Row {
        const char* fact;
        std::string text;
        SessionValues values;
    };
    const std::vector<Row> rows = {
        {"pairs", "a=1&b=2", {{"a", "1"}, {"b", "2"}}},
        {"a plus is a space", "a=x+y", {{"a", "x y"}}},
        {"percent", "a=%41%2b%00%ff", {{"a", std::string("A+\0\xff", 4)}}},
        {"a lone percent stands for itself",
         "a=50%&b=%4&c=%zz",
         {{"a", "50%"}, {"b", "%4"}, {"c", "%zz"}}},
        {"no equals sign", "a", {{"a", ""}}},
        {"an empty value", "a=", {{"a", ""}}},
        {"an equals sign in a value", "a=b=c", {{"a", "b=c"}}},
        {"nothing between separators", "&&a=1&&", {{"a", "1"}}},
        {"the last one counts", "a=1&a=2", {{"a", "2"}}},
        {"names are decoded", "x%20y=1", {{"x y", "1"}}},
        {"a name without characters is left out", "=1&a=2", {{"a", "2"}}},
        {"a name with a control is left out", "a%0a=1&b=2", {{"b", "2"}}},
        {"nothing", "", {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fact);
        CHECK(decode_session_values(row.text) == row.values);
    }
}

TEST_CASE("what is left out is counted, and there is an end to names")
{
    std::size_t skipped = 0;
    decode_session_values("=1&%0a=2&c=3", &skipped);
    CHECK(skipped == 2);
    std::string many;
    for (int i = 0; i < 300; ++i) many += "n" + std::to_string(i) + "=1&";
    CHECK(decode_session_values(many + "n0=2", &skipped).size() == most_session_values);
    CHECK(skipped == 300 - most_session_values);
    CHECK(decode_session_values(std::string(most_session_name + 1, 'n') + "=1").empty());
    CHECK(decode_session_values(std::string(most_session_name, 'n') + "=1").size() == 1);
}

TEST_CASE("any value survives the way out and back")
{
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const SessionValues v = {{"all", all}, {"empty", ""}, {"na me&=", "\xc3\xa4"}};
    const std::string text = encode_session_values(v);
    CHECK(text.size() == encoded_session_size(v));
    CHECK(text.find_first_of(" \n\r;\"<>") == std::string::npos);
    CHECK(decode_session_values(text) == v);
    CHECK(encode_session_values({{"a", "x y"}, {"b", "-._~"}}) == "a=x%20y&b=-._~");
    CHECK(encoded_session_size({}) == 0);
}

TEST_CASE("a replacement is merged as the differences it makes")
{
    const SessionValues from = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
    const SessionValues to = {{"a", "1"}, {"b", "9"}, {"d", "4"}};
    const SessionChanges changes = session_differences(from, to);
    CHECK(changes.size() == 3);  // a is not among them: whoever else changes it wins
    SessionValues merged = from;
    apply_session_changes(merged, changes);
    CHECK(merged == to);
    SessionValues elsewhere = from;
    set_session_value(elsewhere, "a", "other");
    apply_session_changes(elsewhere, changes);
    CHECK(*find_session_value(elsewhere, "a") == "other");
}

TEST_CASE("JSON has every name and value as a string, UTF-8 whatever they are")
{
    CHECK(session_values_to_json({{"a", "q\"\n\xff"}}) == R"({"a":"q\"\u000a\ufffd"})");
    CHECK(session_values_to_json({}) == "{}");
    CHECK(session_values_to_json({{"a", "1"}, {"b", "2"}}) == R"({"a":"1","b":"2"})");
}
