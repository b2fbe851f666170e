// chunked_test.cc - the chunked transfer coding of a request (RFC 9112 section 7.1).
#include "common/http/chunked.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace ostler;
using namespace std::string_literals;
using Next = ChunkedDecoder::Next;

namespace {

struct Decoded {
    Next next = Next::more;
    std::string content;
    std::size_t used = 0;
    std::string why;
    bool operator==(const Decoded&) const = default;
};

/// Feeds pieces of `piece` bytes, keeping what a step does not use, as a connection does.
Decoded decode(std::string_view input, std::size_t piece = static_cast<std::size_t>(-1))
{
    Decoded result;
    ChunkedDecoder decoder;
    for (std::size_t given = 0;;) {
        const auto step = decoder.step(input.substr(result.used, given - result.used));
        result.used += step.used;
        result.next = step.next;
        result.content += step.content;
        if (step.next == Next::data) {
            CHECK_FALSE(step.content.empty());
            CHECK(step.content.data() + step.content.size() == input.data() + result.used);
            continue;
        }
        CHECK(step.content.empty());
        if (step.next != Next::more) break;
        CHECK(result.used == given);
        if (given == input.size()) break;
        given += std::min(piece, input.size() - given);
    }
    result.why = decoder.why();
    return result;
}

}  // namespace

TEST_CASE("chunks are decoded, and the rest is the next request")
{
    struct Row {
        std::string input, content;
    };
    const Row rows[] = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"},
        {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
        {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
        {"000\r\n\r\n", ""},  // 1*HEXDIG
        {"0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc"},
        // 7.1.1: extensions are read and ignored
        {"3;a\r\nabc\r\n0;b=c\r\n\r\n", "abc"},
        {"3;a=\"b;c\" ; d\t\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3;\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3;\xff\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3;" + std::string(1023, 'x') + "\r\nabc\r\n0\r\n\r\n", "abc"},
        // 7.1.2: trailer fields are read and dropped
        {"0\r\nA: b\r\n\r\n", ""},
        {"0\r\nA:\r\nB:\t c d \xff\r\n\r\n", ""},
        {"0\r\nA:" + std::string(8 * 1024 - 4, 'x') + "\r\n\r\n", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.input);
        const Decoded whole = decode(row.input + "GET / HTTP/1.1\r\n");
        CHECK(whole.next == Next::end);
        CHECK(whole.content == row.content);
        CHECK(whole.used == row.input.size());
        CHECK(whole.why == "");
    }
}

TEST_CASE("what is not chunked coding is refused at its first wrong byte")
{
    struct Row {
        std::string good, wrong;
    };
    const Row rows[] = {
        // the size: 1 to 16 hexadecimal digits and nothing else
        {"", "\r\n"},
        {"", ";a\r\n"},
        {"", "g\r\n"},
        {"", " 5\r\nhello"},
        {"", "+5\r\nhello"},
        {"", "-1\r\n"},
        {"0", "x5\r\nhello"},
        {"5", "_0\r\n"},
        {"5", " \r\nhello\r\n"},
        {"5", " ;a\r\nhello\r\n"},
        {"5", "\t\r\nhello\r\n"},
        {"5", "h\r\n"},
        {"5", ",5\r\n"},
        {"0000000000000000", "0\r\n\r\n"},
        {"ffffffffffffff", "g"},
        {"800000000000000", "0\r\n"},  // 2^63
        {"fffffffffffffff", "f\r\n"},
        // CRLF only: what counts as an end of line decides where a request begins
        {"5", "\nhello\r\n0\r\n\r\n"},
        {"5\r", "hello"},
        {"5\r", "\r\nhello"},
        {"5;a", "\nhello"},
        {"5;a\r", "a\nhello"},
        {"5\r\nhello", "\n0\r\n\r\n"},
        {"5\r\nhello", "!\r\n"},
        {"5\r\nhello\r", "0"},
        {"5\r\nhello\r\n", "\r\n"},
        {"0\r\n", "\nGET"},
        {"0\r\n\r", "GET"},
        {"0\r\n\r", "\r\n"},
        // extensions
        {"5;a", "\x01\r\n"},
        {"5;", "\0\r\n"s},
        {"5;a=\"", "\x7f\"\r\n"},
        {"5;" + std::string(1023, 'x'), "x\r\nhello"},
        // trailer fields
        {"0\r\n", " a: b\r\n\r\n"},
        {"0\r\n", "\ta: b\r\n\r\n"},
        {"0\r\n", ": b\r\n\r\n"},
        {"0\r\na", " : b\r\n\r\n"},
        {"0\r\na", "\r\n\r\n"},
        {"0\r\na: b", "\n\r\n"},
        {"0\r\na: b\r", "\r\n"},
        {"0\r\na: b\r\n", " folded\r\n\r\n"},
        {"0\r\na: ", "\0\r\n\r\n"s},
        {"0\r\na", "(: b\r\n\r\n"},
        {"0\r\nA:" + std::string(8 * 1024 - 2, 'x'), "x"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.good);
        CAPTURE(row.wrong);
        CHECK(decode(row.good).next == Next::more);
        const Decoded whole = decode(row.good + row.wrong);
        CHECK(whole.next == Next::bad);
        CHECK(whole.used == row.good.size());
        CHECK(whole.why != "");
    }
}

TEST_CASE("a chunk of 2^63 - 1 bytes is announced lawfully")
{
    CHECK(decode("7fffffffffffffff\r\nabc").next == Next::more);
    CHECK(decode("7fffffffffffffff\r\nabc").content == "abc");
    CHECK(decode("7FFFFFFFFFFFFFFF\r\nabc").content == "abc");
}

TEST_CASE("the extensions of one body are limited to 16 KiB")
{
    const std::string chunk = "1;" + std::string(1023, 'x') + "\r\na\r\n";
    std::string body;
    for (int i = 0; i < 16; ++i) body += chunk;
    CHECK(decode(body + "0\r\n\r\n").next == Next::end);
    CHECK(decode(body + "0;\r\n\r\n").next == Next::bad);
}

TEST_CASE("cut anywhere, a chunked body is decoded the same")
{
    const std::string inputs[] = {
        "5;a=b\r\nhello\r\n10\r\n0123456789abcdef\r\n000;x\r\nA: b\r\nC:\r\n\r\nGET / HTTP/1.1\r\n",
        "5\r\nhello\r\n5\r\nhello\r0\r\n\r\n",
        "5\r\nhello\r\n0\r\nBad Name: x\r\n\r\n",
        "5;a\nhello",
        "5\r\nhello\r\n8000000000000000\r\n",
    };
    for (const std::string& input : inputs) {
        CAPTURE(input);
        const Decoded whole = decode(input);
        for (std::size_t piece = 1; piece < input.size(); ++piece) {
            CAPTURE(piece);
            CHECK(decode(input, piece) == whole);
        }
    }
}

TEST_CASE("after the end and after an error nothing is taken any more")
{
    ChunkedDecoder ended;
    CHECK(ended.step("0\r\n\r\n5\r\nhello").next == Next::end);
    const auto more = ended.step("5\r\nhello");
    CHECK(more.next == Next::end);
    CHECK(more.used == 0);

    ChunkedDecoder failed;
    CHECK(failed.step("x").next == Next::bad);
    CHECK(failed.step("5\r\nhello").next == Next::bad);
    CHECK(failed.step("5\r\nhello").used == 0);
}
