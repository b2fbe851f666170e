// autoindex_test.cc - listings of real folders, asked without a server.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/http/directory.h"
#include "common/http/file_cache.h"
#include "modules/autoindex_conf.h"
#include "modules/autoindex_listing.h"
#include "test/support/scratch.h"
#include "test/support/settings.h"
#include "test/support/site.h"

namespace ostler {
extern const Module autoindex_module;
}

using namespace ostler;
using test::Scratch;

namespace {

class Tree final : public FileTree {
 public:
    bool serves(std::string_view path) const override
    {
        return path.find("/.") == path.npos && path[0] != '.';
    }
    void describe(std::string_view, FileEntry&) const override {}
};

/// Stands in for the module that maps paths to files.
struct MapperConf {
    Tree tree;
};
Step find_directory(Exchange& x, const MapperConf& c)
{
    if (x.request.path.ends_with('/'))
        x.attach<FoundDirectory>(c.tree, x.request.path.substr(1), x.request.path);
    return Step::next;
}
std::shared_ptr<void> make_mapper(const void*) { return std::make_shared<MapperConf>(); }
constexpr Module mapper{.name = "mapper",
                        .about = "",
                        .config = {&make_mapper, nullptr},
                        .content = on<find_directory>};

struct Page {
    int status = 0;
    std::string body, etag, type, modified;
    bool contains(std::string_view text) const { return body.find(text) != body.npos; }
};

class Folder {
 public:
    Folder()
    {
        std::filesystem::create_directory(scratch.path("www"));
        site.conf<MapperConf>(0).tree.root = scratch.path("www");
        site.conf<MapperConf>(0).tree.age = Milliseconds(0);
        conf().enabled = true;
    }
    AutoindexConf& conf() { return site.conf<AutoindexConf>(1); }
    MapperConf& mapped() { return site.conf<MapperConf>(0); }
    void write(const std::string& name, const std::string& content = "x") const
    {
        const std::filesystem::path path = scratch.path("www/" + name);
        std::filesystem::create_directories(path.parent_path());
        scratch.write("www/" + name, content);
    }
    void touch(const std::string& name, std::int64_t seconds) const
    {
        const timespec times[2] = {{static_cast<time_t>(seconds), 0},
                                   {static_cast<time_t>(seconds), 0}};
        REQUIRE(::utimensat(AT_FDCWD, scratch.path("www/" + name).c_str(), times, 0) == 0);
    }
    Page get(std::string_view path, std::string_view query = {},
             const std::vector<std::pair<std::string, std::string>>& fields = {},
             Method method = Method::get)
    {
        if (!std::exchange(started_, true)) site.start(loop);
        Arena arena;
        test::FakeStream out;
        Exchange x(loop, arena, site, out);
        x.request.path = path;
        x.request.method = method;
        x.request.query = query;
        for (const auto& [name, value] : fields) x.request.fields.add(name, value);
        x.start();
        REQUIRE(out.answered);
        Page page;
        page.status = to_int(x.response.status);
        page.etag = x.response.fields.get(FieldId::etag);
        page.type = x.response.fields.get(FieldId::content_type);
        page.modified = x.response.fields.get(FieldId::last_modified);
        if (x.response.body) page.body = pull_all(*x.response.body);
        return page;
    }
    /// The names in the order of the page.
    std::vector<std::string> names(std::string_view query = {}, std::string_view path = "/")
    {
        std::vector<std::string> found;
        const Page page = get(path, query);
        for (std::size_t at = page.body.find("<tbody>");
             (at = page.body.find("<bdi>", at)) != page.body.npos;) {
            at += 5;
            const std::size_t end = page.body.find("</bdi>", at);
            found.push_back(page.body.substr(at, end - at));
            at = end;
        }
        return found;
    }

    Scratch scratch;
    Loop loop;
    test::Site site{{&mapper, &autoindex_module}};
    int waits = 0;

 private:
    struct Ear final : Waker {
        void wake() override { heard = true; }
        bool heard = false;
    };
    std::string pull_all(Body& body)
    {
        Ear ear;
        body.set_waker(&ear);
        Buffer out;
        for (int turns = 0; turns < 10'000; ++turns) {
            const Pull got = body.pull(out, 4096);
            if (got == Pull::end) return out.take();
            REQUIRE(got != Pull::fail);
            if (got == Pull::more) continue;
            ++waits;
            for (int i = 0; i < 1000 && !std::exchange(ear.heard, false); ++i) loop.turn(false);
        }
        FAIL("the listing never ends");
        return {};
    }
    bool started_ = false;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("without `enabled` a directory is not shown")
{
    Folder f;
    f.conf().enabled = false;
    CHECK(f.get("/").status == 404);
    CHECK(f.get("/.autoindex/listing.css").status == 404);
}

TEST_CASE("folders come first, names sort naturally, and every order can be asked for")
{
    Folder f;
    f.write("f10", "1");
    f.write("F2", "22");
    f.write("f1", "333");
    f.write("z/x");
    f.write("B/x");
    f.touch("f10", 3000);
    f.touch("F2", 1000);
    f.touch("f1", 2000);
    CHECK(f.names() == Names{"B/", "z/", "f1", "F2", "f10"});
    CHECK(f.names("order=desc") == Names{"z/", "B/", "f10", "F2", "f1"});
    CHECK(f.names("sort=size") == Names{"B/", "z/", "f10", "F2", "f1"});
    CHECK(f.names("sort=size&order=desc") == Names{"z/", "B/", "f1", "F2", "f10"});
    CHECK(f.names("sort=date&q=F") == Names{"F2", "f1", "f10"});
    CHECK(f.names("q=nothing").empty());
    CHECK(f.get("/", "q=nothing").contains("No name here matches"));
    CHECK(f.get("/", "sort=size&q=f")
              .contains(
                  "class=\"size\" aria-sort=\"ascending\"><form rel=\"nofollow\">"
                  "<input type=\"hidden\" name=\"q\" value=\"f\">"
                  "<input type=\"hidden\" name=\"sort\" value=\"size\">"
                  "<input type=\"hidden\" name=\"order\" value=\"desc\"><button>Size</button>"));
}

TEST_CASE("what is not served is not listed")
{
    Folder f;
    f.write("shown");
    f.write(".hidden");
    f.write("a.tmp");
    f.write("secret");
    f.scratch.write("outside", "x");
    f.conf().rules.ignore = {"*.tmp"};
    f.mapped().tree.symlinks = Symlinks::inside;
    REQUIRE(::mkfifo(f.scratch.path("www/fifo").c_str(), 0600) == 0);
    std::filesystem::create_symlink("shown", f.scratch.path("www/inside"));
    std::filesystem::create_symlink("../outside", f.scratch.path("www/leaves"));
    std::filesystem::create_symlink("nowhere", f.scratch.path("www/broken"));
    REQUIRE(::chmod(f.scratch.path("www/secret").c_str(), 0) == 0);
    const bool root = ::geteuid() == 0;  // nothing is unreadable for root
    CHECK(f.names() == (root ? Names{"inside", "secret", "shown"} : Names{"inside", "shown"}));
    f.conf().rules.unreadable = true;
    f.conf().rules.hidden = true;
    CHECK(f.names() == Names{"broken", "inside", "leaves", "secret", "shown"});
    CHECK(f.get("/").contains("<span title=\"This cannot be read\"><bdi>leaves</bdi></span>"));
}

TEST_CASE("names cannot write HTML, and those without an address have no link")
{
    Folder f;
    f.write("<script>alert(1)<\\script>");
    f.write("\"onmouseover='x'");
    f.write("line\nbreak");
    f.write("bytes\xff");
    f.write("100%#?");
    const Page page = f.get("/", "q=%3Cscript%3E\"'");
    CHECK(!page.contains("<script>alert"));
    CHECK(page.contains("value=\"&lt;script&gt;&quot;&#39;\""));
    const Page all = f.get("/");
    CHECK(!all.contains("<script>alert"));
    CHECK(!all.contains("\"onmouse"));
    CHECK(all.contains("<span title=\"No address can have this name\"><bdi>line\xe2\x90\x8a"
                       "break</bdi></span>"));
    CHECK(all.contains("<a href=\"bytes%FF\"><bdi>bytes\xef\xbf\xbd</bdi></a>"));
    CHECK(all.contains("<a href=\"100%25%23%3F\">"));
    CHECK(f.get("/", "sort=%22%3E%3Cscript%3Ealert&order=%22%3E").contains("<script>alert") ==
          false);
}

TEST_CASE("the breadcrumb leads to every folder above")
{
    Folder f;
    f.write("a b/<c>/x");
    const Page page = f.get("/a b/<c>/");
    CHECK(page.contains(
        "<a href=\"../../\"><bdi>Home</bdi></a></li><li><a href=\"../\"><bdi>a b</bdi></a></li>"
        "<li><span aria-current=\"page\"><bdi>&lt;c&gt;</bdi></span></li>"));
}

TEST_CASE("an unchanged listing is not sent again, a changed one is")
{
    Folder f;
    f.write("a", "1");
    f.touch("a", 1'000'000'000);
    f.touch("", 1'000'000'000);
    const Page first = f.get("/");
    CHECK(first.status == 200);
    CHECK(first.modified == "Sun, 09 Sep 2001 01:46:40 GMT");
    const Page again = f.get("/", "", {{"If-None-Match", first.etag}});
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(f.get("/", "", {{"If-Modified-Since", first.modified}}).status == 304);
    CHECK(f.get("/", "", {}, Method::head).etag == first.etag);
    CHECK(f.conf().shared->cache.bytes() > 0);
    f.write("b");
    const Page changed = f.get("/", "", {{"If-None-Match", first.etag}});
    CHECK(changed.status == 200);
    CHECK(changed.contains("<bdi>b</bdi>"));
}

TEST_CASE("a size that changes without a name is seen when the page is old enough")
{
    Folder f;
    f.write("a", "1");
    f.touch("", 1'000'000'000);
    CHECK(f.get("/").contains("<td>1 B</td>"));
    f.write("a", "22");
    f.touch("", 1'000'000'000);
    f.conf().cache_age = Milliseconds(0);
    CHECK(f.get("/").contains("<td>2 B</td>"));
}

TEST_CASE("what is known of a folder serves every order and filter, for as long as it is true")
{
    Folder f;
    f.write("a", "1");
    f.write("b", "22");
    f.touch("", 1'000'000'000);
    CHECK(f.names() == Names{"a", "b"});
    // A size changes without a sign of it in the folder: only what was read before does not show
    // it.
    f.write("a", "333");
    CHECK(f.names("sort=size") == Names{"a", "b"});
    CHECK(f.names("sort=size&order=desc&q=A") == Names{"a"});
    CHECK(f.get("/", "format=json")
              .contains("{\"name\":\"a\",\"href\":\"a\",\"type\":\"file\",\"size\":1,"));
    // A page of what is known is as old as that.
    f.conf().cache_age = Milliseconds(0);
    CHECK(f.names("sort=size") == Names{"b", "a"});
    f.conf().cache_age = Milliseconds(10'000);
    CHECK(f.names("q=c").empty());
    f.write("c");
    CHECK(f.names("sort=date&q=c") == Names{"c"});
}

TEST_CASE("only GET and HEAD")
{
    Folder f;
    CHECK(f.get("/", "", {}, Method::post).status == 405);
    CHECK(f.get("/", "", {}, Method::options).status == 204);
}

TEST_CASE("JSON has the same entries")
{
    Folder f;
    f.write("d/x");
    f.write("a\"\\\n\xff", "123");
    f.touch("d", 0);
    f.touch("a\"\\\n\xff", 0);
    const Page page = f.get("/", "", {{"Accept", "application/json"}});
    CHECK(page.type == "application/json");
    CHECK(page.body == f.get("/", "format=json").body);
    CHECK(page.body == "{\"path\":\"/\",\"sort\":\"name\",\"order\":\"asc\",\"entries\":[\n"
                       "{\"name\":\"d\",\"href\":\"d/"
                       "\",\"type\":\"directory\",\"modified\":\"1970-01-01T00:00:00Z\"},\n"
                       "{\"name\":\"a\\\"\\\\\xe2\x90\x8a\xef\xbf\xbd\",\"type\":\"file\",\"size\":"
                       "3,\"modified\":\"1970-01-01T00:00:00Z\"}\n"
                       "],\"total\":2,\"page\":1,\"pages\":1,\"complete\":true}\n");
}

TEST_CASE("a large directory is streamed, sorted, in pages, and let go of")
{
    Folder f;
    constexpr int count = 5000;
    for (int i = 0; i < count; ++i) f.write("f" + std::to_string(i), "");
    f.conf().page_size = 2000;
    f.touch("", 1'000'000'000);
    Names expected;
    for (int i = 0; i < count; ++i) expected.push_back("f" + std::to_string(i));
    Names found;
    for (const char* page : {"page=1", "page=2", "page=3"}) {
        const Names part = f.names(page);
        found.insert(found.end(), part.begin(), part.end());
    }
    CHECK(found == expected);
    CHECK(f.waits > 3);
    CHECK(f.get("/", "page=99").contains("Page 3 of 3"));
    CHECK(f.conf().shared->streaming == 0);
    // What was streamed once is known, with an ETag.
    f.waits = 0;
    CHECK(f.get("/", "page=2").etag != "");
    CHECK(f.waits == 0);
    f.conf().page_size = 0;
    f.conf().cache_age = Milliseconds(0);
    CHECK(f.names() == expected);
    f.conf().rules.most = 3000;
    CHECK(f.names().size() == 3000);
    CHECK(f.get("/").contains("there are more"));
}

TEST_CASE("more large directories than may be read at once are refused for now")
{
    Folder f;
    for (int i = 0; i < 1100; ++i) f.write("f" + std::to_string(i), "");
    f.conf().shared->streaming = 8;
    CHECK(f.get("/").status == 503);
    f.conf().shared->streaming = 0;
}

TEST_CASE("a README is shown below, Markdown before text, and only on request")
{
    Folder f;
    f.write("readme.txt", "plain <b>");
    CHECK(f.get("/").contains(
        "<h2 id=\"readme\">readme.txt</h2>\n<pre tabindex=\"0\">plain &lt;b&gt;</pre>"));
    f.write("README.md", "<script>alert(1)</script>");
    CHECK(f.get("/").contains("<h2 id=\"readme\">README.md</h2>"));
    CHECK(!f.get("/").contains("<script>alert"));
    f.write("README.md", "*a*" + std::string(64 << 10, 'x'));
    f.conf().cache_age = Milliseconds(0);
    CHECK(f.get("/").contains("<pre tabindex=\"0\">*a*xxx"));
    f.write("README.md", std::string(300 << 10, 'x'));
    CHECK(!f.get("/").contains("class=\"readme\""));
    f.write("README.md", "*a*");
#ifdef OSTLER_MARKDOWN
    CHECK(f.get("/").contains("<em>a</em>"));
#endif
    f.conf().readme = false;
    f.conf().cache_age = Milliseconds(0);
    CHECK(!f.get("/").contains("class=\"readme\""));
}

TEST_CASE("images and videos are shown when that is wanted")
{
    Folder f;
    f.write("a b.jpg");
    f.write("c.mp4");
    CHECK(!f.get("/").contains("<img"));
    f.conf().previews = true;
    f.conf().cache_age = Milliseconds(0);
    CHECK(f.get("/").contains("<img src=\"a%20b.jpg\" alt=\"\" loading=\"lazy\""));
    CHECK(f.get("/").contains("<video src=\"c.mp4\""));
}

#ifdef OSTLER_ARCHIVES
TEST_CASE("a folder can be had as one file where that is wanted")
{
    Folder f;
    f.write("a.txt", "content of a");
    f.write("deep/b.txt", std::string(200'000, 'b'));
    f.write(".hidden", "SECRET");
    std::filesystem::create_symlink(".", f.scratch.path("www/loop"));
    CHECK(f.get("/", "format=tar").contains("<table"));
    f.conf().downloads = {"tar", "zip"};
    const Page tar = f.get("/", "format=tar");
    CHECK(tar.type == "application/x-tar");
    CHECK(tar.body.size() % 512 == 0);
    CHECK(tar.contains("deep/b.txt"));
    const Page zip = f.get("/", "format=zip");
    CHECK(zip.type == "application/zip");
    CHECK(zip.body.starts_with("PK"));
    for (const Page& page : {tar, zip}) {
        CHECK(page.contains("content of a"));
        CHECK(page.contains(std::string(200'000, 'b')));
        CHECK(!page.contains("SECRET"));
        CHECK(!page.contains("loop"));
    }
    CHECK(f.conf().shared->streaming == 0);
    CHECK(f.get("/", "q=a").contains("value=\"tar\">.tar</button>"));
}
#endif

TEST_CASE("template, style and script can be the user's own")
{
    Folder f;
    f.scratch.write("page.html", "<p>mine: {{title}}</p>{{listing}}{{summary}}");
    f.scratch.write("mine.css", "p{}");
    const std::string text = "enabled = true; template = \"" + f.scratch.path("page.html") +
                             "\"; style = \"" + f.scratch.path("mine.css") + "\";";
    CHECK(test::read_settings(text, [&](Section& s) { f.site.read(s, 1); }) == "");
    const Page page = f.get("/");
    CHECK(page.body.starts_with("<p>mine: /</p><table"));
    CHECK(page.body.ends_with("0 entries</p>\n"));
    const Page style = f.get("/.autoindex/listing.css");
    CHECK(style.body == "p{}");
    CHECK(style.type == "text/css; charset=utf-8");
    CHECK(f.get("/.autoindex/listing.css", "", {{"If-None-Match", style.etag}}).status == 304);
    CHECK(f.get("/.autoindex/listing.js").type == "text/javascript; charset=utf-8");
    CHECK(f.get("/.autoindex/other").status == 404);
}

TEST_CASE("wrong settings of a listing are reported")
{
    Scratch files;
    files.write("bad.html", "no table");
    const auto messages = [&](const std::string& text) {
        return test::read_settings(text, [](Section& s) {
            AutoindexConf c;
            configure_autoindex(c, s);
        });
    };
    CHECK(messages("template = \"" + files.path("bad.html") + "\";")
              .find("must have \"{{listing}}\" once") != std::string::npos);
    CHECK(messages("style = \"/nonexistent/a.css\";").find("cannot be read") != std::string::npos);
    CHECK(messages("lang = \"e n\";").find("is no language tag") != std::string::npos);
    CHECK(messages("security_policy = \"a\\nb\";").find("no field value") != std::string::npos);
}

TEST_CASE("the cache keeps what was used last within its limit")
{
    ListingCache cache;
    cache.limit = 8192;
    const auto insert = [&](const char* key, std::size_t size) {
        cache.insert({key,
                      std::make_shared<RenderedPage>(std::string(size, 'x'), "text/html", 0),
                      nullptr,
                      {},
                      {},
                      {}});
    };
    for (const char* key : {"a", "b", "c", "d", "e"}) insert(key, 1000);
    CHECK(cache.find("a") != nullptr);
    insert("f", 1000);
    CHECK(cache.find("a") != nullptr);
    CHECK(cache.find("b") == nullptr);
    insert("too large", 2000);
    CHECK(cache.find("too large") == nullptr);
    CHECK(cache.bytes() <= cache.limit);
    insert("a", 500);
    CHECK(cache.find("a")->page->bytes.size() == 500);
}
