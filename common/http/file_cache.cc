// file_cache.cc - the cache of files: looking up, believing for a second, loading, evicting.
#include "common/http/file_cache.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>
#include <random>

#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/log_line.h"

namespace ostler {

namespace {

// A file whose inode changed this recently may change again without a new time stamp: the clock
// of a file system ticks every 1 to 10 ms.  Its content is not kept.
constexpr std::int64_t young_us = 100'000;

bool is_young(const FileFacts& facts, const FileClock& clock)
{
    const std::int64_t age = clock.wall_us - facts.changed_ns / 1000;
    return age < young_us && age > -young_us;
}

/// The 128 bits of a * b, folded.
std::uint64_t fold(std::uint64_t a, std::uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
    const std::uint64_t product = a * b;
    return product ^ (product >> 29) ^ (a >> 32) * (b >> 32);
#endif
}

std::uint64_t load_bytes(const char* p, std::size_t n)
{
    std::uint64_t v = 0;
    if (n > 0) std::memcpy(&v, p, n);  // an empty view may be null
    return v;
}

/// Seeded, so that nobody outside can choose paths that share a bucket.
std::size_t hash_of(const void* tree, std::string_view path, std::uint64_t seed)
{
    std::uint64_t h = seed ^ reinterpret_cast<std::uintptr_t>(tree);
    const char* at = path.data();
    std::size_t left = path.size();
    for (; left >= 16; at += 16, left -= 16)
        h = fold(load_bytes(at, 8) ^ seed, load_bytes(at + 8, 8) ^ h);
    const std::size_t low = std::min<std::size_t>(left, 8);
    h = fold(load_bytes(at, low) ^ seed, load_bytes(at + low, left - low) ^ h);
    return static_cast<std::size_t>(fold(h ^ path.size(), seed | 1));
}

FileKind kind_of_error(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return FileKind::missing;
    case EACCES:
    case EPERM:
    case EXDEV:
    case ELOOP: return FileKind::forbidden;
    case ENXIO:
    case ENODEV:
    case EOPNOTSUPP: return FileKind::special;  // sockets cannot be opened
    case EMFILE:
    case ENFILE:
    case ENOMEM: return FileKind::exhausted;
    default: return FileKind::failed;
    }
}

/// stat of root + '/' + path; 0 or an errno.
int stat_below(const FileTree& tree, std::string_view path, struct stat& st)
{
    char name[PATH_MAX];
    if (tree.root.size() + path.size() + 2 > sizeof name) return ENAMETOOLONG;
    char* at = name + tree.root.copy(name, tree.root.size());
    *at++ = '/';
    at += path.copy(at, path.size());
    *at = '\0';
    return ::stat(name, &st) == 0 ? 0 : errno;
}

std::size_t default_descriptors()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
    return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 65536)) / 4;
}

void explain(const FileTree& tree, std::string_view path, FileKind kind, int error)
{
    const std::string_view why = error == EXDEV   ? "a symbolic link leaves the root"
                                 : error == ELOOP ? "symbolic links are not followed here, or loop"
                                                  : error_text(error);
    if (kind == FileKind::forbidden) log_info("files: ", tree.root, "/", path, ": ", why);
    if (kind == FileKind::exhausted || kind == FileKind::failed)
        log_error("files: ", tree.root, "/", path, ": ", why);
}

}  // namespace

void FileList::push(FileEntry& entry)
{
    entry.newer_ = nullptr;
    entry.older_ = newest_;
    (newest_ ? newest_->newer_ : oldest_) = &entry;
    newest_ = &entry;
    ++size_;
}

void FileList::remove(FileEntry& entry)
{
    (entry.newer_ ? entry.newer_->older_ : newest_) = entry.older_;
    (entry.older_ ? entry.older_->newer_ : oldest_) = entry.newer_;
    --size_;
}

FileCache::FileCache(const FileCacheLimits& limits) : limits_{0, 0, 0, 0, 0}
{
    std::random_device random;
    seed_ = (std::uint64_t{random()} << 32 | random()) | 1;
    raise(limits);
}

void FileCache::raise(FileCacheLimits limits)
{
    CHECK_THAT(entries() + absent() == 0);
    if (limits.descriptors == 0) limits.descriptors = default_descriptors();
    limits_.entries = std::max(limits_.entries, limits.entries);
    limits_.absent = std::max(limits_.absent, limits.absent);
    limits_.bytes = std::max(limits_.bytes, limits.bytes);
    limits_.file = std::min(std::max(limits_.file, limits.file), limits_.bytes);
    limits_.descriptors = std::max(limits_.descriptors, limits.descriptors);
    buckets_.resize(std::bit_ceil(std::clamp<std::size_t>(limits_.entries, 64, 1 << 17)));
}

FileCache::~FileCache()
{
    for (FileList* list : {&absent_, &held_, &open_})
        while (list->oldest()) remove(*list->oldest());
}

FilePin FileCache::find(const FileTree& tree, std::string_view path, const FileClock& clock)
{
    const std::size_t hash = hash_of(&tree, path, seed_);
    if (FileEntry* known = lookup(tree, path, hash)) {
        FilePin pin(known);
        FileList& list = list_of(*known);
        if (is_current(*known, clock)) {
            list.remove(*known);
            list.push(*known);
            return pin;
        }
        remove(*known);
    }
    FileEntry* entry = load(tree, path, clock).release();
    FilePin pin(entry);
    entry->hash_ = hash;
    if (entry->kind < FileKind::exhausted) {
        insert(*entry);
        shrink();
    }
    return pin;
}

FileEntry* FileCache::lookup(const FileTree& tree, std::string_view path, std::size_t hash)
{
    for (FileEntry* e = *bucket_of(hash); e; e = e->chain_)
        if (e->hash_ == hash && e->tree_ == &tree && e->path_ == path) return e;
    return nullptr;
}

FileList& FileCache::list_of(const FileEntry& entry)
{
    if (entry.kind < FileKind::directory) return absent_;
    return entry.fd_ ? open_ : held_;
}

bool FileCache::is_current(FileEntry& entry, const FileClock& clock)
{
    if (clock.now - entry.checked_ >= entry.tree_->age) return recheck(entry, clock);
    if (!entry.fd_) return true;
    // What is in memory belongs to its facts; what is on disk can have been written to.
    struct stat st {};
    return ::fstat(entry.fd_.get(), &st) == 0 && facts_of(st) == entry.facts;
}

bool FileCache::recheck(FileEntry& entry, const FileClock& clock)
{
    struct stat st {};
    const int error = stat_below(*entry.tree_, entry.path_, st);
    bool current = false;
    switch (entry.kind) {
    case FileKind::missing:
        current = kind_of_error(error) == FileKind::missing || !entry.tree_->serves(entry.path_);
        break;
    case FileKind::special:
    case FileKind::directory:
        current = error == 0 && kind_of(st) == entry.kind &&
                  facts_of(st).device == entry.facts.device &&
                  facts_of(st).inode == entry.facts.inode;
        break;
    case FileKind::regular:
        current = error == 0 && facts_of(st) == entry.facts;
        // Too young to be kept when it was opened: read it now.
        if (entry.fd_ && entry.size() <= limits_.file) current = false;
        break;
    default: break;
    }
    if (current) entry.checked_ = clock.now;
    return current;
}

std::unique_ptr<FileEntry> FileCache::load(const FileTree& tree, std::string_view path,
                                           const FileClock& clock)
{
    auto entry = std::make_unique<FileEntry>();
    entry->tree_ = &tree;
    entry->path_ = path;
    entry->checked_ = clock.now;
    if (!tree.serves(path)) return entry;
    const RootDirectory root{open_root_of(tree, clock), tree.root};
    entry->checked_ = std::min(clock.now, tree.directory_checked_);
    if (root.fd < 0) return entry;

    Result<Fd, int> fd = open(tree, root, path);
    struct stat st {};
    int error = fd ? 0 : fd.error();
    if (!error && ::fstat(fd->get(), &st) != 0) error = errno;
    if (error) {
        entry->kind = kind_of_error(error);
        explain(tree, path, entry->kind, error);
        return entry;
    }
    entry->kind = kind_of(st);
    entry->facts = facts_of(st);
    if (entry->kind == FileKind::regular) {
        tree.describe(path, *entry);
        take_file(*entry, std::move(*fd), st, clock);
    }
    return entry;
}

Result<Fd, int> FileCache::open(const FileTree& tree, const RootDirectory& root,
                                std::string_view path)
{
    Result<Fd, int> fd = open_below(root, path, tree.symlinks);
    if (!fd && (fd.error() == EMFILE || fd.error() == ENFILE) && close_idle() > 0)
        fd = open_below(root, path, tree.symlinks);
    // A directory may be searchable without being readable.
    if (!fd && fd.error() == EACCES) {
        Result<Fd, int> directory = open_below(root, path, tree.symlinks, OpenAs::directory);
        if (directory) return directory;
    }
    return fd;
}

void FileCache::take_file(FileEntry& entry, Fd fd, const struct stat& st, const FileClock& clock)
{
    entry.set_facts(facts_of(st));
    const bool keep = entry.size() <= limits_.file && !is_young(entry.facts, clock);
    if (keep && read_bytes(entry, fd.get())) return;
    entry.fd_ = std::move(fd);
}

/// Reads the whole content; false, with the facts as they are now, when it changed meanwhile.
bool FileCache::read_bytes(FileEntry& entry, int fd)
{
    const auto size = static_cast<std::size_t>(entry.size());
    // Not zeroed, and with room for one byte more than there should be: to see the end.
    std::unique_ptr<char[]> bytes(new char[size + 1]);
    std::size_t have = 0;
    while (have <= size) {
        const ssize_t n =
            ::pread(fd, bytes.get() + have, size + 1 - have, static_cast<off_t>(have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
        if (have == size) break;  // fstat would tell if there were more
    }
    struct stat after {};
    if (::fstat(fd, &after) != 0) return false;
    const FileFacts now = facts_of(after);
    if (have == size && now == entry.facts) {
        entry.bytes_ = std::move(bytes);
        return true;
    }
    entry.set_facts(now);
    return false;
}

/// The descriptor of the tree's root, opened again when the path leads elsewhere; or -1.
int FileCache::open_root_of(const FileTree& tree, const FileClock& clock)
{
    const bool first = tree.directory_checked_.count() < 0;
    if (!first && clock.now - tree.directory_checked_ < tree.age) return tree.directory_.get();
    const bool was_open = static_cast<bool>(tree.directory_);
    tree.directory_checked_ = clock.now;
    struct stat st {};
    int error = ::stat(tree.root.c_str(), &st) == 0 ? 0 : errno;
    if (!error && was_open && facts_of(st).inode == tree.directory_facts_.inode &&
        facts_of(st).device == tree.directory_facts_.device)
        return tree.directory_.get();
    tree.directory_.reset();
    if (!error) {
        Result<Fd, int> fd = open_root(tree.root.c_str());
        if (fd && ::fstat(fd->get(), &st) == 0) {
            tree.directory_facts_ = facts_of(st);
            tree.directory_ = std::move(*fd);
            return tree.directory_.get();
        }
        error = fd ? errno : fd.error();
    }
    if (first || was_open)
        log_warn("files: root ", tree.root, ": cannot be opened: ", error_text(error));
    return -1;
}

void FileCache::insert(FileEntry& entry)
{
    FileEntry** bucket = bucket_of(entry.hash_);
    entry.chain_ = *bucket;
    *bucket = &entry;
    entry.cached_ = true;
    list_of(entry).push(entry);
    bytes_ += entry.bytes().size();
}

void FileCache::remove(FileEntry& entry)
{
    FileEntry** at = bucket_of(entry.hash_);
    while (*at != &entry) at = &(*at)->chain_;
    *at = entry.chain_;
    list_of(entry).remove(entry);
    bytes_ -= entry.bytes().size();
    entry.cached_ = false;
    if (entry.pins_ == 0) delete &entry;
}

void FileCache::shrink()
{
    while (absent_.size() > limits_.absent) remove(*absent_.oldest());
    while (open_.size() > limits_.descriptors) remove(*open_.oldest());
    while (held_.size() > 0 && (bytes_ > limits_.bytes || entries() > limits_.entries))
        remove(*held_.oldest());
    while (entries() > limits_.entries) remove(*open_.oldest());
}

std::size_t FileCache::close_idle()
{
    std::size_t closed = 0;
    for (FileEntry* e = open_.oldest(); e;) {
        FileEntry* next = e->newer_;
        if (e->pins_ == 0) {
            remove(*e);
            ++closed;
        }
        e = next;
    }
    return closed;
}

}  // namespace ostler
