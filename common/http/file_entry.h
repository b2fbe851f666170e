// file_entry.h - what is known of one file for a moment: facts, bytes or descriptor, ready-made
// field values.
//
// An entry never changes what it stands for: a file that changed gets a new entry.  Whoever uses
// one holds a FilePin; the entry goes when the cache and the last pin have let go of it.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/fd.h"
#include "common/base/loop.h"
#include "common/http/date.h"

namespace ostler {

class FileCache;
class FileTree;

/// What is at a path.
enum class FileKind : unsigned char {
    missing,
    forbidden,  ///< it is there, but not for us: permissions, or a link that may not be followed
    special,    ///< FIFO, socket, device
    directory,
    regular,
    exhausted,  ///< unknown: no descriptors or memory left
    failed,     ///< unknown: the file system failed
};

/// What tells one state of a file from another.
struct FileFacts {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    std::int64_t changed_ns = 0;   ///< of the inode, since 1970
    bool operator==(const FileFacts&) const = default;
};

FileFacts facts_of(const struct stat&);
FileKind kind_of(const struct stat&);

/// Room for the longest entity tag.
constexpr std::size_t etag_size = 56;
/// Writes a strong entity tag, with quotes, made of modification time, size and inode; returns
/// its length.
std::size_t write_etag(const FileFacts&, char* out);

class FileEntry {
 public:
    FileKind kind = FileKind::missing;
    FileFacts facts;                 ///< of a regular file or a directory
    std::string content_type;        ///< set by FileTree::describe
    std::string_view cache_control;  ///< set by FileTree::describe; lives as long as the tree

    std::uint64_t size() const { return facts.size; }
    /// Seconds since 1970.
    std::int64_t modified() const { return modified_; }
    std::string_view etag() const { return {etag_.data(), etag_length_}; }
    /// The modification time as an HTTP date.
    std::string_view last_modified() const { return {date_.data(), date_.size()}; }

    /// True when bytes() is the content; else fd() is open and has it.
    bool in_memory() const { return bytes_ != nullptr; }
    std::string_view bytes() const { return {bytes_.get(), in_memory() ? size() : 0}; }
    int fd() const { return fd_.get(); }

    /// Content codings with a compressed sibling, a bit each, as of `siblings_checked`; kept here
    /// for whoever looks for them.
    unsigned siblings = 0;
    Milliseconds siblings_checked{-1};

 private:
    friend class FileCache;
    friend class FileList;
    friend class FilePin;

    void set_facts(const FileFacts&);

    std::array<char, etag_size> etag_;
    std::array<char, http_date_size> date_;
    std::uint8_t etag_length_ = 0;
    std::int64_t modified_ = 0;
    Fd fd_;
    std::unique_ptr<char[]> bytes_;

    // For the cache.
    const FileTree* tree_ = nullptr;
    std::string path_;  // below the root of the tree
    std::size_t hash_ = 0;
    Milliseconds checked_{0};     // when it was last known to be true
    FileEntry* chain_ = nullptr;  // next in the bucket
    FileEntry* newer_ = nullptr;
    FileEntry* older_ = nullptr;
    unsigned pins_ = 0;
    bool cached_ = false;
};

/// Keeps an entry, with its descriptor and bytes, alive.  May be empty.
class FilePin {
 public:
    FilePin() = default;
    explicit FilePin(FileEntry* entry) : entry_(entry)
    {
        if (entry_) ++entry_->pins_;
    }
    FilePin(const FilePin& other) : FilePin(other.entry_) {}
    FilePin(FilePin&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
    FilePin& operator=(FilePin other) noexcept
    {
        std::swap(entry_, other.entry_);
        return *this;
    }
    ~FilePin()
    {
        if (entry_ && --entry_->pins_ == 0 && !entry_->cached_) delete entry_;
    }

    explicit operator bool() const { return entry_ != nullptr; }
    FileEntry* operator->() const { return entry_; }
    FileEntry& operator*() const { return *entry_; }
    FileEntry* get() const { return entry_; }

 private:
    FileEntry* entry_ = nullptr;
};

}  // namespace ostler
