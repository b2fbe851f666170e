// file_entry.cc - facts of a file and the field values made of them.
#include "common/http/file_entry.h"

#include <charconv>

namespace ostler {

namespace {

std::int64_t nanoseconds(const timespec& t)
{
    // A file system can hold times far beyond what fits: they only have to stay different.
    const auto ns = static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
                    static_cast<std::uint64_t>(t.tv_nsec);
    return static_cast<std::int64_t>(ns);
}

char* put_hex(char* at, std::uint64_t n) { return std::to_chars(at, at + 16, n, 16).ptr; }

}  // namespace

FileFacts facts_of(const struct stat& st)
{
    FileFacts f;
    f.device = static_cast<std::uint64_t>(st.st_dev);
    f.inode = static_cast<std::uint64_t>(st.st_ino);
    f.size = static_cast<std::uint64_t>(st.st_size);
#ifdef __APPLE__
    f.modified_ns = nanoseconds(st.st_mtimespec);
    f.changed_ns = nanoseconds(st.st_ctimespec);
#else
    f.modified_ns = nanoseconds(st.st_mtim);
    f.changed_ns = nanoseconds(st.st_ctim);
#endif
    return f;
}

FileKind kind_of(const struct stat& st)
{
    if (S_ISREG(st.st_mode)) return FileKind::regular;
    return S_ISDIR(st.st_mode) ? FileKind::directory : FileKind::special;
}

std::size_t write_etag(const FileFacts& facts, char* out)
{
    char* at = out;
    *at++ = '"';
    at = put_hex(at, static_cast<std::uint64_t>(facts.modified_ns));
    *at++ = '-';
    at = put_hex(at, facts.size);
    *at++ = '-';
    at = put_hex(at, facts.inode);
    *at++ = '"';
    return static_cast<std::size_t>(at - out);
}

void FileEntry::set_facts(const FileFacts& f)
{
    facts = f;
    constexpr std::int64_t second = 1'000'000'000;
    modified_ = f.modified_ns / second - (f.modified_ns % second < 0 ? 1 : 0);
    etag_length_ = static_cast<std::uint8_t>(write_etag(f, etag_.data()));
    format_http_date(modified_, date_.data());
}

}  // namespace ostler
