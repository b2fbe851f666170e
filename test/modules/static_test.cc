// static_test.cc - files, directories, redirects, methods: what is answered for a path.
#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"
#include "test/support/static_site.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("a file is answered whole, with its type, validators and nosniff")
{
    StaticSite s;
    s.write("a.html", "<p>hello");
    s.touch("a.html", 784111777);
    const Answer a = s.get("/a.html");
    CHECK(a.status == 200);
    CHECK(a.body == "<p>hello");
    CHECK(a.field("Content-Type") == "text/html; charset=utf-8");
    CHECK(a.field("Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(a.field("Accept-Ranges") == "bytes");
    CHECK(a.field("X-Content-Type-Options") == "nosniff");
    CHECK(a.field("ETag").starts_with("\""));
    CHECK(a.field("ETag").ends_with("\""));
    CHECK(a.field("Vary").empty());
    CHECK(a.field("Cache-Control").empty());
}

TEST_CASE("HEAD has the fields of GET")
{
    StaticSite s;
    s.write("a.txt", "hello");
    CHECK(s.head("/a.txt").fields == s.get("/a.txt").fields);
    CHECK(s.head("/a.txt").status == 200);
}

TEST_CASE("what a path is answered with")
{
    StaticSite s;
    s.write("a.txt", "a");
    s.write("with/index.html", "index");
    s.write("without/b.txt", "b");
    s.write("UTF-8 \xc3\xa4.txt", "umlaut");
    s.write("empty", "");
    const struct {
        const char* path;
        int status;
        const char* body;  // null: not looked at
    } rows[] = {
        {"/a.txt", 200, "a"},
        {"/empty", 200, ""},
        {"/UTF-8 \xc3\xa4.txt", 200, "umlaut"},
        {"/with/", 200, "index"},
        {"/with", 301, nullptr},
        {"/without", 301, nullptr},
        {"/without/", 404, nullptr},
        {"/", 404, nullptr},
        {"/missing", 404, nullptr},
        {"/missing/", 404, nullptr},
        {"/missing/a.txt", 404, nullptr},
        {"/a.txt/", 404, nullptr},          // a path below a file
        {"/a.txt/x", 404, nullptr},
        {"/a.txt/index.html", 404, nullptr},
        {"/A.txt\\", 404, nullptr},
        {"*", 404, nullptr},
    };
    for (const auto& row : rows) {
        CAPTURE(row.path);
        const Answer a = s.get(row.path);
        CHECK(a.status == row.status);
        if (row.body) CHECK(a.body == row.body);
    }
}

TEST_CASE("methods")
{
    StaticSite s;
    s.write("a.txt", "a");
    s.write("dir/index.html", "i");
    const struct {
        Method method;
        const char* path;
        int status;
        const char* allow;
    } rows[] = {
        {Method::options, "/a.txt", 204, "GET, HEAD, OPTIONS"},
        {Method::post, "/a.txt", 405, "GET, HEAD, OPTIONS"},
        {Method::put, "/a.txt", 405, "GET, HEAD, OPTIONS"},
        {Method::delete_, "/a.txt", 405, "GET, HEAD, OPTIONS"},
        {Method::registered, "/a.txt", 405, "GET, HEAD, OPTIONS"},
        {Method::post, "/dir/", 405, "GET, HEAD, OPTIONS"},
        {Method::post, "/dir", 308, ""},
        {Method::head, "/dir", 301, ""},
        {Method::post, "/missing", 404, ""},
        {Method::put, "/missing", 404, ""},
        {Method::options, "/missing", 404, ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.path);
        CAPTURE(static_cast<int>(row.method));
        const Answer a = s.get(row.path, {}, row.method);
        CHECK(a.status == row.status);
        CHECK(a.field("Allow") == row.allow);
    }
}

TEST_CASE("the redirect to a directory is encoded and keeps the query")
{
    StaticSite s;
    const struct {
        const char* directory;
        const char* path;
        const char* query;
        const char* location;
    } rows[] = {
        {"d", "/d", "", "/d/"},
        {"d", "/d", "a=1&b=2", "/d/?a=1&b=2"},
        {"d/e", "/d/e", "", "/d/e/"},
        {"with space", "/with space", "", "/with%20space/"},
        {"q?", "/q?", "x", "/q%3F/?x"},
        {"\xc3\xa4", "/\xc3\xa4", "", "/%C3%A4/"},
        {"\\evil.example", "/\\evil.example", "", "/%5Cevil.example/"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.path);
        std::filesystem::create_directories(s.file(row.directory));
        const Answer a = s.get(row.path, {}, Method::get, row.query);
        CHECK(a.status == 301);
        CHECK(a.field("Location") == row.location);
    }
    // A path that nobody normalised: never a Location that begins with two slashes.
    std::filesystem::create_directories(s.file("evil.example"));
    CHECK(s.get("//evil.example").status == 404);
}

TEST_CASE("an index is found by another request for it, so that it may be a script")
{
    StaticSite s;
    s.write("d/start.php", "php");
    s.conf().index = {"index.html", "start.php"};
    const Answer a = s.get("/d/");
    CHECK(a.path == "/d/start.php");
    CHECK(s.site.asked == 2);
}

TEST_CASE("a conditional request and a range")
{
    StaticSite s;
    s.write("a.txt", "0123456789");
    const std::string etag = s.get("/a.txt").field("ETag");
    CHECK(s.get("/a.txt", {{"If-None-Match", etag}}).status == 304);
    CHECK(s.get("/a.txt", {{"If-Match", "\"other\""}}).status == 412);
    const Answer part = s.get("/a.txt", {{"Range", "bytes=2-4"}});
    CHECK(part.status == 206);
    CHECK(part.body == "234");
    CHECK(part.field("Content-Range") == "bytes 2-4/10");
    const Answer beyond = s.get("/a.txt", {{"Range", "bytes=10-"}});
    CHECK(beyond.status == 416);
    CHECK(beyond.field("Content-Range") == "bytes */10");
}
