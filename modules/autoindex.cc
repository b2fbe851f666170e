// autoindex.cc - shows what is in a directory that has no index.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/conditional.h"
#include "common/http/directory.h"
#include "common/module.h"
#include "modules/autoindex_archive.h"
#include "modules/autoindex_conf.h"
#include "modules/autoindex_listing.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";
constexpr std::size_t at_once = 1024;      // entries of a directory that is read in one go
constexpr std::size_t most_streaming = 8;  // larger ones that a worker reads at the same time

using PagePointer = std::shared_ptr<const RenderedPage>;

void set_listing_fields(Exchange& x, const AutoindexConf& c, std::string_view content_type)
{
    Fields& fields = x.response.fields;
    fields.set(FieldId::content_type, content_type);
    fields.set(FieldId::x_content_type_options, "nosniff");
    fields.set(FieldId::vary, "Accept");
    fields.set(FieldId::cache_control, "no-cache");
    if (!c.policy.empty()) fields.set("Content-Security-Policy", c.policy);
}

/// Sends `page`, or says that the client has it.
Step answer(Exchange& x, PagePointer page)
{
    const RenderedPage& p = *x.attach<PagePointer>(std::move(page));
    const std::int64_t now = x.loop.wall_seconds();
    // A time to come is not told: it would be taken for garbage.
    const Validators validators{p.etag, std::min(p.modified, now), now};
    switch (evaluate_preconditions(x.request.fields, x.request.method, validators)) {
    case Precondition::failed: return x.reply(Code::precondition_failed);
    case Precondition::not_modified:
        x.response.fields.set(FieldId::etag, p.etag);
        return x.reply(Code::not_modified);
    case Precondition::proceed: break;
    }
    x.response.fields.set(FieldId::etag, p.etag);
    if (p.modified > 0 && p.modified <= now)
        x.response.fields.set(FieldId::last_modified, p.last_modified);
    x.response.body = x.arena.make<BytesBody>(p.bytes);
    return x.reply(Code::ok);
}

Step refuse(Exchange& x, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR: return Step::next;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV: return x.reply(Code::forbidden);
    case EMFILE:
    case ENFILE:
    case ENOMEM: return x.reply(Code::service_unavailable);
    default: break;
    }
    x.log(Level::error, "autoindex: ", x.request.path, ": ", std::strerror(error));
    return x.reply(Code::internal_server_error);
}

/// True when the directory is still what it was when the page was made.
bool is_current(Exchange& x, const AutoindexConf& c, const FoundDirectory& d,
                ListingCache::Item& item)
{
    const Milliseconds now = x.loop.now();
    if (now - item.made >= c.cache_age) return false;
    if (now - item.checked < d.tree.age) return true;
    auto root = open_root(d.tree.root.c_str());
    if (!root) return false;
    FileFacts facts;
    const RootDirectory top{(*root).get(), d.tree.root};
    if (!open_directory(d.tree, top, d.below, facts) || !(facts == item.facts)) return false;
    item.checked = now;
    return true;
}

/// Null when it is not there, or no longer true.
ListingCache::Item* find_current(Exchange& x, const AutoindexConf& c, const FoundDirectory& d,
                                 const std::string& key)
{
    ListingCache& cache = c.shared->cache;
    ListingCache::Item* item = cache.find(key);
    if (!item || is_current(x, c, d, *item)) return item;
    cache.remove(key);
    return nullptr;
}

/// Everything was read: one page, with validators.  `known` is what it was read from, if not from
/// the directory.
Step answer_whole(Exchange& x, const AutoindexConf& c, Listing& listing,
                  const ListingCache::Item& known)
{
    std::string bytes;
    bytes.reserve(listing.expected_size());
    listing.begin(bytes);
    while (!listing.write(bytes, at_once)) {
    }
    const DirectoryReader& reader = listing.reader();
    auto page = std::make_shared<const RenderedPage>(std::move(bytes), listing.content_type(),
                                                     reader.newest());
    if (may_be_kept(reader.facts(), x.loop.wall_microseconds())) {
        ListingCache::Item item{listing.key(),  page,         nullptr,
                                reader.facts(), x.loop.now(), x.loop.now()};
        if (known.folder) {
            item.made = known.made;  // a page is no younger than what it was made of
            item.checked = known.checked;
        } else if (auto folder = reader.known()) {
            c.shared->cache.insert({folder_key(c, x.request.path), nullptr, std::move(folder),
                                    reader.facts(), x.loop.now(), x.loop.now()});
        }
        c.shared->cache.insert(std::move(item));
    }
    return answer(x, std::move(page));
}

Step refuse_for_now(Exchange& x)
{
    x.response.fields.set(FieldId::retry_after, "1");
    return x.reply(Code::service_unavailable);
}

/// The folder and all below it, as one file.
Step send_archive(Exchange& x, const AutoindexConf& c, const FoundDirectory& d,
                  ListingFormat format)
{
    if (c.shared->streaming >= most_streaming) return refuse_for_now(x);
    const bool tar = format == ListingFormat::tar;
    Body* body = make_archive(x.arena, x.loop, c, d.tree, d.below, format);
    if (!body) return x.reply(Code::not_found);
    std::string_view name = d.path;
    while (name.ends_with('/')) name.remove_suffix(1);
    name.remove_prefix(std::min(name.rfind('/') + 1, name.size()));
    std::string disposition = "attachment; filename*=UTF-8''";
    append_segment(disposition, name.empty() ? "files" : name);
    disposition += tar ? ".tar" : ".zip";
    Fields& fields = x.response.fields;
    fields.set(FieldId::content_type, tar ? "application/x-tar" : "application/zip");
    fields.set("Content-Disposition", x.arena.copy(disposition));
    fields.set(FieldId::x_content_type_options, "nosniff");
    fields.set(FieldId::cache_control, "no-cache");
    x.response.body = body;
    return x.reply(Code::ok);
}

Step list(Exchange& x, const AutoindexConf& c, const FoundDirectory& d)
{
    ListingQuery query =
        parse_listing_query(x.request.query, x.request.fields.get(FieldId::accept));
    if (query.format == ListingFormat::tar || query.format == ListingFormat::zip) {
        if (c.offers(query.format == ListingFormat::tar ? "tar" : "zip"))
            return send_archive(x, c, d, query.format);
        query.format = ListingFormat::html;
    }
    const std::string key = listing_key(c, x.request.path, query);
    if (const ListingCache::Item* item = find_current(x, c, d, key)) {
        set_listing_fields(x, c, item->page->content_type);
        return answer(x, item->page);
    }
    ListingCache::Item known;
    if (const ListingCache::Item* item = find_current(x, c, d, folder_key(c, x.request.path)))
        known = *item;
    auto& listing = x.attach<Listing>(c, d.tree, d.below, x.request.path, query);
    const int error = known.folder ? listing.open(known.folder) : listing.open();
    if (error != 0) return refuse(x, error);
    const bool small = listing.read(at_once);
    if (!small && c.shared->streaming >= most_streaming) return refuse_for_now(x);
    set_listing_fields(x, c, listing.content_type());
    if (small) return answer_whole(x, c, listing, known);
    x.response.body = x.arena.make<ListingBody>(listing, x.loop);
    return x.reply(Code::ok);
}

/// The style sheet and the script of the pages.
Step serve_asset(Exchange& x, const AutoindexConf& c, std::string_view name)
{
    const PagePointer* asset = name == "listing.css"  ? &c.style
                               : name == "listing.js" ? &c.script
                                                      : nullptr;
    if (!asset) return Step::next;
    if (!x.request.is_get_or_head()) return x.reply_allow(allowed_methods);
    x.response.fields.set(FieldId::content_type, (*asset)->content_type);
    x.response.fields.set(FieldId::x_content_type_options, "nosniff");
    x.response.fields.set(FieldId::cache_control, "max-age=3600");
    return answer(x, *asset);
}

bool take_prefix(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

Step content(Exchange& x, const AutoindexConf& c)
{
    const FoundDirectory* d = x.find<FoundDirectory>();
    if (!c.enabled || x.is_error_page()) {
        if (d) x.note("no listing: see autoindex.enabled");
        return Step::next;
    }
    if (d && d->path == x.request.path) {
        if (!x.request.is_get_or_head()) return x.reply_allow(allowed_methods);
        return list(x, c, *d);
    }
    std::string_view path = x.request.path;
    if (!take_prefix(path, c.prefix)) return Step::next;
    if (!c.prefix.ends_with('/') && !take_prefix(path, "/")) return Step::next;
    return take_prefix(path, ".autoindex/") ? serve_asset(x, c, path) : Step::next;
}

}  // namespace

extern constexpr Module autoindex_module{
    .name = "autoindex",
    .about = "Shows what is in a directory that has no index, where `enabled` says so.",
    .config = conf<configure_autoindex>,
    .start = on<start_autoindex>,
    .content = on<content>,
};

}  // namespace ostler
