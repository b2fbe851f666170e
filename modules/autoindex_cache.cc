// autoindex_cache.cc - pages and folders by key, the last used first.
#include "modules/autoindex_cache.h"

#include <cstring>
#include <utility>

#include "common/base/text.h"
#include "common/http/date.h"
#include "modules/autoindex_reader.h"

namespace ostler {

namespace {

/// Four sums side by side, eight bytes at a time: the same in every worker, whatever the library.
std::uint64_t hash_of(std::string_view bytes)
{
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15u;
    const auto mix = [](std::uint64_t hash, std::uint64_t word) {
        hash = (hash ^ word) * odd;
        return hash ^ hash >> 32;
    };
    const auto word_at = [&](std::size_t i) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        return word;
    };
    std::uint64_t lanes[4] = {0xcbf29ce484222325u ^ bytes.size(), 1, 2, 3};
    std::size_t i = 0;
    for (; i + 32 <= bytes.size(); i += 32)
        for (std::size_t lane = 0; lane < 4; ++lane)
            lanes[lane] = mix(lanes[lane], word_at(i + lane * 8));
    for (; i < bytes.size(); ++i) lanes[0] = mix(lanes[0], static_cast<unsigned char>(bytes[i]));
    return mix(mix(mix(lanes[0], lanes[1]), lanes[2]), lanes[3]);
}

std::size_t cost_of(const ListingCache::Item& item)
{
    const std::size_t content = item.page ? item.page->bytes.size() : item.folder->bytes();
    return content + item.key.size() + 512;
}

}  // namespace

RenderedPage::RenderedPage(std::string content, std::string_view type, std::int64_t time)
    : bytes(std::move(content)), content_type(type), modified(time)
{
    etag = "\"";
    std::uint64_t hash = hash_of(bytes);
    for (int i = 0; i < 16; ++i, hash >>= 4) etag += "0123456789abcdef"[hash & 15];
    append(etag, '-', bytes.size(), '"');
    last_modified.resize(http_date_size);
    format_http_date(modified, last_modified.data());
}

ListingCache::Item* ListingCache::find(std::string_view key)
{
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &items_.front();
}

void ListingCache::insert(Item item)
{
    remove(item.key);
    if (cost_of(item) > limit / 4) return;  // one page must not push out all others
    bytes_ += cost_of(item);
    items_.push_front(std::move(item));
    by_key_.emplace(items_.front().key, items_.begin());
    while (bytes_ > limit) drop(std::prev(items_.end()));
}

void ListingCache::remove(std::string_view key)
{
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) drop(found->second);
}

void ListingCache::drop(std::list<Item>::iterator item)
{
    bytes_ -= cost_of(*item);
    by_key_.erase(item->key);
    items_.erase(item);
}

}  // namespace ostler
