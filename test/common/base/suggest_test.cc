// suggest_test.cc - "did you mean".
#include "common/base/suggest.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ostler;

TEST_CASE("the distance counts insertions, deletions, replacements and swaps")
{
    struct Row {
        const char *a, *b;
        std::size_t distance;
    };
    const Row rows[] = {
        {"", "", 0},         {"", "abc", 3},
        {"abc", "", 3},      {"abc", "abc", 0},
        {"abc", "ABC", 0},   {"abc", "abd", 1},
        {"abc", "abcd", 1},  {"abc", "ac", 1},
        {"abc", "acb", 1},   {"root", "rot", 1},
        {"root", "orot", 1}, {"kitten", "sitting", 3},
        {"ca", "abc", 3},    {"workers", "wokrers", 1},
    };
    for (const Row& row : rows) {
        CAPTURE(std::string(row.a));
        CHECK(edit_distance(row.a, row.b) == row.distance);
        CHECK(edit_distance(row.b, row.a) == row.distance);
    }
}

TEST_CASE("the nearest word is offered when it is near")
{
    const std::vector<std::string_view> words = {"root",  "index", "workers",     "user",
                                                 "group", "tls",   "idle_timeout"};
    const std::pair<std::string, const char*> rows[] = {
        {"rot", "root"},
        {"Root", "root"},
        {"indx", "index"},
        {"wrokers", "workers"},
        {"worker", "workers"},
        {"tsl", "tls"},
        {"idletimeout", "idle_timeout"},
        {"idel_timeuot", "idle_timeout"},
        {"x", ""},
        {"php", ""},
        {"frobnicate", ""},
        {"", ""},
        {std::string(1000, 'r'), ""},
    };
    for (const auto& [word, nearest] : rows) {
        const std::string shown(word);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(nearest_word(word, words) == nearest);
    }
    CHECK(nearest_word("a", {}).empty());
}

TEST_CASE("words are listed as people do")
{
    const std::vector<std::string_view> words = {"a", "b", "c"};
    CHECK(list_words({}) == "");
    CHECK(list_words(std::span(words).first(1)) == "\"a\"");
    CHECK(list_words(std::span(words).first(2)) == "\"a\" or \"b\"");
    CHECK(list_words(words) == "\"a\", \"b\" or \"c\"");
    CHECK(list_words(words, "and") == "\"a\", \"b\" and \"c\"");
}
