// mime_test.cc - media types by extension.
#include "common/http/mime.h"

#include <doctest/doctest.h>

#include <string>

#include "test/support/scratch.h"

using namespace ostler;

TEST_CASE("the extension of a path")
{
    const struct {
        const char* path;
        const char* extension;
    } rows[] = {
        {"a.html", "html"},      {"dir.d/a.HTML", "HTML"}, {"a.tar.gz", "gz"}, {"dir.d/README", ""},
        {"README", ""},          {"a.", ""},               {"", ""},           {"a.b/", ""},
        {".htaccess", "htaccess"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.path));
        CHECK(extension_of(row.path) == row.extension);
    }
}

TEST_CASE("the built-in table knows what pages are made of")
{
    const struct {
        const char* extension;
        const char* type;
    } rows[] = {
        {"html", "text/html"},         {"css", "text/css"},        {"js", "text/javascript"},
        {"mjs", "text/javascript"},    {"json", "application/json"}, {"svg", "image/svg+xml"},
        {"png", "image/png"},          {"jpg", "image/jpeg"},      {"webp", "image/webp"},
        {"avif", "image/avif"},        {"mp4", "video/mp4"},       {"webm", "video/webm"},
        {"mp3", "audio/mpeg"},         {"ogg", "audio/ogg"},       {"woff2", "font/woff2"},
        {"ttf", "font/ttf"},           {"wasm", "application/wasm"}, {"PDF", "application/pdf"},
        {"webmanifest", "application/manifest+json"}, {"xml", "application/xml"},
        {"txt", "text/plain"},         {"zip", "application/zip"}, {"3gp", "video/3gpp"},
        {"zst", "application/zstd"},   {"", ""},                   {"unknown", ""},
        {"an-extension-that-is-longer-than-any-known-one", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.extension));
        CHECK(MimeTypes::find_built_in(row.extension) == row.type);
        CHECK(MimeTypes().find(row.extension) == row.type);
    }
}

TEST_CASE("a mime.types file comes before the built-in table")
{
    MimeTypes types;
    types.read("# a comment\n"
               "text/html\t\thtml htm\n"
               "application/x-thing  Thing other # not-this\r\n"
               "\n"
               "application/nothing\n"
               "image/x-mine png\n"
               "image/x-second png\n"
               "no-slash bad1\n"
               "text/ bad2\n"
               "/html bad3\n"
               "text/x;charset=y bad4\n"
               "text/last last");
    CHECK(types.find("html") == "text/html");
    CHECK(types.find("thing") == "application/x-thing");
    CHECK(types.find("THING") == "application/x-thing");
    CHECK(types.find("other") == "application/x-thing");
    CHECK(types.find("png") == "image/x-mine");  // the first of two
    CHECK(types.find("last") == "text/last");
    CHECK(types.find("css") == "text/css");      // from the table behind it
    for (const char* name : {"#", "not-this", "bad1", "bad2", "bad3", "bad4"})
        CHECK(types.find(name).empty());
}

TEST_CASE("a mime.types file is loaded; one that is missing changes nothing")
{
    test::Scratch scratch;
    scratch.write("types", "x/y foo\n" + std::string(40'000, '#') + "\nx/z bar\n");
    MimeTypes types;
    CHECK_FALSE(types.load(scratch.path("missing").c_str()));
    CHECK_FALSE(types.load(scratch.path().c_str()));
    CHECK(types.load(scratch.path("types").c_str()));
    CHECK(types.find("foo") == "x/y");
    CHECK(types.find("bar") == "x/z");
    CHECK(types.find("html") == "text/html");
}

TEST_CASE("names that are text by custom")
{
    CHECK(type_of_name("dir/README") == "text/plain");
    CHECK(type_of_name("Makefile") == "text/plain");
    CHECK(type_of_name("makefile.d/program").empty());
    CHECK(type_of_name("").empty());
}

TEST_CASE("which types take a charset")
{
    for (const char* type : {"text/html", "text/plain", "text/css", "text/javascript",
                             "application/javascript"})
        CHECK(takes_charset(type));
    // XML declares its own (RFC 7303 section 3), JSON has none (RFC 8259 section 8.1).
    for (const char* type : {"text/xml", "application/xml", "application/json", "image/svg+xml",
                             "image/png", "text/html; charset=koi8-r"})
        CHECK_FALSE(takes_charset(type));
}
