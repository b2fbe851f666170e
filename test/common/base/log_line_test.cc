// log_line_test.cc - escaping: what goes in, what stands in the log.
#include "common/base/log_line.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <string>

using namespace ostler;

namespace {

using Put = void (LogLine::*)(std::string_view, std::size_t);

std::string put(Put how, std::string_view text, std::size_t max = LogLine::no_limit,
                std::size_t room = 1000)
{
    std::string memory(room, '#');
    LogLine line(memory.data(), room);
    (line.*how)(text, max);
    return std::string(line.view());
}

}  // namespace

TEST_CASE("untrusted bytes are escaped as the kind of line needs it")
{
    using namespace std::string_literals;
    struct Row {
        const char* why;
        std::string in, text, ascii, json;
    };
    const Row rows[] = {
        {"plain", "GET /a?b=c d~", "GET /a?b=c d~", "GET /a?b=c d~", "GET /a?b=c d~"},
        {"nothing", "", "", "", ""},
        {"a newline cannot begin another record", "a\nb\r", "a\\x0ab\\x0d", "a\\x0ab\\x0d",
         "a\\u000ab\\u000d"},
        {"NUL, escape, delete", "\0\x1b\x7f"s, "\\x00\\x1b\\x7f", "\\x00\\x1b\\x7f",
         "\\u0000\\u001b\\u007f"},
        {"tab", "\t", "\\x09", "\\x09", "\\u0009"},
        {"a quote cannot end a quoted value", "a\"b", "a\"b", "a\\x22b", "a\\\"b"},
        {"backslash", "a\\b", "a\\b", "a\\x5cb", "a\\\\b"},
        {"UTF-8", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
         "\\xc3\\xbc\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a byte that is not UTF-8", "a\xff z", "a\\xff z", "a\\xff z", "a\\\\xff z"},
        {"a continuation byte alone", "\x80", "\\x80", "\\x80", "\\\\x80"},
        {"a sequence that ends early", "\xe2\x82", "\\xe2\\x82", "\\xe2\\x82", "\\\\xe2\\\\x82"},
        {"an overlong slash", "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf", "\\\\xc0\\\\xaf"},
        {"an overlong slash in three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf",
         "\\\\xe0\\\\x80\\\\xaf"},
        {"a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80",
         "\\\\xed\\\\xa0\\\\x80"},
        {"above U+10FFFF", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
         "\\\\xf4\\\\x90\\\\x80\\\\x80"},
        {"a C1 control: terminals obey U+009B", "\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b", "\\u009b"},
        {"U+00A0 is no control", "\xc2\xa0", "\xc2\xa0", "\\xc2\\xa0", "\xc2\xa0"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.why);
        CHECK(put(&LogLine::put_text, row.in) == row.text);
        CHECK(put(&LogLine::put_ascii, row.in) == row.ascii);
        CHECK(put(&LogLine::put_json, row.in) == row.json);
    }
}

TEST_CASE("a value that is too long is cut, marked, and never inside an escape or a sequence")
{
    CHECK(put(&LogLine::put_ascii, "abcdefghij", 10) == "abcdefghij");
    CHECK(put(&LogLine::put_ascii, "abcdefghijk", 10) == "abcdefg...");
    CHECK(put(&LogLine::put_ascii, "abcd\xff\xff\xff", 12) == "abcd\\xff...");
    CHECK(put(&LogLine::put_ascii, "abcd\xff\xff\xff", 11) == "abcd\\xff...");
    CHECK(put(&LogLine::put_ascii, "abcd\xff\xff\xff", 10) == "abcd...");
    CHECK(put(&LogLine::put_text, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 7) == "\xe2\x82\xac...");
    CHECK(put(&LogLine::put_json, "\n\n\n", 14) == "\\u000a...");
    CHECK(put(&LogLine::put_text, "abcdef", 2) == "");
    CHECK(put(&LogLine::put_text, "abcdef", 3) == "...");
}

TEST_CASE("the end of the line's memory is a limit, too, for every limit and size")
{
    const std::string text = "ab\xe2\x82\xac\xff\"\nxyz\\";
    for (Put how : {&LogLine::put_text, &LogLine::put_ascii, &LogLine::put_json})
        for (std::size_t room = 0; room < 50; ++room)
            for (std::size_t max = 0; max < 50; ++max) {
                const std::string out = put(how, text, max, room);
                CHECK(out.size() <= room);
                CHECK(out.size() <= max);
                const std::string whole = put(how, text);
                if (out != whole && !out.empty()) CHECK(out.substr(out.size() - 3) == "...");
            }
}

TEST_CASE("what does not fit is cut, and the line stays usable")
{
    std::array<char, 8> memory{};
    LogLine line(memory.data(), memory.size());
    line.put("12345");
    line.put("6789");
    line.put('x');
    line.put(42);
    CHECK(line.view() == "12345678");
    CHECK(line.room() == 0);
    line.cut(2);
    line.put_padded(7, 3);
    CHECK(line.view() == "12007");
}

TEST_CASE("numbers: the smallest, the largest, padded")
{
    std::array<char, 64> memory{};
    LogLine line(memory.data(), memory.size());
    line.put(std::int64_t{-5});
    line.put(' ');
    line.put(~std::uint64_t{0});
    line.put(' ');
    line.put_padded(42, 3);
    CHECK(line.view() == "-5 18446744073709551615 042");
}

TEST_CASE("an error number becomes a lower-case cause")
{
    CHECK(error_text(ENOENT) == "no such file or directory");
}
