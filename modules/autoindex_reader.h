// autoindex_reader.h - the entries of one directory, read and sorted a slice at a time.
//
// Sorted runs are made while reading and merged while writing, so no step depends on how large
// the directory is.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/arena.h"
#include "common/base/fd.h"
#include "common/http/file_cache.h"
#include "modules/autoindex_query.h"

namespace ostler {

struct ListingEntry {
    std::string_view name;  ///< as the file system has it
    std::string_view key;   ///< to sort by
    std::uint64_t size = 0;
    std::int64_t modified = 0;  ///< seconds since 1970
    bool directory = false;
    bool link = false;     ///< symbolic; the rest is about what it leads to
    bool readable = true;  ///< false: shown, but there is nothing to follow
};

/// Which entries are listed.
struct ListingRules {
    bool hidden = false;      ///< dot files that the tree serves
    bool unreadable = false;  ///< entries that cannot be opened, or whose links may not be followed
    std::vector<std::string> ignore;  ///< shell patterns
    std::size_t most = 0;             ///< entries read before the rest is left out
};

/// The entries of a directory as they were read, for as long as they are believed.
struct KnownFolder {
    std::shared_ptr<Arena> names;       ///< what the views of the entries point into
    std::vector<ListingEntry> entries;  ///< in no order
    FileFacts facts;                    ///< of the directory when it was read
    std::size_t bytes() const;
};

class DirectoryReader {
 public:
    /// `below` is the directory's path in `tree`; it and `rules` must outlive the reader.
    DirectoryReader(const FileTree& tree, std::string_view below, const ListingRules& rules,
                    const ListingQuery& query);

    /// 0, or an errno.  ENOTDIR: it is none.
    int open();
    /// The same, to read what is known instead of the directory; `folder` was read by the same
    /// rules without a filter.
    int open(std::shared_ptr<const KnownFolder> folder);
    /// What was read, for others; null when it is not all there is or too much for one run.
    std::shared_ptr<const KnownFolder> known() const;
    /// What the directory was when it was opened.
    const FileFacts& facts() const { return facts_; }

    /// Reads up to `count` entries; false when there are no more.
    bool read(std::size_t count);
    bool is_cut() const { return cut_; }  ///< `most` was reached
    std::size_t size() const { return size_; }
    std::size_t name_bytes() const { return name_bytes_; }  ///< of all entries together
    /// The time of the newest of the directory and its entries, seconds since 1970.
    std::int64_t newest() const { return newest_; }
    /// The file to show below the listing; empty: none.
    const std::string& readme() const { return readme_; }

    /// The next entry in order, null after the last one.  Only once everything was read.
    const ListingEntry* next();

    const FileTree& tree() const { return tree_; }
    const RootDirectory& root() const { return root_; }
    std::string_view below() const { return below_; }

 private:
    struct Close {
        void operator()(DIR* d) const { ::closedir(d); }
    };
    struct Run {
        std::vector<ListingEntry> entries;
        std::vector<std::uint32_t> order;  // of them, once they are sorted
        std::size_t at = 0;                // in `order`
        const ListingEntry& first() const { return entries[order[at]]; }
    };

    int open_top();
    bool read_known(std::size_t count);
    bool wants(std::string_view name);
    bool passes(std::string_view name) const;
    bool examine(ListingEntry& entry, unsigned char type);
    bool examine_link(ListingEntry& entry);
    void note_readme(const ListingEntry& entry);
    void add(const ListingEntry& entry);
    void keep_name(ListingEntry& entry);
    void finish_run();
    std::uint64_t rank_of(const ListingEntry& entry, std::size_t shared) const;
    bool is_before(const ListingEntry& a, const ListingEntry& b) const;
    bool run_is_later(std::size_t a, std::size_t b) const;

    const FileTree& tree_;
    std::string_view below_;
    const ListingRules& rules_;
    const ListingQuery& query_;
    std::string wanted_;  // the filter, folded
    Fd root_fd_;
    RootDirectory root_;
    std::unique_ptr<DIR, Close> directory_;
    FileFacts facts_;
    std::shared_ptr<Arena> names_ = std::make_shared<Arena>();
    std::shared_ptr<const KnownFolder> known_;  // read instead of the directory
    std::size_t known_at_ = 0;
    std::string path_;  // what the tree is asked about
    std::vector<char> key_;
    std::vector<Run> runs_;
    std::vector<std::size_t>
        heap_;  // runs that are not used up; the one with the first entry on top
    std::size_t size_ = 0;
    std::size_t name_bytes_ = 0;
    std::int64_t newest_ = 0;
    std::string readme_;
    int readme_rank_ = 0;
    bool merging_ = false;
    bool cut_ = false;
};

/// Opens a directory for reading its entries; the error is an errno.
Result<Fd, int> open_directory(const FileTree& tree, const RootDirectory& root,
                               std::string_view below, FileFacts& facts);

}  // namespace ostler
