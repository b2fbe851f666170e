// cgi_find_test.cc - from paths to scripts.
#include "modules/cgi_find.h"

#include "test/modules/cgi_site.h"

using namespace ostler;
using namespace ostler::test;
using Kind = FoundScript::Kind;

namespace {

/// Finds without running anything.
FoundScript find(CgiSite& site, std::string_view path)
{
    static Arena* keep = nullptr;  // views of the last result
    delete keep;
    keep = new Arena;
    static Loop loop;
    static FakeStream stream;
    Exchange x(loop, *keep, site.site, stream);
    CgiConf nothing;
    std::swap(nothing, site.conf());
    x.start();  // routed; nobody answers
    std::swap(nothing, site.conf());
    x.request.path = path;
    FoundScript found = find_script(x, site.conf());
    if (found.script.file) {
        static std::string file, name, info;
        file = found.script.file;
        name = found.script.name;
        info = found.script.path_info;
        found.script.file = file.c_str();
        found.script.name = name;
        found.script.path_info = info;
    }
    return found;
}

}  // namespace

TEST_CASE("the first component that is no folder is the script, the rest its PATH_INFO")
{
    CgiSite site;
    site.write("x", "#!/bin/sh\n");
    site.write("folder/y.sh", "#!/bin/sh\n");
    struct Row {
        const char* path;
        const char* name;   // empty: refused with status
        const char* info;
        Code status;
    };
    const Row rows[] = {
        {"/x", "/x", "", Code::ok},
        {"/x/", "/x", "/", Code::ok},
        {"/x/a/b", "/x", "/a/b", Code::ok},
        {"/folder/y.sh", "/folder/y.sh", "", Code::ok},
        {"/folder/y.sh/x", "/folder/y.sh", "/x", Code::ok},
        {"/", "", "", Code::forbidden},
        {"/folder", "", "", Code::forbidden},
        {"/folder/", "", "", Code::forbidden},
        {"/none", "", "", Code::not_found},
        {"/none/x", "", "", Code::not_found},
        {"/folder/none", "", "", Code::not_found},
        {"/.x", "", "", Code::not_found},
        {"/X", "", "", Code::not_found},
    };
    for (const Row& row : rows) {
        CAPTURE(row.path);
        const FoundScript f = find(site, row.path);
        if (*row.name) {
            REQUIRE(f.kind == Kind::script);
            CHECK(f.script.name == row.name);
            CHECK(f.script.path_info == row.info);
            CHECK(std::string(f.script.file) == site.folder + row.name);
        } else {
            CHECK(f.kind == Kind::refused);
            CHECK(f.status == row.status);
        }
    }
}

TEST_CASE("a location's prefix stands for the folder")
{
    CgiSite site;
    site.write("x", "#!/bin/sh\n");
    site.conf().prefix = "/cgi-bin";
    CHECK(find(site, "/cgi-bin/x").kind == Kind::script);
    CHECK(find(site, "/x").kind == Kind::none);
    CHECK(find(site, "/cgi-binx").kind == Kind::none);
    CHECK(find(site, "/c").kind == Kind::none);
}

TEST_CASE("an index is found for a folder, after a redirect to its final slash")
{
    CgiSite site;
    site.conf().index = {"none", "index.sh"};
    site.write("a/index.sh", "#!/bin/sh\n");
    const FoundScript f = find(site, "/a/");
    REQUIRE(f.kind == Kind::script);
    CHECK(f.script.name == "/a/index.sh");
    CHECK(f.script.path_info.empty());
    CHECK(find(site, "/a").kind == Kind::redirect);
}

TEST_CASE("one script may answer for a whole location")
{
    CgiSite site;
    const std::string file = site.write("x", "#!/bin/sh\n");
    site.conf().root.clear();
    site.conf().script = file;
    site.conf().prefix = "/git";
    const FoundScript f = find(site, "/git/repository.git/info");
    REQUIRE(f.kind == Kind::script);
    CHECK(f.script.name == "/git");
    CHECK(f.script.path_info == "/repository.git/info");
    CHECK(std::string(f.script.file) == file);
    CHECK(find(site, "/git").kind == Kind::script);
    CHECK(find(site, "/gitx").kind == Kind::none);
    site.conf().script = site.folder + "/none";
    CHECK(find(site, "/git/x").kind == Kind::refused);
}

TEST_CASE("by extension, everything else is somebody else's")
{
    CgiSite site;
    site.conf().executable = false;
    site.conf().interpreters = {{"php", "/bin/sh"}, {"self", ""}};
    site.write("a.php", "x", 0644);
    site.write("b.PHP", "x", 0644);
    site.write("c.self", "#!/bin/sh\n");
    site.write("d.txt", "x", 0644);
    site.write("e.php.txt", "x", 0644);
    site.write(".f.php", "x", 0644);
    site.write("g.php/inner.txt", "x", 0644);
    CHECK(find(site, "/a.php").kind == Kind::script);
    CHECK(std::string(find(site, "/a.php").script.interpreter) == "/bin/sh");
    CHECK(find(site, "/b.PHP/x").kind == Kind::script);
    CHECK(find(site, "/c.self").script.interpreter == nullptr);
    CHECK(find(site, "/d.txt").kind == Kind::none);
    CHECK(find(site, "/d.txt/x.php").kind == Kind::none);  // d.txt is the file, whatever follows
    CHECK(find(site, "/e.php.txt").kind == Kind::none);
    CHECK(find(site, "/g.php/inner.txt").kind == Kind::none);
    CHECK(find(site, "/").kind == Kind::none);
    // Never left to others: they might send the source.
    CHECK(find(site, "/.f.php").kind == Kind::refused);
    CHECK(find(site, "/none.php").kind == Kind::refused);
    site.conf().path_info = false;
    CHECK(find(site, "/a.php/").status == Code::not_found);
}
