// autoindex_archive.cc - libarchive, fed with what a listing would show.
#include "modules/autoindex_archive.h"

#ifdef OSTLER_ARCHIVES

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t read_slice = 256;  // entries of a directory in one turn
constexpr std::size_t file_slice = 64 << 10;
constexpr std::size_t deepest = 64;  // folders in folders

class ArchiveBody final : public Body, Job {
 public:
    ArchiveBody(Loop& loop, const AutoindexConf& conf, const FileTree& tree, std::string_view below,
                ListingFormat format);
    ~ArchiveBody() override { --shared_->streaming; }

    bool begin();
    Pull pull(Buffer& out, std::size_t max) override;

 private:
    struct Free {
        void operator()(archive* a) const { ::archive_write_free(a); }
    };
    struct FreeEntry {
        void operator()(archive_entry* e) const { ::archive_entry_free(e); }
    };
    /// A directory on the way to where we are.
    struct Level {
        Level(const FileTree& tree, std::string path, const AutoindexConf& c, const ListingQuery& q)
            : below(std::move(path)), reader(tree, below, c.rules, q)
        {
        }
        std::string below;
        DirectoryReader reader;
        bool read = false;
    };

    static la_ssize_t take(archive*, void* self, const void* bytes, std::size_t size)
    {
        static_cast<ArchiveBody*>(self)->ready_.append(static_cast<const char*>(bytes), size);
        return static_cast<la_ssize_t>(size);
    }
    void run() override { wake_consumer(); }
    bool enter(std::string below);
    bool step();
    bool add(const Level& level, const ListingEntry& entry);
    bool add_header(const std::string& path, const ListingEntry& entry);
    bool add_content();
    bool finish();

    Loop& loop_;
    const AutoindexConf& conf_;
    const FileTree& tree_;
    std::string below_;
    const ListingFormat format_;
    const ListingQuery query_;
    std::shared_ptr<AutoindexShared> shared_;
    Fd root_;
    std::string ready_;
    std::unique_ptr<archive, Free> archive_;  // writes to ready_
    std::vector<std::unique_ptr<Level>> levels_;
    Fd file_;
    std::uint64_t left_ = 0;  // of the file
    std::vector<char> room_;
    bool complete_ = false;
};

ArchiveBody::ArchiveBody(Loop& loop, const AutoindexConf& conf, const FileTree& tree,
                         std::string_view below, ListingFormat format)
    : loop_(loop), conf_(conf), tree_(tree), below_(below), format_(format), shared_(conf.shared),
      archive_(::archive_write_new()), room_(file_slice)
{
    ++shared_->streaming;
}

bool ArchiveBody::begin()
{
    archive* a = archive_.get();
    if (!a) return false;
    if (format_ == ListingFormat::zip) {
        ::archive_write_set_format_zip(a);
        ::archive_write_zip_set_compression_store(a);
    } else {
        ::archive_write_set_format_pax_restricted(a);
        ::archive_write_set_options(a, "hdrcharset=BINARY");
    }
    ::archive_write_set_bytes_per_block(a, 0);
    auto root = open_root(tree_.root.c_str());
    if (!root || ::archive_write_open(a, this, nullptr, &take, nullptr) != ARCHIVE_OK) return false;
    root_ = std::move(*root);
    return enter(below_);
}

Pull ArchiveBody::pull(Buffer& out, std::size_t max)
{
    if (ready_.empty() && !complete_) {
        if (!step()) return Pull::fail;
        if (ready_.empty() && !complete_) {
            loop_.post(*this);
            return Pull::wait;
        }
    }
    const std::size_t n = std::min(max, ready_.size());
    out.append(std::string_view(ready_).substr(0, n));
    ready_.erase(0, n);
    return complete_ && ready_.empty() ? Pull::end : Pull::more;
}

bool ArchiveBody::enter(std::string below)
{
    auto level = std::make_unique<Level>(tree_, std::move(below), conf_, query_);
    if (level->reader.open() != 0) return !levels_.empty();  // one that went away is left out
    levels_.push_back(std::move(level));
    return true;
}

/// One bounded piece of work; false when the archive can never be completed.
bool ArchiveBody::step()
{
    if (file_) return add_content();
    if (levels_.empty()) return finish();
    Level& level = *levels_.back();
    if (!level.read) {
        level.read = !level.reader.read(read_slice);
        return true;
    }
    if (const ListingEntry* entry = level.reader.next()) return add(level, *entry);
    levels_.pop_back();
    return true;
}

bool ArchiveBody::add(const Level& level, const ListingEntry& entry)
{
    if (!entry.readable) return true;
    const std::string path = cat(level.below, entry.name);
    if (entry.directory) {
        // A link to a folder may lead back to where we are.
        if (entry.link || levels_.size() >= deepest) return true;
        return add_header(path + '/', entry) && enter(path + '/');
    }
    auto opened = open_below({root_.get(), tree_.root}, path, tree_.symlinks);
    struct stat st;
    if (!opened || ::fstat((*opened).get(), &st) != 0 || !S_ISREG(st.st_mode)) return true;
    ListingEntry now = entry;
    now.size = static_cast<std::uint64_t>(st.st_size);
    if (!add_header(path, now)) return false;
    left_ = now.size;
    if (left_ > 0) file_ = std::move(*opened);
    return true;
}

bool ArchiveBody::add_header(const std::string& path, const ListingEntry& entry)
{
    const std::unique_ptr<archive_entry, FreeEntry> made(::archive_entry_new());
    archive_entry* e = made.get();
    if (!e) return false;
    ::archive_entry_set_pathname(e, path.c_str() + below_.size());
    ::archive_entry_set_filetype(e, entry.directory ? AE_IFDIR : AE_IFREG);
    ::archive_entry_set_perm(e, entry.directory ? 0755 : 0644);
    ::archive_entry_set_mtime(e, static_cast<time_t>(entry.modified), 0);
    if (!entry.directory) ::archive_entry_set_size(e, static_cast<la_int64_t>(entry.size));
    return ::archive_write_header(archive_.get(), e) >= ARCHIVE_WARN;
}

/// A file that became shorter ends the answer: the client must not take zeros for its content.
bool ArchiveBody::add_content()
{
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left_, room_.size()));
    const ssize_t got = ::read(file_.get(), room_.data(), want);
    if (got <= 0) return false;
    const auto size = static_cast<std::size_t>(got);
    if (::archive_write_data(archive_.get(), room_.data(), size) < 0) return false;
    left_ -= size;
    if (left_ == 0) file_.reset();
    return true;
}

bool ArchiveBody::finish()
{
    complete_ = true;
    return ::archive_write_close(archive_.get()) == ARCHIVE_OK;
}

}  // namespace

bool can_make_archives() { return true; }

Body* make_archive(Arena& arena, Loop& loop, const AutoindexConf& conf, const FileTree& tree,
                   std::string_view below, ListingFormat format)
{
    auto* body = arena.make<ArchiveBody>(loop, conf, tree, below, format);
    return body->begin() ? body : nullptr;
}

}  // namespace ostler

#else

namespace ostler {

bool can_make_archives() { return false; }
Body* make_archive(Arena&, Loop&, const AutoindexConf&, const FileTree&, std::string_view,
                   ListingFormat)
{
    return nullptr;
}

}  // namespace ostler

#endif
