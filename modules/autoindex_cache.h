// autoindex_cache.h - listings as they were sent, for as long as they are true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/loop.h"
#include "common/http/file_entry.h"

namespace ostler {

/// Bytes with what HTTP says about them; never changes.
struct RenderedPage {
    RenderedPage(std::string content, std::string_view type, std::int64_t time);
    std::string bytes;
    std::string_view content_type;  ///< a constant
    std::int64_t modified = 0;      ///< seconds since 1970
    std::string etag;
    std::string last_modified;
};

struct KnownFolder;

/// Pages, and the entries that more of them can be made of.  Bounded by bytes; what was not used
/// for longest goes first.
class ListingCache {
 public:
    struct Item {
        std::string key;
        std::shared_ptr<const RenderedPage> page;
        std::shared_ptr<const KnownFolder> folder;  ///< one of the two is null
        FileFacts facts;                            ///< of the directory when it was read
        Milliseconds made{0};                       ///< when it was read
        Milliseconds checked{0};  ///< when the directory was last known to be the same
    };

    /// Null when it is not there; valid until the next insert() or remove().
    Item* find(std::string_view key);
    void insert(Item item);
    void remove(std::string_view key);

    std::size_t limit = 0;  ///< bytes; 0: nothing is kept
    std::size_t bytes() const { return bytes_; }

 private:
    void drop(std::list<Item>::iterator item);

    std::list<Item> items_;  // the last used first
    std::unordered_map<std::string_view, std::list<Item>::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace ostler
