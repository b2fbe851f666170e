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
        {"/a.txt/", 404, nullptr},  // a path below a file
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

TEST_CASE("what is not for the world is not served")
{
    StaticSite s;
    s.write(".env", "SECRET");
    s.write(".git/config", "SECRET");
    s.write("dir/a.php~", "SECRET");
    s.write(".well-known/security.txt", "public");
    s.scratch.write("secret", "SECRET");
    std::filesystem::create_symlink("../secret", s.file("out"));
    std::filesystem::create_symlink("..", s.file("up"));
    std::filesystem::create_symlink("dir", s.file("in"));
    s.write("dir/a.txt", "a");
    REQUIRE(::mkfifo(s.file("fifo").c_str(), 0600) == 0);
    s.conf().symlinks = static_cast<std::size_t>(Symlinks::inside);
    const struct {
        const char* path;
        int status;
    } rows[] = {
        {"/.env", 404},
        {"/.git/config", 404},
        {"/.git", 404},
        {"/.git/", 404},
        {"/dir/a.php~", 404},
        {"/.well-known/security.txt", 200},
        {"/out", 403},
        {"/up/secret", 403},
        {"/up/", 403},
        {"/in/a.txt", 200},
        {"/fifo", 403},
        {"/../secret", 404},  // the path comes normalised; if it ever did not
        {"/dir/../../secret", 404},
        {"/./dir/a.txt", 404},
        {"//etc/passwd", 404},
    };
    for (const auto& row : rows) {
        CAPTURE(row.path);
        const Answer a = s.get(row.path);
        CHECK(a.status == row.status);
        CHECK(a.body.find("SECRET") == std::string::npos);
    }
}

TEST_CASE("a file that may not be read: 403" * doctest::skip(::geteuid() == 0))
{
    StaticSite s;
    s.write("a.txt", "a");
    s.write("dir/index.html", "a");
    REQUIRE(::chmod(s.file("a.txt").c_str(), 0) == 0);
    REQUIRE(::chmod(s.file("dir/index.html").c_str(), 0) == 0);
    CHECK(s.get("/a.txt").status == 403);
    CHECK(s.get("/dir/").status == 403);
}

TEST_CASE("a scope's root keeps the prefix of the scope that set it")
{
    StaticSite s;
    s.write("a.txt", "a");
    s.write("dir/index.html", "i");
    s.conf().prefix = "/pub/";
    CHECK(s.get("/pub/a.txt").body == "a");
    CHECK(s.get("/a.txt").status == 404);
    CHECK(s.get("/pub/dir").field("Location") == "/pub/dir/");
    CHECK(s.get("/pub/dir/").path == "/pub/dir/index.html");
}

TEST_CASE("a missing root is 404, and the files are there once it is")
{
    StaticSite s;
    s.conf().root = s.scratch.path("later");
    CHECK(s.get("/a.txt").status == 404);
    std::filesystem::create_directory(s.scratch.path("later"));
    s.scratch.write("later/a.txt", "a");
    CHECK(s.get("/a.txt").status == 200);
}

TEST_CASE("Cache-Control by extension, on 304 as well")
{
    StaticSite s;
    s.write("a.css", "a");
    s.write("a.html", "a");
    s.conf().cache_control = {{"css", "7d"}, {"html", "no-cache"}};
    const Answer css = s.get("/a.css");
    CHECK(css.field("Cache-Control") == "max-age=604800");
    CHECK(s.get("/a.html").field("Cache-Control") == "no-cache");
    const Answer same = s.get("/a.css", {{"If-None-Match", css.field("ETag")}});
    CHECK(same.status == 304);
    CHECK(same.field("Cache-Control") == "max-age=604800");
}

TEST_CASE("paths to try when a file is missing")
{
    StaticSite s;
    s.write("index.html", "application");
    s.write("assets/a.js", "script");
    s.write("sub/page.html", "page");
    s.conf().fallbacks = {"/nowhere.html", "/index.html"};
    const struct {
        const char* path;
        Method method;
        int status;
        const char* body;
    } rows[] = {
        {"/users/7", Method::get, 200, "application"},
        {"/users/7/", Method::get, 200, "application"},
        {"/users/7", Method::head, 200, "application"},
        {"/assets/a.js", Method::get, 200, "script"},
        {"/index.html/x", Method::get, 200, "application"},
        {"/sub", Method::get, 301, nullptr},
        {"/sub/", Method::get, 404, nullptr},  // it is there: nothing to try
        {"/users/7", Method::post, 404, nullptr},
        {"/.env", Method::get, 404, nullptr},
    };
    for (const auto& row : rows) {
        CAPTURE(row.path);
        const Answer a = s.get(row.path, {}, row.method);
        CHECK(a.status == row.status);
        if (row.body) CHECK(a.body == row.body);
    }
}

TEST_CASE("when no path to try exists: 404, without a loop")
{
    StaticSite s;
    s.conf().fallbacks = {"/nowhere.html"};
    CHECK(s.get("/x").status == 404);
    CHECK(s.site.asked == 1);
}

TEST_CASE("a path to try that is elsewhere is asked for once")
{
    StaticSite s;
    s.conf().prefix = "/app/";
    s.conf().fallbacks = {"/elsewhere.html"};
    const Answer a = s.get("/app/x");
    CHECK(a.status == 404);
    CHECK(a.path == "/elsewhere.html");
    CHECK(s.site.asked == 2);
}

TEST_CASE("two scopes that try each other's paths do so once")
{
    const Scratch scratch;
    Site site({&static_module, &static_module});
    for (std::size_t i = 0; i < 2; ++i) {
        site.conf<StaticConf>(i).root = scratch.path();
        site.conf<StaticConf>(i).prefix = i == 0 ? "/a/" : "/b/";
        site.conf<StaticConf>(i).fallbacks = {i == 0 ? "/b/x" : "/a/x"};
    }
    Loop loop;
    site.start(loop);
    Arena arena;
    FakeStream out;
    Exchange x(loop, arena, site, out);
    x.request.path = "/a/1";
    x.start();
    CHECK(x.response.status == Code::not_found);
    CHECK(site.asked == 2);
}

TEST_CASE("an error page is sent whole, with the status of the error and without validators")
{
    StaticSite s;
    s.write("404.html", "nothing here");
    s.conf().cache_control = {{"default", "7d"}};
    s.site.http.error_pages.push_back({Code::not_found, "/404.html"});
    s.site.http.error_pages.push_back({Code::range_not_satisfiable, "/404.html"});
    const Answer a = s.get("/missing", {{"Range", "bytes=0-1"}, {"If-None-Match", "*"}});
    CHECK(a.status == 404);
    CHECK(a.body == "nothing here");
    CHECK(a.field("Content-Type") == "text/html; charset=utf-8");
    for (const char* name :
         {"ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Content-Range"}) {
        CAPTURE(std::string(name));
        CHECK(a.field(name).empty());
    }
    s.write("a.txt", "0123456789");
    const Answer beyond = s.get("/a.txt", {{"Range", "bytes=10-"}});
    CHECK(beyond.status == 416);
    CHECK(beyond.body == "nothing here");
    CHECK(beyond.field("Content-Range") == "bytes */10");
    CHECK(beyond.field("ETag").empty());
}

TEST_CASE("an error page that is missing, or a directory, leaves the standard one")
{
    StaticSite s;
    std::filesystem::create_directory(s.file("dir"));
    for (const char* page : {"/gone.html", "/dir"}) {
        s.site.http.error_pages = {{Code::not_found, page}};
        const Answer a = s.get("/missing");
        CHECK(a.status == 404);
        CHECK(a.field("Location").empty());
        CHECK(a.body.find("Not Found") != std::string::npos);
    }
}
