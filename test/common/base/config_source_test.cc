// config_source_test.cc - includes put in, and every line knows where it comes from.
#include "common/base/config_source.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace ostler;

namespace {

struct Folder {
    Folder()
    {
        char name[] = "/tmp/ostler-source-XXXXXX";
        REQUIRE(::mkdtemp(name));
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    void write(const std::string& name, const std::string& text) const
    {
        std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
        std::ofstream(path + "/" + name) << text;
    }
    std::string path;
};

/// The text, each line with the file (its last part) and line it comes from.
std::string origins(const ConfigSource& source)
{
    std::string all, line;
    std::size_t n = 0;
    for (const char c : source.text) {
        if (c != '\n') {
            line += c;
            continue;
        }
        const auto& origin = source.origins.at(n++);
        all += std::filesystem::path(origin.file->name).filename().string() + ":" +
               std::to_string(origin.line) + ":" + line + "\n";
        line.clear();
    }
    return all;
}

}  // namespace

TEST_CASE("an include is replaced by the file, line by line")
{
    const Folder folder;
    folder.write("b", "b1\nb2");
    folder.write("sub/c", "c1\n@include \"d\"\nc3\n");
    folder.write("sub/d", "d1\n");
    ConfigSource source;
    std::vector<Problem> problems;
    CHECK(expand_config(
        "a1\n@include \"b\"\na3\n  @include \"sub/c\" # x\n# @include \"e\"\n\"\n@include \"f\"",
        "a", folder.path, source, problems));
    CHECK(problems.empty());
    CHECK(origins(source) == "a:1:a1\n"
                             "b:1:b1\n"
                             "b:2:b2\n"
                             "a:2:            \n"
                             "a:3:a3\n"
                             "a:4:  \n"
                             "c:1:c1\n"
                             "d:1:d1\n"
                             "d:2:\n"
                             "c:2:            \n"
                             "c:3:c3\n"
                             "c:4:\n"
                             "a:4:                   # x\n"
                             "a:5:# @include \"e\"\n"
                             "a:6:\"\n"
                             "a:7:@include \"f\"\n");
    CHECK(source.place(3, 2).file->name == folder.path + "/b");
    CHECK(source.place(3, 2).line == 2);
    CHECK(source.place(1000, 1).file->name == "a");
    CHECK(source.place(0, 1).line == 1);
}

TEST_CASE("a file that includes itself, or too many, is told")
{
    const Folder folder;
    folder.write("self", "@include \"self\"\n");
    for (int i = 0; i < 20; ++i)
        folder.write("n" + std::to_string(i), "@include \"n" + std::to_string(i + 1) + "\"\n");
    ConfigSource source;
    std::vector<Problem> problems;
    CHECK_FALSE(
        expand_config("@include \"self\"\n@include \"n0\"\n", "a", folder.path, source, problems));
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].text == "\"self\" includes itself");
    CHECK(problems[0].file == folder.path + "/self");
    CHECK(problems[1].text == "files include each other more than 16 deep");
}

TEST_CASE("the same file may be included twice")
{
    const Folder folder;
    folder.write("b", "b1\n");
    ConfigSource source;
    std::vector<Problem> problems;
    CHECK(expand_config("@include \"b\"\n@include \"b\"\n", "a", folder.path, source, problems));
    CHECK(source.text.find("b1", source.text.find("b1") + 1) != std::string::npos);
}

TEST_CASE("what is no text file is not read")
{
    std::string text, why;
    CHECK_FALSE(read_config_file("/nonexistent/x", text, why));
    CHECK(why == "no such file or directory");
    CHECK_FALSE(read_config_file("/", text, why));
    CHECK(why == "it is a folder");
    CHECK_FALSE(read_config_file("/dev/zero", text, why));
    CHECK(why == "it is not a regular file");
}

TEST_CASE("a relative path starts at the folder")
{
    const std::pair<const char*, const char*> rows[] = {
        {"a", "/f/a"}, {"./a", "/f/a"}, {"././a", "/f/a"}, {".", "/f"},
        {"./", "/f"},  {"/a", "/a"},    {"", ""},          {"../a", "/f/../a"},
    };
    for (const auto& [path, absolute] : rows) CHECK(absolute_path(path, "/f") == absolute);
    CHECK(absolute_path("a", "/") == "/a");
}

TEST_CASE("lines are without their ends")
{
    ConfigSource source;
    std::vector<Problem> problems;
    CHECK(expand_config("a\r\n\nb", "a", "/", source, problems));
    CHECK(source.file->line(1) == "a");
    CHECK(source.file->line(2).empty());
    CHECK(source.file->line(3) == "b");
    CHECK(source.file->line(4).empty());
    CHECK(source.file->line(0).empty());
}
