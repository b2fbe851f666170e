// autoindex_listing.h - one request for a listing: read, then written, in bounded steps.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/body.h"
#include "common/base/loop.h"
#include "modules/autoindex_cache.h"
#include "modules/autoindex_conf.h"
#include "modules/autoindex_page.h"
#include "modules/autoindex_reader.h"

namespace ostler {

class Listing {
 public:
    /// `conf` and `tree` must outlive it; the rest is copied.
    Listing(const AutoindexConf& conf, const FileTree& tree, std::string_view below,
            std::string_view path, ListingQuery query);
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    /// 0, or an errno.
    int open() { return reader_.open(); }
    int open(std::shared_ptr<const KnownFolder> folder) { return reader_.open(std::move(folder)); }
    /// True when everything was read.
    bool read(std::size_t count);
    /// The page up to its first entry; may be called before everything was read.
    void begin(std::string& out) { writer_->begin(out); }
    /// Appends up to `rows` entries, then the end of the page; true when it is complete.
    bool write(std::string& out, std::size_t rows);

    /// Bytes of a page with everything that was read, or a little more.
    std::size_t expected_size() const;

    const DirectoryReader& reader() const { return reader_; }
    std::string_view content_type() const;
    const std::string& key() const { return key_; }
    const AutoindexConf& conf() const { return conf_; }

 private:
    void start_writing();
    void finish(std::string& out);

    const AutoindexConf& conf_;
    std::string below_;
    std::string path_;
    std::string assets_;
    ListingQuery query_;
    std::string key_;
    DirectoryReader reader_;
    std::unique_ptr<ListingWriter> writer_;
    PageTotals totals_;
    std::size_t to_skip_ = 0;
    std::size_t to_write_ = 0;
    bool writing_ = false;
};

/// A listing sent while it is made: the directory is too large to wait for.
class ListingBody final : public Body, Job {
 public:
    /// The listing must outlive the body.
    ListingBody(Listing& listing, Loop& loop);
    ~ListingBody() override;

    Pull pull(Buffer& out, std::size_t max) override;

 private:
    void run() override;
    void keep();

    Listing& listing_;
    Loop& loop_;
    std::shared_ptr<AutoindexShared> shared_;
    Milliseconds began_;
    std::string ready_;       // written, not pulled
    std::size_t pulled_ = 0;  // of ready_
    std::string whole_;       // for the cache, as long as it fits
    std::int64_t began_us_;
    bool keeps_ = true;
    bool read_ = false;
    bool complete_ = false;
};

/// What a page is known by in the cache.
std::string listing_key(const AutoindexConf& conf, std::string_view path,
                        const ListingQuery& query);

/// What the entries of a directory are known by, whatever was asked of them.
std::string folder_key(const AutoindexConf& conf, std::string_view path);

/// False when the directory changed so shortly before it was read that another change might not
/// be noticed.
bool may_be_kept(const FileFacts& facts, std::int64_t read_at_us);

}  // namespace ostler
