// static_conf_test.cc - names that are hidden, ages, mapping of paths, how files look.
#include "modules/static_conf.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section_reader.h"
#include "common/base/text.h"

using namespace ostler;

namespace {

/// Reads `text` as the group `static` of a scope; returns the keys it complains about.
std::string configure(StaticConf& c, std::string_view text, std::string_view scope_path = "/")
{
    ConfigNode root;
    std::vector<Problem> problems;
    REQUIRE(parse_config(text, "test.conf", "/conf", root, problems));
    SectionReader section(&root, {.problems = problems,
                                  .title = "\"static\"",
                                  .place = {},
                                  .scope_path = std::string(scope_path)});
    configure_static(c, section);
    std::string all;
    for (const Problem& problem : problems) append(all, problem.text, "\n");
    return all;
}

}  // namespace

TEST_CASE("dot files and editors' backups are hidden")
{
    const struct {
        const char* path;
        bool hidden;
    } rows[] = {
        {"", false},
        {"a.html", false},
        {"dir/a.html", false},
        {"dir/", false},
        {".htaccess", true},
        {".env", true},
        {".git/config", true},
        {"dir/.git/config", true},
        {"dir/.hidden", true},
        {"dir/.hidden/", true},
        {"..", true},
        {".well-known", false},
        {".well-known/acme-challenge/token", false},
        {".well-known/.secret", true},
        {"dir/.well-known/x", true},  // RFC 8615: only at the top
        {".well-knownx", true},
        {"a.php~", true},
        {"dir~/a", true},
        {"~user", false},
        {"a.bak", true},
        {"config.PHP.BAK", true},
        {"a.swp", true},
        {"a.orig", true},
        {"#a#", true},
        {"#a", false},
        {"#", false},
        {"a.back", false},
        {"bak", false},
        {"a.save", true},
        {"a.b.c", false},
        {"a..b", false},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.path));
        CHECK(is_hidden_path(row.path) == row.hidden);
    }
}

TEST_CASE("what a setting of cache_control becomes")
{
    const struct {
        const char* setting;
        const char* value;  // empty: an error
    } rows[] = {
        {"0", "max-age=0"},
        {"0s", "max-age=0"},
        {"90s", "max-age=90"},
        {"5m", "max-age=300"},
        {"2h", "max-age=7200"},
        {"7d", "max-age=604800"},
        {"2w", "max-age=1209600"},
        {"1y", "max-age=31536000"},
        {"no-cache", "no-cache"},
        {"no-store", "no-store"},
        {"1y, immutable", "max-age=31536000, immutable"},
        {"public,1d", "public, max-age=86400"},
        {"", ""},
        {"7", ""},
        {"7x", ""},
        {"7dd", ""},
        {"d", ""},
        {"-1d", ""},
        {"11y", ""},
        {"99999999999999999999s", ""},
        {"immutabel", ""},
        {"1y,", ""},
        {"a\r\nb", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.setting));
        CHECK(to_cache_control(row.setting) == row.value);
    }
}

TEST_CASE("a path is mapped below the scope that set the root")
{
    const struct {
        const char* prefix;
        const char* path;
        const char* below;  // null: not below it
    } rows[] = {
        {"/", "/a", "a"},           {"/", "/", ""},
        {"/", "/dir/a", "dir/a"},   {"/", "*", nullptr},
        {"/pub/", "/pub/a", "a"},   {"/pub/", "/pub/", ""},
        {"/pub/", "/pub", nullptr}, {"/pub/", "/public", nullptr},
        {"/app", "/app", ""},       {"/app", "/app/", ""},
        {"/app", "/app/a", "a"},    {"/app", "/apple", nullptr},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.prefix));
        CAPTURE(std::string(row.path));
        StaticConf c;
        c.prefix = row.prefix;
        std::string_view below = "untouched";
        CHECK(c.map(row.path, below) == (row.below != nullptr));
        if (row.below) CHECK(below == row.below);
    }
}

TEST_CASE("type, charset and age of a file by its name")
{
    MimeTypes mime;
    mime.read("text/x-system sys\nimage/x-png png\n");
    StaticTree tree;
    tree.mime = &mime;
    tree.types = {{"own", "text/x-own"}, {"png", "image/png"}};
    tree.cache_control = {{"html", "no-cache"}, {"default", "max-age=60"}};
    tree.charset = "utf-8";
    tree.default_type = "application/octet-stream";
    const struct {
        const char* path;
        const char* type;
        const char* control;
    } rows[] = {
        {"a.html", "text/html; charset=utf-8", "no-cache"},
        {"a.HTML", "text/html; charset=utf-8", "no-cache"},
        {"a.own", "text/x-own; charset=utf-8", "max-age=60"},
        {"a.OWN", "text/x-own; charset=utf-8", "max-age=60"},
        {"a.sys", "text/x-system; charset=utf-8", "max-age=60"},
        {"a.png", "image/png", "max-age=60"},
        {"a.json", "application/json", "max-age=60"},
        {"a.nobody-knows", "application/octet-stream", "max-age=60"},
        {"program", "application/octet-stream", "max-age=60"},
        {"README", "text/plain; charset=utf-8", "max-age=60"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.path));
        FileEntry entry;
        tree.describe(row.path, entry);
        CHECK(entry.content_type == row.type);
        CHECK(entry.cache_control == row.control);
    }
    tree.charset.clear();
    tree.cache_control.clear();
    FileEntry entry;
    tree.describe("a.html", entry);
    CHECK(entry.content_type == "text/html");
    CHECK(entry.cache_control.empty());
}

TEST_CASE("the hidden setting serves what is hidden")
{
    StaticTree tree;
    CHECK_FALSE(tree.serves(".env"));
    CHECK(tree.serves("a"));
    tree.hidden = true;
    CHECK(tree.serves(".env"));
}

TEST_CASE("every setting is read")
{
    StaticConf c;
    CHECK(configure(c, R"(
        root = "www/"; index = [ "a.html", "b.html" ]; try = [ "/app.html" ];
        etag = false; precompressed = true; hidden = true; symlinks = "none";
        types = { md = "text/markdown"; }; mime_types = "/dev/null";
        default_type = "text/plain"; charset = "koi8-r";
        cache_control = { css = "7d"; default = "no-cache"; };
        cache_entries = 10; cache_size = "1M"; cache_file_size = "16k"; cache_age = "500ms";
    )",
                    "/pub/") == "");
    CHECK(c.root == "/conf/www");
    CHECK(c.prefix == "/pub/");
    CHECK(c.index == std::vector<std::string>{"a.html", "b.html"});
    CHECK(c.fallbacks == std::vector<std::string>{"/app.html"});
    CHECK_FALSE(c.etag);
    CHECK(c.precompressed);
    CHECK(c.hidden);
    CHECK(static_cast<Symlinks>(c.symlinks) == Symlinks::none);
    CHECK(c.types == StringMap{{"md", "text/markdown"}});
    CHECK(c.default_type == "text/plain");
    CHECK(c.charset == "koi8-r");
    CHECK(c.cache_control == StringMap{{"css", "7d"}, {"default", "no-cache"}});
    CHECK(c.limits.entries == 10);
    CHECK(c.limits.bytes == 1 << 20);
    CHECK(c.limits.file == 16 << 10);
    CHECK(c.age == Milliseconds(500));
}

TEST_CASE("an inner scope that does not set root keeps it, and its prefix")
{
    StaticConf outer;
    CHECK(configure(outer, "root = \"/srv/www\";") == "");
    StaticConf inner = outer;
    CHECK(configure(inner, "etag = false;", "/pub/") == "");
    CHECK(inner.root == "/srv/www");
    CHECK(inner.prefix == "/");
    CHECK(inner.shared == outer.shared);  // one cache for all scopes
    CHECK(configure(inner, "root = \"/srv/pub\";", "/pub/") == "");
    CHECK(inner.prefix == "/pub/");
}

TEST_CASE("what makes no sense is reported")
{
    const char* const texts[] = {
        "index = [ \"a/b\" ];",
        "index = [ \"\" ];",
        "try = [ \"index.html\" ];",
        "symlinks = \"some\";",
        "types = { a = \"nonsense\"; };",
        "types = { a = \"a/b\\r\\n\"; };",
        "default_type = \"x\";",
        "charset = \"a b\";",
        "cache_control = { a = \"7\"; };",
        "cache_age = \"2s\";",
        "cache_entries = -1;",
        "cache_file_size = \"1G\";",
        "mime_types = \"/nowhere/x\";",
    };
    for (const char* text : texts) {
        CAPTURE(std::string(text));
        StaticConf c;
        CHECK(configure(c, text) != "");
        // The scopes inside do not repeat it.
        StaticConf inner = c;
        CHECK(configure(inner, "") == "");
    }
}
