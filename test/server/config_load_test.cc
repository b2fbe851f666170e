// config_load_test.cc - the files of a configuration: conf.d, includes, what cannot be read.
#include "server/config_load.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "test/server/config_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// A folder that is gone at the end.
class Folder {
 public:
    Folder()
    {
        char name[] = "/tmp/ostler-config-XXXXXX";
        REQUIRE(::mkdtemp(name));
        path_ = std::filesystem::canonical(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string write(const std::string& name, const std::string& text) const
    {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file;
    }
    std::string operator/(const std::string& name) const { return path_ / name; }

    /// Messages without the folder's name.
    std::string told(const std::vector<Problem>& problems) const
    {
        std::string all = messages(problems);
        const std::string prefix = path_.string() + "/";
        for (std::size_t at; (at = all.find(prefix)) != std::string::npos;)
            all.erase(at, prefix.size());
        return all;
    }

 private:
    std::filesystem::path path_;
};

std::unique_ptr<Configuration> load_file(const std::string& file, std::vector<Problem>& problems)
{
    problems.clear();
    ConfigNode root;
    if (!read_config_tree(file, root, problems)) return nullptr;
    return build_configuration(root, module_rows, problems);
}

}  // namespace

TEST_CASE("files of conf.d are merged in the order of their names")
{
    const Folder folder;
    const std::string file = folder.write("o.conf", R"(
server: { workers = 1; connections = 10; };
listen = ( { port = 80; } );
hosts = ( { names = [ "a.example", "b.example" ]; static: { depth = 1; };
            locations = ( { path = "/x/"; static: { depth = 2; }; } ); } );
)");
    folder.write("conf.d/20-b.conf", R"(server: { workers = 3; };
hosts = ( { names = "c.example"; } );
static: { root = "docs"; };)");
    folder.write("conf.d/10-a.conf", R"(server: { workers = 2; };
modules: { cgi = true; };
cgi: { root = "scripts"; };
listen = ( { port = 81; } );
hosts = ( { names = [ "B.example", "a.example" ]; static: { hidden = true; };
            locations = ( { path = "/x/"; static: { age = "2s"; }; },
                          { path = "/y/"; } ); } );)");
    folder.write("conf.d/30-c.conf.bak", "nonsense!");
    folder.write("conf.d/.40-c.conf", "nonsense!");

    std::vector<Problem> problems;
    const auto c = load_file(file, problems);
    CHECK(folder.told(problems) == "");
    REQUIRE(c);
    CHECK(c->server.workers == 3);
    CHECK(c->server.connections == 10);
    REQUIRE(c->listen.size() == 2);
    CHECK(c->listen[1].port == 81);
    const std::string printed = c->print();
    const std::string hosts = printed.substr(printed.find("\nhosts = ") + 1);
    CHECK(hosts == R"(hosts = ( {
    names = [ "B.example", "a.example" ];
    static: {
        hidden = true;
        depth = 1;
    };
    locations = ( {
        path = "/x/";
        static: {
            depth = 2;
            age = "2s";
        };
    }, {
        path = "/y/";
    } );
}, {
    names = [ "c.example" ];
} );
)");
    // A relative path starts at the folder of the file it is written in.
    CHECK(printed.find("root = \"" + folder / "conf.d/scripts" + "\";") != std::string::npos);
    CHECK(printed.find("root = \"" + folder / "conf.d/docs" + "\";") != std::string::npos);
}

TEST_CASE("problems name the file they are in, in the order of the files")
{
    const Folder folder;
    const std::string file =
        folder.write("o.conf", "@include \"inc/one.conf\"\nserver: { x = 1; };\n");
    folder.write("inc/one.conf", "# comment\n@include \"two.conf\"\n  listen = 1;\n");
    folder.write("inc/two.conf", "http: { y = 1; };");
    folder.write("conf.d/a.conf", "static: { z = 1; };\n");
    folder.write("conf.d/b.conf", "static: { root = 1; };\n");
    std::vector<Problem> problems;
    CHECK_FALSE(load_file(file, problems));
    CHECK(folder.told(problems) == R"(o.conf:2:11: error: unknown setting "x" in "server"
server: { x = 1; };
          ^
conf.d/a.conf:1:11: error: unknown setting "z" in "static"
static: { z = 1; };
          ^
conf.d/b.conf:1:18: error: "root" in "static" must be a path in double quotes, not 1
static: { root = 1; };
                 ^
inc/one.conf:3:12: error: "listen" at the top level must be a list of groups such as ( { ... }, { ... } ), not 1
  listen = 1;
           ^
inc/two.conf:1:9: error: unknown setting "y" in "http"
http: { y = 1; };
        ^
)");
}

TEST_CASE("every file with a syntax error is told")
{
    const Folder folder;
    const std::string file = folder.write("o.conf", "a = ;\n");
    folder.write("conf.d/a.conf", "b = ;\n");
    folder.write("conf.d/b.conf", "http: { };\n");
    std::vector<Problem> problems;
    CHECK_FALSE(load_file(file, problems));
    CHECK(folder.told(problems) == R"(o.conf:1:1: error: "a" has no value
a = ;
^
conf.d/a.conf:1:1: error: "b" has no value
b = ;
^
)");
}

TEST_CASE("what cannot be read is told")
{
    const Folder folder;
    std::vector<Problem> problems;
    CHECK_FALSE(load_file(folder / "none.conf", problems));
    CHECK(folder.told(problems) == "none.conf: error: no such file or directory\n");

    folder.write("dir/x", "");
    CHECK_FALSE(load_file(folder / "dir", problems));
    CHECK(folder.told(problems) == "dir: error: it is a folder\n");

    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    CHECK_FALSE(load_file(folder / "fifo", problems));
    CHECK(folder.told(problems) == "fifo: error: it is not a regular file\n");

    const std::string loop = folder.write("loop.conf", "@include \"loop2.conf\"\n");
    folder.write("loop2.conf", "@include \"loop.conf\"\n");
    CHECK_FALSE(load_file(loop, problems));
    CHECK(folder.told(problems) == R"(loop2.conf:1:1: error: "loop.conf" includes itself
@include "loop.conf"
^
)");

    const std::string dir = folder.write("i.conf", "@include \"dir\"\n");
    CHECK_FALSE(load_file(dir, problems));
    CHECK(folder.told(problems) == R"(i.conf:1:1: error: cannot include dir: it is a folder
@include "dir"
^
)");
}

TEST_CASE("a file given without a folder is beside the process")
{
    const Folder folder;
    folder.write("o.conf", "static: { root = \"docs\"; };");
    folder.write("conf.d/a.conf", "cgi: { root = \"scripts\"; }; modules: { cgi = true; };");
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder / "");
    std::vector<Problem> problems;
    const auto c = load_file("o.conf", problems);
    std::filesystem::current_path(before);
    CHECK(folder.told(problems) == "");
    REQUIRE(c);
    CHECK(c->print().find("root = \"" + folder / "docs" + "\";") != std::string::npos);
    CHECK(c->print().find("root = \"" + folder / "conf.d/scripts" + "\";") != std::string::npos);
}
