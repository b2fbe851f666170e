// autoindex_listing.cc - the steps from a directory to a page.
#include "modules/autoindex_listing.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/http/uri.h"
#include "modules/autoindex_readme.h"

namespace ostler {

namespace {

constexpr std::size_t read_slice = 256;   // entries read in one turn of the loop
constexpr std::size_t write_slice = 256;  // entries written, or passed over, in one go

PageFacts facts_of(const AutoindexConf& c, const ListingQuery& query, std::string_view path,
                   std::string_view assets)
{
    return {*c.form, query, path, c.lang, assets, c.previews, c.offers("tar"), c.offers("zip")};
}

}  // namespace

std::string listing_key(const AutoindexConf& conf, std::string_view path, const ListingQuery& query)
{
    // A conf is made for each scope and lives as long as the cache.
    return cat(reinterpret_cast<std::uintptr_t>(&conf), path, '\n', query.text());
}

std::string folder_key(const AutoindexConf& conf, std::string_view path)
{
    // No query is spelled like this.
    return cat(reinterpret_cast<std::uintptr_t>(&conf), path, '\n', '*');
}

bool may_be_kept(const FileFacts& facts, std::int64_t read_at_us)
{
    // A file system's clock may stand still for two seconds: what changes while it does cannot
    // be seen afterwards.
    return facts.modified_ns / 1000 + 2'000'000 < read_at_us;
}

Listing::Listing(const AutoindexConf& conf, const FileTree& tree, std::string_view below,
                 std::string_view path, ListingQuery query)
    : conf_(conf), below_(below), path_(path), assets_(encode_path(conf.assets())),
      query_(std::move(query)), key_(listing_key(conf, path_, query_)),
      reader_(tree, below_, conf.rules, query_)
{
    const PageFacts facts = facts_of(conf_, query_, path_, assets_);
    writer_ =
        query_.format == ListingFormat::json ? make_json_writer(facts) : make_html_writer(facts);
}

bool Listing::read(std::size_t count) { return !reader_.read(count); }

std::string_view Listing::content_type() const
{
    return query_.format == ListingFormat::json ? "application/json" : "text/html; charset=utf-8";
}

std::size_t Listing::expected_size() const
{
    // A name stands in the text and in the address, where a byte may become three.
    return reader_.size() * 184 + reader_.name_bytes() * 3 + 4096;
}

void Listing::start_writing()
{
    writing_ = true;
    totals_.entries = reader_.size();
    totals_.cut = reader_.is_cut();
    to_write_ = totals_.entries;
    if (conf_.page_size == 0) return;
    totals_.pages =
        std::max<std::size_t>(1, (totals_.entries + conf_.page_size - 1) / conf_.page_size);
    totals_.page = std::min(query_.page, totals_.pages);
    to_skip_ = (totals_.page - 1) * conf_.page_size;
    to_write_ = std::min(conf_.page_size, totals_.entries - to_skip_);
}

bool Listing::write(std::string& out, std::size_t rows)
{
    if (!writing_) start_writing();
    for (; to_skip_ > 0 && rows > 0; --to_skip_, --rows) reader_.next();
    for (; to_write_ > 0 && rows > 0; --to_write_, --rows) {
        const ListingEntry* entry = reader_.next();
        if (!entry) break;
        writer_->row(out, *entry);
    }
    if (to_skip_ > 0 || to_write_ > 0) return false;
    finish(out);
    return true;
}

void Listing::finish(std::string& out)
{
    if (conf_.readme && totals_.page == 1 && query_.format == ListingFormat::html &&
        !reader_.readme().empty()) {
        totals_.readme_name = reader_.readme();
        totals_.readme =
            render_readme(reader_.tree(), reader_.root(), reader_.below(), reader_.readme());
    }
    writer_->end(out, totals_);
}

// --- while it is made ---------------------------------------------------------------------

ListingBody::ListingBody(Listing& listing, Loop& loop)
    : listing_(listing), loop_(loop), shared_(listing.conf().shared), began_(loop.now()),
      began_us_(loop.wall_microseconds())
{
    ++shared_->streaming;
    listing_.begin(ready_);
}

ListingBody::~ListingBody() { --shared_->streaming; }

void ListingBody::run()
{
    if (!read_)
        read_ = listing_.read(read_slice);
    else if (!complete_)
        complete_ = listing_.write(ready_, write_slice);
    if (!read_ || (ready_.empty() && !complete_)) return loop_.post(*this);
    wake_consumer();
}

Pull ListingBody::pull(Buffer& out, std::size_t max)
{
    if (pulled_ == ready_.size() && !complete_) {
        keep();
        loop_.post(*this);
        return Pull::wait;
    }
    const std::string_view part = std::string_view(ready_).substr(pulled_, max);
    out.append(part);
    pulled_ += part.size();
    if (pulled_ < ready_.size() || !complete_) return Pull::more;
    keep();
    return Pull::end;
}

/// What was sent is kept, or let go of when it has become too much for the cache.
void ListingBody::keep()
{
    ListingCache& cache = shared_->cache;
    if (whole_.size() + ready_.size() > cache.limit / 4) {
        keeps_ = false;
        std::string().swap(whole_);
    }
    if (keeps_) whole_ += ready_;
    ready_.clear();
    pulled_ = 0;
    const DirectoryReader& reader = listing_.reader();
    if (!complete_ || !keeps_ || !may_be_kept(reader.facts(), began_us_)) return;
    auto page =
        std::make_shared<RenderedPage>(std::move(whole_), listing_.content_type(), reader.newest());
    cache.insert({listing_.key(), std::move(page), nullptr, reader.facts(), began_, began_});
}

}  // namespace ostler
