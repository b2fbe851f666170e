// buffer_test.cc - the byte queue.
#include "common/base/buffer.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

TEST_CASE("bytes come out in the order they went in, however they were added")
{
    Buffer a, b;
    CHECK(a.empty());
    CHECK(a.view().empty());
    a.append("one ");
    a.append_borrowed("two ");
    b.append("three");
    a.append(b);
    CHECK(b.empty());
    CHECK(a.size() == 13);
    CHECK(a.view() == "one two three");
    CHECK(a.take(4) == "one ");
    a.drain(4);
    CHECK(a.take() == "three");
    CHECK(a.empty());
}

TEST_CASE("taking and draining more than there is takes what there is")
{
    Buffer a;
    a.append("abc");
    CHECK(a.take(100) == "abc");
    CHECK(a.take(1).empty());
    a.append("abc");
    a.drain(100);
    CHECK(a.empty());
}

TEST_CASE("a part of another buffer moves, and the count tells how much")
{
    struct { std::size_t there, max, moved; } rows[] = {
        {10, 4, 4}, {10, 10, 10}, {10, 99, 10}, {10, 0, 0}, {0, 5, 0}, {100'000, 70'000, 70'000},
    };
    for (const auto& row : rows) {
        CAPTURE(row.there);
        CAPTURE(row.max);
        Buffer from, to;
        from.append(std::string(row.there, 'x'));
        CHECK(to.append(from, row.max) == row.moved);
        CHECK(to.size() == row.moved);
        CHECK(from.size() == row.there - row.moved);
    }
}

TEST_CASE("borrowed bytes are not copied")
{
    std::string bytes(5000, 'a');
    Buffer a;
    a.append_borrowed(bytes);
    bytes[0] = 'b';
    CHECK(a.take(1) == "b");
}

TEST_CASE("a view is contiguous over many pieces")
{
    Buffer a;
    std::string all;
    for (int i = 0; i < 500; ++i) {
        const std::string piece(37, static_cast<char>('a' + i % 26));
        a.append(piece);
        all += piece;
    }
    CHECK(a.view() == all);
}
