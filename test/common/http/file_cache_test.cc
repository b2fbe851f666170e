// file_cache_test.cc - what is believed for how long, what is kept, what is evicted.
#include "common/http/file_cache.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

class PlainTree final : public FileTree {
 public:
    bool serves(std::string_view path) const override { return path != "hidden"; }
    void describe(std::string_view path, FileEntry& entry) const override
    {
        ++described;
        entry.content_type = cat("type/", path);
    }
    mutable int described = 0;
};

std::int64_t real_us()
{
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

/// A cache over a folder, with a clock that stands still until it is told to go on.  The wall
/// clock is an hour ahead, so that no file is young.
struct Fixture {
    explicit Fixture(FileCacheLimits l = {}) : cache(l)
    {
        std::filesystem::create_directory(scratch.path("www"));
        tree.root = scratch.path("www");
    }
    void write(const std::string& name, const std::string& content)
    {
        scratch.write("www/" + name, content);
        // The times of two writes in one tick of the file system's clock would be the same.
        const timespec times[2] = {{++mtime_, 0}, {mtime_, 0}};
        ::utimensat(AT_FDCWD, scratch.path("www/" + name).c_str(), times, 0);
    }
    /// Replaces the file by another one of the same size.
    void replace(const std::string& name, const std::string& content)
    {
        write(name + ".new", content);
        std::filesystem::rename(scratch.path("www/" + name + ".new"), scratch.path("www/" + name));
    }
    void remove(const std::string& name)
    {
        std::filesystem::remove_all(scratch.path("www/" + name));
    }
    void wait(int ms) { clock.now += Milliseconds(ms); }
    FilePin find(std::string_view path) { return cache.find(tree, path, clock); }
    std::string text(std::string_view path)
    {
        const FilePin file = find(path);
        switch (file->kind) {
        case FileKind::missing: return "missing";
        case FileKind::forbidden: return "forbidden";
        case FileKind::special: return "special";
        case FileKind::directory: return "directory";
        case FileKind::exhausted: return "exhausted";
        case FileKind::failed: return "failed";
        case FileKind::regular: break;
        }
        if (file->in_memory()) return std::string(file->bytes());
        std::string s(static_cast<std::size_t>(file->size()), '\0');
        const ssize_t n = ::pread(file->fd(), s.data(), s.size(), 0);
        s.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return s;
    }

    Scratch scratch;
    PlainTree tree;
    FileCache cache;
    FileClock clock{Milliseconds(1000), real_us() + 3'600'000'000};

 private:
    time_t mtime_ = 1'000'000;
};

FileCacheLimits with(std::size_t FileCacheLimits::*limit, std::size_t value)
{
    FileCacheLimits l;
    l.*limit = value;
    return l;
}

}  // namespace

TEST_CASE("a small file is in memory and needs no descriptor")
{
    Fixture f;
    f.write("a", "hello");
    f.write("empty", "");
    const FilePin a = f.find("a");
    CHECK(a->kind == FileKind::regular);
    CHECK(a->in_memory());
    CHECK(a->bytes() == "hello");
    CHECK(a->fd() == -1);
    CHECK(a->content_type == "type/a");
    CHECK(f.find("empty")->in_memory());
    CHECK(f.find("empty")->bytes().empty());
    CHECK(f.cache.descriptors() == 0);
    CHECK(f.cache.bytes() == 5);
    CHECK(f.cache.entries() == 2);
}

TEST_CASE("a file above the limit is kept open instead")
{
    Fixture f(with(&FileCacheLimits::file, 4));
    f.write("four", "1234");
    f.write("five", "12345");
    CHECK(f.find("four")->in_memory());
    const FilePin five = f.find("five");
    CHECK_FALSE(five->in_memory());
    CHECK(five->fd() >= 0);
    CHECK(f.text("five") == "12345");
    CHECK(f.cache.descriptors() == 1);
    CHECK(f.cache.bytes() == 4);
}

TEST_CASE("within the age nothing is asked of the file system, after it everything is seen")
{
    const struct {
        const char* what;
        void (*change)(Fixture&);
        const char* before;
        const char* after;
    } rows[] = {
        {"written to", [](Fixture& f) { f.write("a", "new"); }, "old", "new"},
        {"replaced", [](Fixture& f) { f.replace("a", "new"); }, "old", "new"},
        {"grown", [](Fixture& f) { f.write("a", "longer"); }, "old", "longer"},
        {"removed", [](Fixture& f) { f.remove("a"); }, "old", "missing"},
        {"now a directory",
         [](Fixture& f) {
             f.remove("a");
             std::filesystem::create_directory(f.scratch.path("www/a"));
         },
         "old", "directory"},
        {"now a FIFO",
         [](Fixture& f) {
             f.remove("a");
             ::mkfifo(f.scratch.path("www/a").c_str(), 0600);
         },
         "old", "special"},
        {"the root is gone", [](Fixture& f) { std::filesystem::remove_all(f.tree.root); }, "old",
         "missing"},
        {"the root is another folder",
         [](Fixture& f) {
             std::filesystem::rename(f.scratch.path("www"), f.scratch.path("was"));
             std::filesystem::create_directory(f.scratch.path("www"));
             f.write("a", "new");
         },
         "old", "new"},
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.what));
        Fixture f;
        f.write("a", "old");
        REQUIRE(f.text("a") == "old");
        row.change(f);
        f.wait(999);
        CHECK(f.text("a") == row.before);
        f.wait(1);
        CHECK(f.text("a") == row.after);
    }
}

TEST_CASE("what is missing is believed to be so for the same time")
{
    Fixture f;
    CHECK(f.text("a") == "missing");
    CHECK(f.text("d/a") == "missing");
    f.write("a", "here");
    std::filesystem::create_directory(f.scratch.path("www/d"));
    f.write("d/a", "here");
    f.wait(999);
    CHECK(f.text("a") == "missing");
    f.wait(1);
    CHECK(f.text("a") == "here");
    CHECK(f.text("d/a") == "here");
    CHECK(f.cache.absent() == 0);
}

TEST_CASE("an age of nothing believes nothing")
{
    Fixture f;
    f.tree.age = Milliseconds(0);
    f.write("a", "old");
    CHECK(f.text("a") == "old");
    f.write("a", "new");
    CHECK(f.text("a") == "new");
    f.remove("a");
    CHECK(f.text("a") == "missing");
    f.write("a", "again");
    CHECK(f.text("a") == "again");
}

TEST_CASE("a root that is a link may be switched to another release")
{
    Fixture f;
    std::filesystem::create_directory(f.scratch.path("one"));
    std::filesystem::create_directory(f.scratch.path("two"));
    f.scratch.write("one/a", "1");
    f.scratch.write("two/a", "2");
    f.scratch.write("two/b", "2");
    f.tree.root = f.scratch.path("current");
    std::filesystem::create_directory_symlink("one", f.tree.root);
    CHECK(f.text("a") == "1");
    std::filesystem::create_directory_symlink("two", f.scratch.path("next"));
    std::filesystem::rename(f.scratch.path("next"), f.tree.root);
    CHECK(f.text("b") == "missing");  // the root is believed, too
    f.wait(1000);
    CHECK(f.text("a") == "2");
    CHECK(f.text("b") == "2");
}

TEST_CASE("what is learned through an old root is not older than a second, either")
{
    Fixture f;
    f.write("a", "old");
    CHECK(f.text("x") == "missing");  // the root is looked at now
    std::filesystem::rename(f.scratch.path("www"), f.scratch.path("was"));
    std::filesystem::create_directory(f.scratch.path("www"));
    f.write("a", "new");
    f.wait(900);
    CHECK(f.text("a") == "old");
    f.wait(100);
    CHECK(f.text("a") == "new");
}

TEST_CASE("an entry in use survives its file, its eviction and the cache's opinion")
{
    Fixture f(with(&FileCacheLimits::entries, 1));
    f.write("a", "aaa");
    f.write("b", "bbb");
    const FilePin a = f.find("a");
    const std::string etag(a->etag());
    CHECK(f.text("b") == "bbb");
    CHECK(f.cache.entries() == 1);
    f.replace("a", "AAA");
    f.wait(1000);
    CHECK(f.text("a") == "AAA");
    CHECK(a->bytes() == "aaa");
    CHECK(a->etag() == etag);
    CHECK(f.find("a")->etag() != etag);
}

TEST_CASE("an open file that is written to is never given out under its old facts")
{
    FileCacheLimits l = with(&FileCacheLimits::file, 0);
    Fixture f(l);
    f.write("a", "old");
    const FilePin old = f.find("a");
    REQUIRE(old->fd() >= 0);
    f.write("a", "longer");
    const FilePin now = f.find("a");  // within the age
    CHECK(now->etag() != old->etag());
    CHECK(now->size() == 6);
    CHECK(f.text("a") == "longer");
}

TEST_CASE("a replaced file that is open stays what it was for whoever sends it")
{
    Fixture f(with(&FileCacheLimits::file, 0));
    f.write("a", "old");
    const FilePin old = f.find("a");
    f.replace("a", "new");
    f.wait(1000);
    CHECK(f.text("a") == "new");
    CHECK(f.find("a")->etag() != old->etag());
    char text[4] = {};
    CHECK(::pread(old->fd(), text, 3, 0) == 3);
    CHECK(std::string(text) == "old");
}

TEST_CASE("a file that has just changed is not kept in memory: it may change in the same tick")
{
    Fixture f;
    f.write("a", "young");
    f.clock.wall_us = real_us();
    CHECK_FALSE(f.find("a")->in_memory());
    CHECK(f.text("a") == "young");
    f.clock.wall_us += 1'000'000;
    f.wait(1000);
    CHECK(f.find("a")->in_memory());  // by now it is old enough
    CHECK(f.cache.descriptors() == 0);
}

TEST_CASE("the least recently used entries go first")
{
    Fixture f(with(&FileCacheLimits::entries, 3));
    for (const char* name : {"a", "b", "c", "d"}) f.write(name, name);
    for (const char* name : {"a", "b", "c", "a", "d"}) f.find(name);
    CHECK(f.cache.entries() == 3);
    const int before = f.tree.described;
    for (const char* name : {"a", "c", "d"}) f.find(name);
    CHECK(f.tree.described == before);
    f.find("b");
    CHECK(f.tree.described == before + 1);
}

TEST_CASE("limits of bytes, descriptors and absent paths")
{
    FileCacheLimits l;
    l.file = 10;
    l.bytes = 25;
    l.descriptors = 2;
    l.absent = 5;
    Fixture f(l);
    for (int i = 0; i < 10; ++i) {
        f.write(cat("small", i), "0123456789");
        f.write(cat("large", i), "0123456789x");
        CHECK(f.text(cat("small", i)) == "0123456789");
        CHECK(f.text(cat("large", i)) == "0123456789x");
        CHECK(f.text(cat("none", i)) == "missing");
        CHECK(f.cache.bytes() <= 25);
        CHECK(f.cache.descriptors() <= 2);
        CHECK(f.cache.absent() <= 5);
    }
    CHECK(f.cache.bytes() == 20);
    CHECK(f.cache.absent() == 5);
}

TEST_CASE("a flood of absent paths does not evict files")
{
    Fixture f(with(&FileCacheLimits::absent, 4));
    f.write("a", "a");
    f.find("a");
    for (int i = 0; i < 100; ++i) f.find(cat("none", i));
    CHECK(f.tree.described == 1);
    f.find("a");
    CHECK(f.tree.described == 1);
}

TEST_CASE("a cache without room still finds files")
{
    FileCacheLimits l;
    l.entries = l.absent = l.bytes = 0;
    l.descriptors = 1;
    Fixture f(l);
    f.write("a", "a");
    CHECK(f.text("a") == "a");
    CHECK(f.text("b") == "missing");
    CHECK(f.find({})->kind == FileKind::directory);
    CHECK(f.cache.entries() == 0);
    CHECK(f.cache.bytes() == 0);
}

TEST_CASE("a file larger than all the memory there is for content is not read into it")
{
    FileCacheLimits l;
    l.bytes = 3;
    Fixture f(l);
    f.write("a", "1234");
    CHECK_FALSE(f.find("a")->in_memory());
    f.wait(1000);
    CHECK(f.text("a") == "1234");
    CHECK(f.cache.descriptors() == 1);
}

TEST_CASE("directories, other things and paths the tree does not serve")
{
    Fixture f;
    std::filesystem::create_directories(f.scratch.path("www/dir/sub"));
    f.write("hidden", "secret");
    f.write("file", "x");
    std::filesystem::create_symlink("/etc", f.scratch.path("www/out"));
    REQUIRE(::mkfifo(f.scratch.path("www/fifo").c_str(), 0600) == 0);
    f.tree.symlinks = Symlinks::inside;
    for (int round = 0; round < 3; ++round) {
        CHECK(f.text("") == "directory");
        CHECK(f.text("dir") == "directory");
        CHECK(f.text("dir/") == "directory");
        CHECK(f.text("dir/sub/") == "directory");
        CHECK(f.text("hidden") == "missing");
        CHECK(f.text("file/") == "missing");
        CHECK(f.text("file/x") == "missing");
        CHECK(f.text("fifo") == "special");
        CHECK(f.text("out") == "forbidden");
        CHECK(f.text("out/passwd") == "forbidden");
        CHECK(f.text(std::string(300, 'x')) == "missing");
        CHECK(f.text(std::string(5000, 'x')) == "missing");
        f.wait(1000);
    }
}

TEST_CASE("two trees do not share what they know")
{
    Fixture f;
    f.write("a", "a");
    PlainTree other;
    other.root = f.scratch.path("other");
    CHECK(f.text("a") == "a");
    CHECK(f.cache.find(other, "a", f.clock)->kind == FileKind::missing);
    CHECK(f.text("a") == "a");
}

TEST_CASE("without descriptors the idle ones are closed, then the answer is exhausted")
{
    Fixture f(with(&FileCacheLimits::file, 0));
    for (int i = 0; i < 20; ++i) f.write(cat("f", i), "x");
    f.find("");  // the root is open
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    std::vector<Fd> taken;
    for (;;) {
        Fd fd(::open("/dev/null", O_RDONLY));
        if (!fd || taken.size() > 5) break;
        taken.push_back(std::move(fd));
    }
    const int highest = taken.back().get();
    rlimit low = old;
    low.rlim_cur = static_cast<rlim_t>(highest) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    taken.resize(taken.size() - 3);  // room for three
    {
        const FilePin pinned = f.find("f0");
        for (int i = 1; i < 10; ++i) CHECK(f.find(cat("f", i))->kind == FileKind::regular);
        CHECK(pinned->fd() >= 0);
    }
    std::vector<FilePin> pins;
    FileKind last = FileKind::regular;
    for (int i = 10; i < 20; ++i) {
        pins.push_back(f.find(cat("f", i)));
        last = pins.back()->kind;
    }
    CHECK(last == FileKind::exhausted);
    pins.clear();
    CHECK(f.find("f19")->kind == FileKind::regular);  // not remembered
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
}

TEST_CASE("limits are raised to the largest of all scopes")
{
    FileCacheLimits small;
    small.entries = 10;
    small.bytes = 20;
    small.descriptors = 5;
    FileCache cache(small);
    FileCacheLimits other;
    other.entries = 5;
    other.bytes = 30;
    other.descriptors = 1;
    cache.raise(other);
    CHECK(cache.limits().entries == 10);
    CHECK(cache.limits().bytes == 30);
    CHECK(cache.limits().descriptors == 5);
}
