// entry_status_test.cc - the facts of an entry are those that stat(2) has.
#include "common/base/entry_status.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "common/base/fd.h"
#include "test/support/scratch.h"

using namespace ostler;

TEST_CASE("an entry has a type, a size and a time; a link is a link")
{
    test::Scratch scratch;
    scratch.write("file", std::string(1234, 'x'));
    const timespec times[2] = {{5, 0}, {-7, 900'000'000}};
    REQUIRE(::utimensat(AT_FDCWD, scratch.path("file").c_str(), times, 0) == 0);
    std::filesystem::create_directory(scratch.path("folder"));
    std::filesystem::create_symlink("nowhere", scratch.path("link"));
    const Fd directory(::open(scratch.path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(directory);

    EntryStatus status;
    REQUIRE(entry_status(directory.get(), "file", status) == 0);
    CHECK(S_ISREG(status.mode));
    CHECK(status.size == 1234);
    CHECK(status.modified == -7);
    struct stat st;
    REQUIRE(::stat(scratch.path("file").c_str(), &st) == 0);
    CHECK(status.mode == st.st_mode);

    REQUIRE(entry_status(directory.get(), "folder", status) == 0);
    CHECK(S_ISDIR(status.mode));
    REQUIRE(entry_status(directory.get(), "link", status) == 0);
    CHECK(S_ISLNK(status.mode));
    CHECK(entry_status(directory.get(), "absent", status) == ENOENT);
    CHECK(entry_status(directory.get(), "file/below", status) == ENOTDIR);
}
