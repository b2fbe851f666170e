// open_below_test.cc - no path and no link leads out of the root; both ways of resolving agree.
#include "common/base/open_below.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// A root with links of every kind, and something outside it.
struct Tree {
    Tree()
    {
        std::filesystem::create_directories(scratch.path("www/dir/sub"));
        std::filesystem::create_directories(scratch.path("outside/dir"));
        scratch.write("www/file", "inside");
        scratch.write("www/dir/file", "inside dir");
        scratch.write("www/dir/sub/file", "inside sub");
        scratch.write("outside/file", "outside");
        scratch.write("outside/dir/file", "outside dir");
        link("file", "to_file");
        link("dir", "to_dir");
        link("dir/", "to_dir_slash");
        link("./dir/./sub/../file", "winding");
        link("../file", "dir/up");
        link("../../www/file", "dir/out_and_in");
        link("..", "dir/parent");
        link("../dir/sub", "dir/around");
        link("to_to_file", "loop_a");
        link("loop_a", "to_to_file");
        link("to_file", "chain");
        link(root + "/dir/file", "absolute_inside");
        link(root + "/dir", "absolute_dir");
        link(root, "absolute_root");
        link(root + "/../outside/file", "absolute_winding");
        link(root + "x/file", "absolute_sibling");
        link("../outside/file", "out");
        link("../outside", "out_dir");
        link(scratch.path("outside/file"), "absolute_out");
        link("/etc/hostname", "other_owner");
        link("/", "everything");
        link("nothing", "dangling");
        link("dir/parent/../../outside/file", "lexically_in");
        link("../../www/file", "outside_link", "outside/dir");
        directory = std::move(open_root(root.c_str()).value());
    }
    void link(const std::string& target, const std::string& name, const std::string& in = "www")
    {
        std::filesystem::create_symlink(target, scratch.path(in + "/" + name));
    }
    RootDirectory as_root() const { return {directory.get(), root}; }

    Scratch scratch;
    std::string root = scratch.path("www");
    Fd directory;
};

using Open = Result<Fd, int> (*)(const RootDirectory&, std::string_view, Symlinks, OpenAs);

/// The content of a regular file, "directory", or the name of the error.
std::string outcome(const Result<Fd, int>& opened)
{
    if (!opened) {
        switch (opened.error()) {
        case ENOENT: return "ENOENT";
        case ENOTDIR: return "ENOTDIR";
        case EXDEV: return "EXDEV";
        case ELOOP: return "ELOOP";
        case EACCES: return "EACCES";
        case ENAMETOOLONG: return "ENAMETOOLONG";
        default: return std::strerror(opened.error());
        }
    }
    struct stat st {};
    REQUIRE(::fstat(opened->get(), &st) == 0);
    if (S_ISDIR(st.st_mode)) return "directory";
    char text[100];
    const ssize_t n = ::read(opened->get(), text, sizeof text);
    return {text, n > 0 ? static_cast<std::size_t>(n) : 0};
}

struct Way {
    const char* name;
    Open open;
};
constexpr Way ways[] = {{"open_below", open_below}, {"open_by_walking", open_by_walking}};

}  // namespace

TEST_CASE("what a path below the root leads to, by policy")
{
    const Tree tree;
    const struct {
        const char* path;
        const char* none;
        const char* inside;
        const char* all;
    } rows[] = {
        {"", "directory", "directory", "directory"},
        {"file", "inside", "inside", "inside"},
        {"dir", "directory", "directory", "directory"},
        {"dir/", "directory", "directory", "directory"},
        {"dir/file", "inside dir", "inside dir", "inside dir"},
        {"dir//file", "inside dir", "inside dir", "inside dir"},
        {"dir/sub/file", "inside sub", "inside sub", "inside sub"},
        {"missing", "ENOENT", "ENOENT", "ENOENT"},
        {"missing/file", "ENOENT", "ENOENT", "ENOENT"},
        {"file/", "ENOTDIR", "ENOTDIR", "ENOTDIR"},
        {"file/x", "ENOTDIR", "ENOTDIR", "ENOTDIR"},
        {"to_file", "ELOOP", "inside", "inside"},
        {"to_file/", "ELOOP", "ENOTDIR", "ENOTDIR"},
        {"to_file/x", "ELOOP", "ENOTDIR", "ENOTDIR"},
        {"chain", "ELOOP", "inside", "inside"},
        {"to_dir", "ELOOP", "directory", "directory"},
        {"to_dir/", "ELOOP", "directory", "directory"},
        {"to_dir/file", "ELOOP", "inside dir", "inside dir"},
        {"to_dir_slash", "ELOOP", "directory", "directory"},
        {"to_dir_slash/sub/file", "ELOOP", "inside sub", "inside sub"},
        {"winding", "ELOOP", "inside dir", "inside dir"},
        {"dir/up", "ELOOP", "inside", "inside"},
        {"dir/parent", "ELOOP", "directory", "directory"},
        {"dir/parent/file", "ELOOP", "inside", "inside"},
        {"dir/around/file", "ELOOP", "inside sub", "inside sub"},
        {"loop_a", "ELOOP", "ELOOP", "ELOOP"},
        {"dangling", "ELOOP", "ENOENT", "ENOENT"},
        // An absolute link below the root stays inside.
        {"absolute_inside", "ELOOP", "inside dir", "inside dir"},
        {"absolute_dir/file", "ELOOP", "inside dir", "inside dir"},
        {"absolute_dir/sub/file", "ELOOP", "inside sub", "inside sub"},
        {"absolute_root/dir/file", "ELOOP", "inside dir", "inside dir"},
        {"absolute_root/absolute_root/file", "ELOOP", "inside", "inside"},
        // Links that leave the root, even if they come back.
        {"out", "ELOOP", "EXDEV", "outside"},
        {"out_dir", "ELOOP", "EXDEV", "directory"},
        {"out_dir/file", "ELOOP", "EXDEV", "outside"},
        {"out_dir/dir/file", "ELOOP", "EXDEV", "outside dir"},
        {"absolute_out", "ELOOP", "EXDEV", "outside"},
        {"absolute_winding", "ELOOP", "EXDEV", "outside"},
        {"absolute_sibling", "ELOOP", "EXDEV", "ENOENT"},
        {"dir/out_and_in", "ELOOP", "EXDEV", "inside"},
        {"lexically_in", "ELOOP", "EXDEV", "ENOENT"},
        {"everything", "ELOOP", "EXDEV", "directory"},
        // No path of a request has these; they are refused all the same.
        {"..", "ENOENT", "ENOENT", "ENOENT"},
        {"../outside/file", "ENOENT", "ENOENT", "ENOENT"},
        {"dir/../file", "ENOENT", "ENOENT", "ENOENT"},
        {"dir/..", "ENOENT", "ENOENT", "ENOENT"},
        {"/etc/passwd", "ENOENT", "ENOENT", "ENOENT"},
        {"/", "ENOENT", "ENOENT", "ENOENT"},
        // Names that only look so.
        {"...", "ENOENT", "ENOENT", "ENOENT"},
        {"..file", "ENOENT", "ENOENT", "ENOENT"},
    };
    for (const Way& way : ways) {
        for (const auto& row : rows) {
            CAPTURE(std::string(way.name));
            CAPTURE(std::string(row.path));
            const RootDirectory root = tree.as_root();
            CHECK(outcome(way.open(root, row.path, Symlinks::none, OpenAs::file)) == row.none);
            CHECK(outcome(way.open(root, row.path, Symlinks::inside, OpenAs::file)) == row.inside);
            CHECK(outcome(way.open(root, row.path, Symlinks::all, OpenAs::file)) == row.all);
        }
    }
}

TEST_CASE("a link out of the root needs the owner of its target")
{
    const Tree tree;
    const struct {
        const char* path;
        const char* outcome;
    } rows[] = {
        {"to_file", "inside"},
        {"out", "outside"},
        {"out_dir/file", "outside"},
        {"out_dir/dir/file", "outside dir"},
        {"out_dir/dir/outside_link", "inside"},  // a link outside is judged by its owner, too
        {"out_dir/missing", "ENOENT"},
        {"out_dir/file/x", "ENOTDIR"},
        {"absolute_out", "outside"},
        {"dir/out_and_in", "inside"},
        {"loop_a", "ELOOP"},
    };
    for (const Way& way : ways) {
        for (const auto& row : rows) {
            CAPTURE(std::string(way.name));
            CAPTURE(std::string(row.path));
            CHECK(outcome(way.open(tree.as_root(), row.path, Symlinks::same_owner, OpenAs::file)) ==
                  row.outcome);
        }
    }
}

TEST_CASE("a link out of the root to somebody else's file is refused")
{
    const Tree tree;
    // As root, the link is given away; otherwise "/" is somebody else's.
    const bool root = ::geteuid() == 0;
    if (root) {
        for (const char* name : {"www/out", "www/out_dir"})
            REQUIRE(::lchown(tree.scratch.path(name).c_str(), 65534, 65534) == 0);
    }
    for (const Way& way : ways) {
        CAPTURE(std::string(way.name));
        const auto open = [&](const char* path) {
            return outcome(way.open(tree.as_root(), path, Symlinks::same_owner, OpenAs::file));
        };
        if (root) {
            CHECK(open("out") == "EXDEV");
            CHECK(open("out_dir") == "EXDEV");
            CHECK(open("out_dir/file") == "EXDEV");
        } else {
            CHECK(open("other_owner") == "EXDEV");
            CHECK(open("everything/etc/hostname") == "EXDEV");
        }
    }
}

TEST_CASE("paths with a NUL and paths that are too long")
{
    const Tree tree;
    std::string deep, component(300, 'a');
    for (int i = 0; i < 3000; ++i) deep += "d/";
    for (const Way& way : ways) {
        CAPTURE(std::string(way.name));
        const auto open = [&](std::string_view path) {
            return outcome(way.open(tree.as_root(), path, Symlinks::inside, OpenAs::file));
        };
        CHECK(open({"file\0.html", 10}) == "ENOENT");
        CHECK(open(component) == "ENAMETOOLONG");
        const std::string too_deep = open(deep + "file");
        CHECK((too_deep == "ENOENT" || too_deep == "ENAMETOOLONG"));
    }
}

TEST_CASE("opening a FIFO does not block, a socket cannot be opened")
{
    const Tree tree;
    REQUIRE(::mkfifo(tree.scratch.path("www/fifo").c_str(), 0600) == 0);
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = tree.scratch.path("www/socket");
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    for (const Way& way : ways) {
        CAPTURE(std::string(way.name));
        const auto open = [&](const char* name) {
            return way.open(tree.as_root(), name, Symlinks::inside, OpenAs::file);
        };
        const auto fifo = open("fifo");
        REQUIRE(fifo);
        CHECK((::fcntl(fifo->get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK_FALSE(open("socket"));
    }
}

TEST_CASE("a directory is opened as one only when it is one")
{
    const Tree tree;
    for (const Way& way : ways) {
        CAPTURE(std::string(way.name));
        const auto open = [&](const char* name) {
            return outcome(way.open(tree.as_root(), name, Symlinks::inside, OpenAs::directory));
        };
        CHECK(open("dir") == "directory");
        CHECK(open("") == "directory");
        CHECK(open("absolute_dir") == "directory");
        CHECK(open("file") == "ENOTDIR");
        CHECK(open("to_file") == "ENOTDIR");
    }
}

TEST_CASE("permissions are those of the process" * doctest::skip(::geteuid() == 0))
{
    const Tree tree;
    REQUIRE(::chmod(tree.scratch.path("www/file").c_str(), 0) == 0);
    REQUIRE(::chmod(tree.scratch.path("www/dir").c_str(), 0311) == 0);
    for (const Way& way : ways) {
        CAPTURE(std::string(way.name));
        const auto open = [&](const char* name, OpenAs as) {
            return outcome(way.open(tree.as_root(), name, Symlinks::inside, as));
        };
        CHECK(open("file", OpenAs::file) == "EACCES");
        CHECK(open("dir", OpenAs::file) == "EACCES");
        CHECK(open("dir", OpenAs::directory) == "directory");
        CHECK(open("dir/file", OpenAs::file) == "inside dir");  // searchable, not readable
    }
    REQUIRE(::chmod(tree.scratch.path("www/dir").c_str(), 0700) == 0);
}
