// autoindex_reader.cc - reading, judging and ordering the entries of a directory.
#include "modules/autoindex_reader.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "common/base/entry_status.h"
#include "common/base/text.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

constexpr std::size_t run_size = 2048;

/// How much we would like to show this file: Markdown before plain text.
int rank_of_readme(std::string_view name)
{
    constexpr std::string_view names[] = {"readme", "readme.txt", "readme.markdown", "readme.md"};
    for (std::size_t i = 0; i < std::size(names); ++i)
        if (same_ignoring_case(name, names[i])) return static_cast<int>(i) + 1;
    return 0;
}

bool may_read(int directory, std::string_view name, mode_t mode)
{
    const mode_t all = S_ISDIR(mode) ? 0555 : 0444;
    if ((mode & all) == all) return true;
    const int how = S_ISDIR(mode) ? R_OK | X_OK : R_OK;
    return ::faccessat(directory, name.data(), how, AT_EACCESS) == 0;
}

void take_facts(ListingEntry& entry, const EntryStatus& status)
{
    entry.directory = S_ISDIR(status.mode);
    entry.size = entry.directory ? 0 : status.size;
    entry.modified = status.modified;
}

/// Up to eight bytes of `key` after the first `from`, so that numbers compare as the bytes do.
std::uint64_t eight_bytes(std::string_view key, std::size_t from)
{
    std::uint64_t value = 0;
    for (std::size_t i = from; i < from + 8; ++i)
        value = value << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0u);
    return value;
}

/// How many bytes all keys begin with in common.
std::size_t shared_start(const std::vector<ListingEntry>& entries)
{
    const std::string_view first = entries.front().key;
    std::size_t shared = first.size();
    for (const ListingEntry& entry : entries) {
        shared = std::min(shared, entry.key.size());
        const auto [end, other] = std::mismatch(
            first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shared), entry.key.begin());
        shared = static_cast<std::size_t>(end - first.begin());
    }
    return shared;
}

}  // namespace

Result<Fd, int> open_directory(const FileTree& tree, const RootDirectory& root,
                               std::string_view below, FileFacts& facts)
{
    while (below.ends_with('/')) below.remove_suffix(1);
    auto opened = open_below(root, below, tree.symlinks);
    if (!opened) return opened;
    struct stat st;
    if (::fstat((*opened).get(), &st) != 0) return Unexpected{errno};
    if (!S_ISDIR(st.st_mode)) return Unexpected{ENOTDIR};
    facts = facts_of(st);
    return opened;
}

DirectoryReader::DirectoryReader(const FileTree& tree, std::string_view below,
                                 const ListingRules& rules, const ListingQuery& query)
    : tree_(tree), below_(below), rules_(rules), query_(query), wanted_(fold_case(query.filter))
{
}

std::size_t KnownFolder::bytes() const
{
    std::size_t sum = sizeof *this + entries.capacity() * sizeof(ListingEntry);
    for (const ListingEntry& entry : entries) sum += entry.name.size() + entry.key.size();
    return sum;
}

int DirectoryReader::open_top()
{
    auto top = open_root(tree_.root.c_str());
    if (!top) return top.error();
    root_fd_ = std::move(*top);
    root_ = {root_fd_.get(), tree_.root};
    return 0;
}

int DirectoryReader::open(std::shared_ptr<const KnownFolder> folder)
{
    known_ = std::move(folder);
    facts_ = known_->facts;
    newest_ = facts_.modified_ns / 1'000'000'000;
    return open_top();
}

std::shared_ptr<const KnownFolder> DirectoryReader::known() const
{
    if (known_) return known_;
    if (cut_ || !wanted_.empty() || runs_.size() > 1) return nullptr;
    auto folder = std::make_shared<KnownFolder>();
    folder->names = names_;
    folder->facts = facts_;
    if (!runs_.empty()) folder->entries = runs_.front().entries;
    return folder;
}

int DirectoryReader::open()
{
    if (const int error = open_top(); error != 0) return error;
    auto opened = open_directory(tree_, root_, below_, facts_);
    if (!opened) return opened.error();
    directory_.reset(::fdopendir((*opened).get()));
    if (!directory_) return errno;
    (void)(*opened).release();
    newest_ = facts_.modified_ns / 1'000'000'000;
    return 0;
}

bool DirectoryReader::read_known(std::size_t count)
{
    for (; count > 0; --count) {
        if (known_at_ == known_->entries.size()) {
            finish_run();
            return false;
        }
        const ListingEntry& entry = known_->entries[known_at_++];
        if (passes(entry.name)) add(entry);
    }
    return true;
}

bool DirectoryReader::read(std::size_t count)
{
    if (known_) return read_known(count);
    for (; count > 0; --count) {
        if (size_ >= rules_.most) cut_ = true;
        const dirent* found = cut_ ? nullptr : ::readdir(directory_.get());
        if (!found) {
            finish_run();
            return false;
        }
        const std::string_view name(found->d_name);
        if (!wants(name)) continue;
        ListingEntry entry;
        entry.name = name;
        if (!examine(entry, found->d_type)) continue;
        keep_name(entry);
        add(entry);
    }
    return true;
}

bool DirectoryReader::passes(std::string_view name) const
{
    return wanted_.empty() || fold_case(name).find(wanted_) != std::string::npos;
}

bool DirectoryReader::wants(std::string_view name)
{
    if (name == "." || name == "..") return false;
    if (!rules_.hidden && name[0] == '.') return false;
    // Only the top has names that are served although they begin with a dot.
    path_.assign(below_.empty() ? "" : "x/");
    path_ += name;
    if (!tree_.serves(path_)) return false;
    for (const std::string& pattern : rules_.ignore)
        if (::fnmatch(pattern.c_str(), name.data(), FNM_PERIOD) == 0) return false;
    return passes(name);
}

/// False: not to be listed.  `type` is what the directory says, often enough to ask no further.
bool DirectoryReader::examine(ListingEntry& entry, unsigned char type)
{
    if (type == DT_LNK) return examine_link(entry);
    if (type != DT_REG && type != DT_DIR && type != DT_UNKNOWN) return false;  // nothing to fetch
    const int fd = ::dirfd(directory_.get());
    EntryStatus status;
    if (entry_status(fd, entry.name.data(), status) != 0) return false;
    if (S_ISLNK(status.mode)) return examine_link(entry);
    if (!S_ISDIR(status.mode) && !S_ISREG(status.mode)) return false;
    take_facts(entry, status);
    entry.readable = may_read(fd, entry.name, status.mode);
    return entry.readable || rules_.unreadable;
}

/// A link is what it leads to, as far as the tree follows it.
bool DirectoryReader::examine_link(ListingEntry& entry)
{
    path_.assign(below_);
    path_ += entry.name;
    entry.link = true;
    auto target = open_below(root_, path_, tree_.symlinks);
    struct stat st;
    if (!target || ::fstat((*target).get(), &st) != 0) {
        entry.readable = false;
        return rules_.unreadable;
    }
    take_facts(entry, {st.st_mode, static_cast<std::uint64_t>(st.st_size),
                       static_cast<std::int64_t>(st.st_mtime)});
    return entry.directory || S_ISREG(st.st_mode);
}

void DirectoryReader::note_readme(const ListingEntry& entry)
{
    const int rank = entry.directory || !entry.readable ? 0 : rank_of_readme(entry.name);
    if (rank <= readme_rank_) return;
    readme_rank_ = rank;
    readme_ = entry.name;
}

/// The views of an entry, into memory that lasts.
void DirectoryReader::keep_name(ListingEntry& entry)
{
    if (key_.size() < entry.name.size() * sort_key_room)
        key_.resize(entry.name.size() * sort_key_room);
    const char* const end = write_sort_key(key_.data(), entry.name);
    entry.key = names_->copy({key_.data(), static_cast<std::size_t>(end - key_.data())});
    entry.name = names_->copy(entry.name);
}

void DirectoryReader::add(const ListingEntry& entry)
{
    newest_ = std::max(newest_, entry.modified);
    if (lower(entry.name[0]) == 'r') note_readme(entry);
    if (runs_.empty() || runs_.back().entries.size() == run_size) {
        finish_run();
        runs_.emplace_back();
    }
    runs_.back().entries.push_back(entry);
    name_bytes_ += entry.name.size();
    ++size_;
}

/// A number that orders most pairs of entries like is_before(); equal ones need a closer look.
std::uint64_t DirectoryReader::rank_of(const ListingEntry& entry, std::size_t shared) const
{
    std::uint64_t rank = 0;
    switch (query_.by) {
    case SortBy::name: rank = eight_bytes(entry.key, shared); break;
    case SortBy::size: rank = entry.size; break;
    case SortBy::date: rank = static_cast<std::uint64_t>(entry.modified) ^ std::uint64_t{1} << 63;
    }
    return query_.descending ? ~rank : rank;
}

void DirectoryReader::finish_run()
{
    if (runs_.empty()) return;
    Run& run = runs_.back();
    const auto& entries = run.entries;
    struct Item {
        std::uint64_t rank;
        std::uint32_t index;
        bool directory;
    };
    std::vector<Item> items;
    items.reserve(entries.size());
    const std::size_t shared = query_.by == SortBy::name ? shared_start(entries) : 0;
    for (const ListingEntry& entry : entries)
        items.push_back(
            {rank_of(entry, shared), static_cast<std::uint32_t>(items.size()), entry.directory});
    std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
        if (a.directory != b.directory) return a.directory;
        if (a.rank != b.rank) return a.rank < b.rank;
        return is_before(entries[a.index], entries[b.index]);
    });
    run.order.reserve(items.size());
    for (const Item& item : items) run.order.push_back(item.index);
}

bool DirectoryReader::is_before(const ListingEntry& a, const ListingEntry& b) const
{
    if (a.directory != b.directory) return a.directory;
    const ListingEntry& first = query_.descending ? b : a;
    const ListingEntry& second = query_.descending ? a : b;
    if (query_.by == SortBy::size && a.size != b.size) return first.size < second.size;
    if (query_.by == SortBy::date && a.modified != b.modified)
        return first.modified < second.modified;
    const int order = first.key.compare(second.key);
    return order != 0 ? order < 0 : first.name < second.name;
}

bool DirectoryReader::run_is_later(std::size_t a, std::size_t b) const
{
    return is_before(runs_[b].first(), runs_[a].first());
}

const ListingEntry* DirectoryReader::next()
{
    const auto later = [this](std::size_t a, std::size_t b) { return run_is_later(a, b); };
    if (!merging_) {
        merging_ = true;
        for (std::size_t i = 0; i < runs_.size(); ++i) heap_.push_back(i);
        std::make_heap(heap_.begin(), heap_.end(), later);
    }
    if (heap_.empty()) return nullptr;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Run& run = runs_[heap_.back()];
    const ListingEntry* entry = &run.first();
    if (++run.at == run.order.size())
        heap_.pop_back();
    else
        std::push_heap(heap_.begin(), heap_.end(), later);
    return entry;
}

}  // namespace ostler
