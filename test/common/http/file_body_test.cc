// file_body_test.cc - whole files, ranges and multipart, from memory and from disk.
#include "common/http/file_body.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "common/http/file_cache.h"
#include "test/support/scratch.h"
#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

class PlainTree final : public FileTree {
 public:
    bool serves(std::string_view) const override { return true; }
    void describe(std::string_view, FileEntry&) const override {}
};

/// One file, in memory or on disk.
struct Fixture {
    Fixture(const std::string& content, bool in_memory) : cache(limits(in_memory))
    {
        scratch.write("f", content);
        tree.root = scratch.path();
        file = cache.find(tree, "f", {Milliseconds(1), std::int64_t{1} << 60});
        REQUIRE(file->kind == FileKind::regular);
        REQUIRE(file->in_memory() == in_memory);
    }
    static FileCacheLimits limits(bool in_memory)
    {
        FileCacheLimits l;
        l.file = in_memory ? 1 << 20 : 0;
        return l;
    }
    Scratch scratch;
    PlainTree tree;
    FileCache cache;
    FilePin file;
};

std::string numbers(std::size_t count)
{
    std::string s;
    for (std::size_t i = 0; i < count; ++i) s += static_cast<char>('a' + i % 26);
    return s;
}

}  // namespace

TEST_CASE("a range is pulled in pieces of any size")
{
    const std::string content = numbers(200'000);
    for (const bool in_memory : {true, false}) {
        const Fixture f(content, in_memory);
        const ByteRange ranges[] = {
            {0, 200'000}, {0, 1}, {199'999, 1}, {1234, 100'000}, {70'000, 0}};
        for (const ByteRange& range : ranges) {
            for (const std::size_t step :
                 {std::size_t{4096}, std::size_t{65'536}, std::size_t{1} << 30}) {
                CAPTURE(in_memory);
                CAPTURE(range.first);
                CAPTURE(step);
                FileBody body(f.file, range);
                CHECK(body.size() == range.length);
                CHECK(drain(body, step) == content.substr(range.first, range.length));
            }
        }
    }
}

TEST_CASE("a file in memory offers its bytes, one on disk its descriptor")
{
    {
        const Fixture f("0123456789", true);
        FileBody body(f.file, {2, 3});
        REQUIRE(body.bytes());
        CHECK(*body.bytes() == "234");
        CHECK(body.file() == nullptr);
    }
    const Fixture f("0123456789", false);
    FileBody body(f.file, {2, 5});
    CHECK(body.bytes() == nullptr);
    REQUIRE(body.file());
    CHECK(body.file()->fd == f.file->fd());
    CHECK(body.file()->offset == 2);
    CHECK(body.file()->length == 5);
    body.sent(2);
    CHECK(body.file()->offset == 4);
    CHECK(body.size() == 3);
    CHECK(drain(body, 1) == "456");
}

TEST_CASE("a file that shrinks fails the body; one that grows does not lengthen it")
{
    const Fixture f(numbers(100'000), false);
    FileBody body(f.file, {0, 100'000});
    Buffer out;
    CHECK(body.pull(out, 1000) == Pull::more);
    REQUIRE(::truncate(f.scratch.path("f").c_str(), 1500) == 0);
    CHECK(body.pull(out, 1000) == Pull::more);  // what is there is sent
    CHECK(out.size() == 1500);
    CHECK(body.pull(out, 1000) == Pull::fail);
    CHECK(body.pull(out, 1000) == Pull::fail);
    CHECK(out.size() == 1500);

    const Fixture g("short", false);
    FileBody grown(g.file, {0, 5});
    g.scratch.write("f", "short and more");
    CHECK(drain(grown) == "short");
}

TEST_CASE("multipart/byteranges, byte by byte (RFC 9110 section 14.6)")
{
    const std::string expected = "--XYZ\r\n"
                                 "Content-Type: text/plain\r\n"
                                 "Content-Range: bytes 0-1/10\r\n"
                                 "\r\n"
                                 "01"
                                 "\r\n--XYZ\r\n"
                                 "Content-Type: text/plain\r\n"
                                 "Content-Range: bytes 7-9/10\r\n"
                                 "\r\n"
                                 "789"
                                 "\r\n--XYZ--\r\n";
    const ByteRange ranges[] = {{0, 2}, {7, 3}};
    for (const bool in_memory : {true, false}) {
        const Fixture f("0123456789", in_memory);
        for (const std::size_t step :
             {std::size_t{1}, std::size_t{3}, std::size_t{7}, std::size_t{1000}}) {
            CAPTURE(in_memory);
            CAPTURE(step);
            Arena arena;
            MultipartBody body(arena, f.file, ranges, "text/plain", "XYZ");
            CHECK(body.size() == expected.size());
            CHECK(body.bytes() == nullptr);
            CHECK(body.file() == nullptr);
            CHECK(drain(body, step) == expected);
            CHECK(body.size() == 0);
        }
    }
}

TEST_CASE("a multipart body of a file that shrinks fails")
{
    const Fixture f(numbers(1000), false);
    Arena arena;
    const ByteRange ranges[] = {{0, 10}, {900, 10}};
    MultipartBody body(arena, f.file, ranges, "a/b", "XYZ");
    REQUIRE(::truncate(f.scratch.path("f").c_str(), 500) == 0);
    Buffer out;
    Pull last = Pull::more;
    while (last == Pull::more) last = body.pull(out, 1 << 20);
    CHECK(last == Pull::fail);
}
