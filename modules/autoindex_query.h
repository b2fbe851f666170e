// autoindex_query.h - what a request asks of a listing: `?sort=size&order=desc&q=jpg&page=2`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ostler {

enum class SortBy : unsigned char { name, size, date };
enum class ListingFormat : unsigned char { html, json, tar, zip };

struct ListingQuery {
    SortBy by = SortBy::name;
    bool descending = false;
    std::string filter;  ///< as typed; empty: everything
    std::size_t page = 1;
    ListingFormat format = ListingFormat::html;

    /// The same request in one spelling, with its '?'; "" for the plain listing.
    std::string text() const;
};

/// `query` is raw; `accept` is the field of that name.  What is not understood is ignored.
ListingQuery parse_listing_query(std::string_view query, std::string_view accept);

/// True when a client says that it would rather have JSON than HTML (RFC 9110 section 12.5.1).
bool prefers_json(std::string_view accept);

std::string_view sort_name(SortBy by);

}  // namespace ostler
