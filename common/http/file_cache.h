// file_cache.h - open descriptors, stat results and the bytes of small hot files.
//
// One a worker.  What it says is at most FileTree::age old (one second); content is never given out
// under the facts of another state of the file.  A hot file costs one hash lookup and no system
// call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/fd.h"
#include "common/base/loop.h"
#include "common/base/open_below.h"
#include "common/http/file_entry.h"

namespace ostler {

/// The time by both clocks, as the loop read them.
struct FileClock {
    Milliseconds now{0};
    std::int64_t wall_us = 0;
    static FileClock of(const Loop& loop) { return {loop.now(), loop.wall_microseconds()}; }
};

/// A directory that files are served from, and how they look: one a scope of the configuration.
/// Must not move while a cache knows it, and must outlive the pins of its files.
class FileTree {
 public:
    virtual ~FileTree() = default;

    /// False for paths that are missing whatever the file system says (dot files).
    virtual bool serves(std::string_view path) const = 0;
    /// Sets what depends on the name of a regular file: content type, Cache-Control.
    virtual void describe(std::string_view path, FileEntry&) const = 0;

    std::string root;  ///< absolute; not changed once the tree is in use
    Symlinks symlinks = Symlinks::same_owner;
    Milliseconds age{1000};  ///< how long what was found is believed

 private:
    friend class FileCache;
    // The root itself may be replaced, for example by a link that points at the next release.
    mutable Fd directory_;
    mutable FileFacts directory_facts_;
    mutable Milliseconds directory_checked_{-1};
};

struct FileCacheLimits {
    std::size_t entries = 32768;   ///< files and directories
    std::size_t absent = 4096;     ///< paths without a file
    std::size_t bytes = 64 << 20;  ///< content in memory
    std::size_t file = 128 << 10;  ///< largest file that is kept in memory
    std::size_t descriptors = 0;   ///< files kept open; 0: a quarter of RLIMIT_NOFILE
};

/// Entries by last use.
class FileList {
 public:
    void push(FileEntry&);
    void remove(FileEntry&);
    FileEntry* oldest() const { return oldest_; }
    std::size_t size() const { return size_; }

 private:
    FileEntry* newest_ = nullptr;
    FileEntry* oldest_ = nullptr;
    std::size_t size_ = 0;
};

class FileCache {
 public:
    explicit FileCache(const FileCacheLimits& limits);
    FileCache(const FileCache&) = delete;
    FileCache& operator=(const FileCache&) = delete;
    ~FileCache();

    /// What is at `path` below the root of `tree`; `path` has no leading '/'.  Never empty.
    FilePin find(const FileTree& tree, std::string_view path, const FileClock& clock);

    /// Closes every descriptor that no pin holds; returns how many.
    std::size_t close_idle();

    /// Raises every limit that is lower than in `limits`; before the first find().
    void raise(FileCacheLimits limits);
    const FileCacheLimits& limits() const { return limits_; }
    std::size_t entries() const { return held_.size() + open_.size(); }
    std::size_t absent() const { return absent_.size(); }
    std::size_t descriptors() const { return open_.size(); }
    std::size_t bytes() const { return bytes_; }

 private:
    FileEntry** bucket_of(std::size_t hash) { return &buckets_[hash & (buckets_.size() - 1)]; }
    FileEntry* lookup(const FileTree& tree, std::string_view path, std::size_t hash);
    FileList& list_of(const FileEntry& entry);
    bool is_current(FileEntry& entry, const FileClock& clock);
    bool recheck(FileEntry& entry, const FileClock& clock);
    std::unique_ptr<FileEntry> load(const FileTree& tree, std::string_view path,
                                    const FileClock& clock);
    Result<Fd, int> open(const FileTree& tree, const RootDirectory& root, std::string_view path);
    void take_file(FileEntry& entry, Fd fd, const struct stat& st, const FileClock& clock);
    bool read_bytes(FileEntry& entry, int fd);
    int open_root_of(const FileTree& tree, const FileClock& clock);
    void insert(FileEntry& entry);
    void remove(FileEntry& entry);
    void shrink();

    FileCacheLimits limits_;
    std::uint64_t seed_;
    std::vector<FileEntry*> buckets_;
    FileList absent_;  // nothing to serve
    FileList held_;    // content in memory, directories
    FileList open_;    // with a descriptor
    std::size_t bytes_ = 0;
};

}  // namespace ostler
