// file_entry_test.cc - facts and entity tags of files.
#include "common/http/file_entry.h"

#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>

using namespace ostler;

namespace {

std::string etag(const FileFacts& facts)
{
    char out[etag_size];
    return {out, write_etag(facts, out)};
}

}  // namespace

TEST_CASE("an entity tag is strong and fits the room for it")
{
    CHECK(etag({}) == "\"0-0-0\"");
    CHECK(etag({1, 0xab, 0x10, 0x1234, 9}) == "\"1234-10-ab\"");
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    CHECK(etag({most, most, most, -1, -1}).size() <= etag_size);
    CHECK(etag({0, 0, 0, std::numeric_limits<std::int64_t>::min(), 0}) ==
          "\"8000000000000000-0-0\"");
}

TEST_CASE("modification time, size and inode each make another entity tag")
{
    std::set<std::string> tags;
    tags.insert(etag({1, 2, 3, 4, 5}));
    tags.insert(etag({1, 3, 3, 4, 5}));
    tags.insert(etag({1, 2, 4, 4, 5}));
    tags.insert(etag({1, 2, 3, 5, 5}));
    tags.insert(etag({1, 34, 3, 4, 5}));
    tags.insert(etag({1, 4, 33, 4, 5}));
    CHECK(tags.size() == 6);
}

TEST_CASE("facts come from stat, to the nanosecond")
{
    struct stat st {};
    st.st_dev = 7;
    st.st_ino = 8;
    st.st_size = 5'000'000'000;
    st.st_mode = S_IFREG;
#ifdef __APPLE__
    st.st_mtimespec = {1, 5};
    st.st_ctimespec = {2, 6};
#else
    st.st_mtim = {1, 5};
    st.st_ctim = {2, 6};
#endif
    CHECK(facts_of(st) == FileFacts{7, 8, 5'000'000'000, 1'000'000'005, 2'000'000'006});
    CHECK(kind_of(st) == FileKind::regular);
    st.st_mode = S_IFDIR;
    CHECK(kind_of(st) == FileKind::directory);
    for (const auto mode : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
        st.st_mode = static_cast<mode_t>(mode);
        CHECK(kind_of(st) == FileKind::special);
    }
}
