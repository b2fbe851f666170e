// static_parts_test.cc - conditional requests, ranges and compressed siblings, through the
// dispatcher.
#include <doctest/doctest.h>

#include <ctime>
#include <string>

#include "common/http/date.h"
#include "common/http/uri.h"
#include "test/support/static_site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

std::string http_date(std::int64_t seconds)
{
    char date[http_date_size];
    format_http_date(seconds, date);
    return {date, sizeof date};
}

}  // namespace

TEST_CASE("conditional requests for a file")
{
    StaticSite s;
    s.write("a.txt", "0123456789");
    s.touch("a.txt", 784111777);
    const std::string etag = s.get("/a.txt").field("ETag");
    const struct {
        FieldList fields;
        int status;
    } rows[] = {
        {{{"If-None-Match", etag}}, 304},
        {{{"If-None-Match", "W/" + etag}}, 304},
        {{{"If-None-Match", "\"other\""}}, 200},
        {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 304},
        {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, 200},
        {{{"If-Match", etag}}, 200},
        {{{"If-Match", "\"other\""}}, 412},
        {{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, 412},
        // A precondition is evaluated before the range (RFC 9110 section 13.2.2)
        {{{"Range", "bytes=0-1"}, {"If-None-Match", etag}}, 304},
        {{{"Range", "bytes=99-"}, {"If-Match", "\"other\""}}, 412},
        {{{"Range", "bytes=0-1"}, {"If-Match", etag}}, 206},
        {{{"Range", "bytes=0-1"}, {"If-Range", etag}}, 206},
        {{{"Range", "bytes=0-1"}, {"If-Range", "W/" + etag}}, 200},
        {{{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}, 200},
        {{{"Range", "bytes=99-"}, {"If-Range", "\"other\""}}, 200},
        {{{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 206},
        {{{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:38 GMT"}}, 200},
        {{{"If-Range", etag}}, 200},
    };
    for (const auto& row : rows) {
        std::string text;
        for (const auto& [name, value] : row.fields) text += name + ": " + value + "; ";
        CAPTURE(text);
        CHECK(s.get("/a.txt", row.fields).status == row.status);
    }
}

TEST_CASE("a 304 has the validators and no content (RFC 9110 section 15.4.5)")
{
    StaticSite s;
    s.write("a.txt", "hello");
    const Answer whole = s.get("/a.txt");
    const Answer a = s.get("/a.txt", {{"If-None-Match", whole.field("ETag")}});
    CHECK(a.status == 304);
    CHECK(a.body.empty());
    CHECK(a.field("ETag") == whole.field("ETag"));
    CHECK(a.field("Last-Modified") == whole.field("Last-Modified"));
    CHECK(a.field("Content-Type").empty());
}

TEST_CASE("without ETag the date alone decides")
{
    StaticSite s;
    s.write("a.txt", "hello");
    s.touch("a.txt", 784111777);
    s.conf().etag = false;
    const Answer a = s.get("/a.txt");
    CHECK(a.field("ETag").empty());
    CHECK(a.field("Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(s.get("/a.txt", {{"If-Modified-Since", a.field("Last-Modified")}}).status == 304);
    CHECK(s.get("/a.txt", {{"If-None-Match", "*"}}).status == 304);
}

TEST_CASE("Last-Modified is never later than Date (RFC 9110 section 8.8.2.1)")
{
    StaticSite s;
    s.write("a.txt", "hello");
    const std::int64_t now = s.loop.wall_seconds();
    s.touch("a.txt", now + 100'000);
    const Answer a = s.get("/a.txt");
    CHECK(a.field("Last-Modified") == http_date(now));
    CHECK(s.get("/a.txt", {{"If-Modified-Since", http_date(now)}}).status == 304);
    CHECK(s.get("/a.txt", {{"If-Modified-Since", http_date(now - 1)}}).status == 200);
}

TEST_CASE("ranges of a file")
{
    StaticSite s;
    s.write("a.txt", "0123456789");
    s.write("empty.txt", "");
    const struct {
        const char* path;
        const char* range;
        int status;
        const char* content_range;
        const char* body;  // null: not looked at
    } rows[] = {
        {"/a.txt", "bytes=2-4", 206, "bytes 2-4/10", "234"},
        {"/a.txt", "bytes=-3", 206, "bytes 7-9/10", "789"},
        {"/a.txt", "bytes=0-", 206, "bytes 0-9/10", "0123456789"},
        {"/a.txt", "bytes=5-999", 206, "bytes 5-9/10", "56789"},
        {"/a.txt", "bytes=0-1,1-2", 206, "bytes 0-2/10", "012"},
        {"/a.txt", "bytes=0-1,99-", 206, "bytes 0-1/10", "01"},
        {"/a.txt", "bytes=10-", 416, "bytes */10", nullptr},
        {"/a.txt", "bytes=-0", 416, "bytes */10", nullptr},
        {"/a.txt", "lines=0-1", 200, "", "0123456789"},
        {"/a.txt", "bytes=4-2", 200, "", "0123456789"},
        {"/a.txt", "bytes=0-4,5-9", 200, "", "0123456789"},
        {"/empty.txt", "bytes=0-", 416, "bytes */0", nullptr},
        {"/empty.txt", "bytes=-1", 200, "", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.range));
        const Answer a = s.get(row.path, {{"Range", row.range}});
        CHECK(a.status == row.status);
        CHECK(a.field("Content-Range") == row.content_range);
        if (row.body) CHECK(a.body == row.body);
        CHECK(a.field("Accept-Ranges") == (row.status == 416 ? "" : "bytes"));
    }
    // RFC 9110 section 14.2: only for GET
    CHECK(s.head("/a.txt", {{"Range", "bytes=2-4"}}).status == 200);
    CHECK(s.head("/a.txt", {{"Range", "bytes=99-"}}).status == 200);
    // Two fields are not one list.
    CHECK(s.get("/a.txt", {{"Range", "bytes=0-1"}, {"Range", "bytes=2-3"}}).status == 200);
}

TEST_CASE("several ranges become multipart/byteranges")
{
    StaticSite s;
    s.write("a.html", "0123456789");
    const Answer a = s.get("/a.html", {{"Range", "bytes=7-,0-1"}});
    CHECK(a.status == 206);
    CHECK(a.field("Content-Range").empty());  // RFC 9110 section 15.3.7.2
    const std::string prefix = "multipart/byteranges; boundary=";
    REQUIRE(a.field("Content-Type").starts_with(prefix));
    const std::string boundary = a.field("Content-Type").substr(prefix.size());
    CHECK(boundary.size() == 24);
    CHECK(a.body == "--" + boundary +
                        "\r\nContent-Type: text/html; charset=utf-8\r\n"
                        "Content-Range: bytes 7-9/10\r\n\r\n789\r\n--" +
                        boundary +
                        "\r\nContent-Type: text/html; charset=utf-8\r\n"
                        "Content-Range: bytes 0-1/10\r\n\r\n01\r\n--" +
                        boundary + "--\r\n");
    const Answer again = s.get("/a.html", {{"Range", "bytes=7-,0-1"}});
    CHECK(again.field("Content-Type") != a.field("Content-Type"));
}

TEST_CASE("ranges beyond 4 GiB")
{
    StaticSite s;
    s.write("big", "");
    const std::int64_t size = (std::int64_t{5} << 30) + 3;
    REQUIRE(::truncate(s.file("big").c_str(), size) == 0);
    const Answer a = s.get("/big", {{"Range", "bytes=5368709120-"}});
    CHECK(a.status == 206);
    CHECK(a.field("Content-Range") == "bytes 5368709120-5368709122/5368709123");
    CHECK(a.body == std::string(3, '\0'));
}

TEST_CASE("the choice among compressed siblings")
{
    StaticSite s;
    s.conf().precompressed = true;
    s.write("a.js", "plain");
    for (const char* name : {"a.js.gz", "a.js.br", "a.js.zst"}) s.write(name, name);
    s.write("only-gz.css", "plain");
    s.write("only-gz.css.gz", "gz");
    s.write("none.txt", "plain");
    s.write("old.txt", "plain");
    s.write("old.txt.gz", "outdated");
    s.touch("old.txt", 2'000'000);
    s.touch("old.txt.gz", 1'999'999);
    s.write("same.txt", "plain");
    s.write("same.txt.gz", "gz");
    s.touch("same.txt", 2'000'000);
    s.touch("same.txt.gz", 2'000'000);
    s.write("dir.txt", "plain");
    std::filesystem::create_directory(s.file("dir.txt.gz"));
    const struct {
        const char* path;
        const char* accept;  // null: no such field
        int status;
        const char* coding;
        const char* body;
    } rows[] = {
        {"/a.js", "gzip, deflate, br, zstd", 200, "br", "a.js.br"},
        {"/a.js", "gzip", 200, "gzip", "a.js.gz"},
        {"/a.js", "zstd, gzip", 200, "zstd", "a.js.zst"},
        {"/a.js", "gzip;q=1, br;q=0.1", 200, "gzip", "a.js.gz"},
        {"/a.js", nullptr, 200, "", "plain"},
        {"/a.js", "identity", 200, "", "plain"},
        {"/a.js", "deflate", 200, "", "plain"},
        {"/a.js", "*", 200, "br", "a.js.br"},
        {"/a.js", "br;q=0, *", 200, "zstd", "a.js.zst"},
        {"/a.js", "identity;q=0, deflate", 406, "", nullptr},
        {"/only-gz.css", "gzip, br", 200, "gzip", "gz"},
        {"/only-gz.css", "br", 200, "", "plain"},
        {"/only-gz.css", "br, identity;q=0", 406, "", nullptr},
        {"/only-gz.css", "identity;q=0, *", 200, "gzip", "gz"},
        {"/none.txt", "gzip, br", 200, "", "plain"},
        {"/none.txt", "*;q=0", 200, "", "plain"},  // there is nothing to negotiate
        {"/old.txt", "gzip", 200, "", "plain"},
        {"/same.txt", "gzip", 200, "gzip", "gz"},
        {"/dir.txt", "gzip", 200, "", "plain"},
        {"/a.js.gz", "gzip", 200, "", "a.js.gz"},  // asked for by its name it is a file
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.path));
        CAPTURE(std::string(row.accept ? row.accept : "(absent)"));
        FieldList fields;
        if (row.accept) fields.emplace_back("Accept-Encoding", row.accept);
        const Answer a = s.get(row.path, fields);
        CHECK(a.status == row.status);
        CHECK(a.field("Content-Encoding") == row.coding);
        CHECK(a.field("Vary") == "Accept-Encoding");
        if (row.body) CHECK(a.body == row.body);
    }
    CHECK(s.get("/a.js", {{"Accept-Encoding", "br"}}).field("Content-Type") ==
          s.get("/a.js").field("Content-Type"));
}

TEST_CASE("each coding has its own entity tag, and conditions and ranges apply to it")
{
    StaticSite s;
    s.conf().precompressed = true;
    s.conf().cache_control = {{"js", "60s"}};
    s.write("a.js", "plain plain");
    s.write("a.js.gz", "zip");
    const Answer plain = s.get("/a.js");
    const Answer zip = s.get("/a.js", {{"Accept-Encoding", "gzip"}});
    CHECK(plain.field("ETag") != zip.field("ETag"));
    CHECK(zip.field("Cache-Control") == "max-age=60");
    const std::string tag = zip.field("ETag");
    const Answer same = s.get("/a.js", {{"Accept-Encoding", "gzip"}, {"If-None-Match", tag}});
    CHECK(same.status == 304);
    CHECK(same.field("Vary") == "Accept-Encoding");
    CHECK(same.field("ETag") == tag);
    CHECK(s.get("/a.js", {{"If-None-Match", tag}}).status == 200);
    const Answer part = s.get("/a.js", {{"Accept-Encoding", "gzip"}, {"Range", "bytes=1-"}});
    CHECK(part.status == 206);
    CHECK(part.field("Content-Range") == "bytes 1-2/3");
    CHECK(part.field("Content-Encoding") == "gzip");
    CHECK(part.body == "ip");
}

TEST_CASE("siblings come and go")
{
    StaticSite s;
    s.conf().precompressed = true;
    s.write("a.js", "plain");
    const FieldList accept = {{"Accept-Encoding", "gzip"}};
    CHECK(s.get("/a.js", accept).body == "plain");
    s.write("a.js.gz", "zip");
    CHECK(s.get("/a.js", accept).body == "zip");
    std::filesystem::remove(s.file("a.js.gz"));
    CHECK(s.get("/a.js", accept).body == "plain");
}

TEST_CASE("without the setting siblings are not looked for")
{
    StaticSite s;
    s.write("a.js", "plain");
    s.write("a.js.gz", "zip");
    const Answer a = s.get("/a.js", {{"Accept-Encoding", "gzip"}});
    CHECK(a.body == "plain");
    CHECK(a.field("Vary").empty());
}
