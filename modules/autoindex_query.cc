// autoindex_query.cc - reading and writing the query of a listing.
#include "modules/autoindex_query.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

constexpr std::size_t longest_filter = 255;  // no name is longer
constexpr std::size_t last_page = 1'000'000;

/// What stands before the next `end`; `text` keeps the rest.
std::string_view take_until(std::string_view& text, char end)
{
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

void read_pair(ListingQuery& q, std::string_view key, std::string_view value)
{
    if (key == "sort") {
        for (const SortBy by : {SortBy::name, SortBy::size, SortBy::date})
            if (value == sort_name(by)) q.by = by;
    } else if (key == "order") {
        q.descending = value == "desc";
    } else if (key == "q") {
        q.filter = decode_query_value(value).substr(0, longest_filter);
    } else if (key == "page") {
        std::size_t page = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), page);
        if (error == std::errc{} && end == value.data() + value.size() && page > 0)
            q.page = std::min(page, last_page);
    } else if (key == "format") {
        if (value == "json") q.format = ListingFormat::json;
        if (value == "html") q.format = ListingFormat::html;
        if (value == "tar") q.format = ListingFormat::tar;
        if (value == "zip") q.format = ListingFormat::zip;
    }
}

/// The weight of one element of Accept, in thousandths.
int weight_of(std::string_view parameters)
{
    while (!parameters.empty()) {
        const std::string_view p = trim(take_until(parameters, ';'));
        if (p.size() < 3 || lower(p[0]) != 'q' || p[1] != '=') continue;
        int weight = p[2] == '1' ? 1000 : 0;
        int unit = 100;
        for (std::size_t i = 4; i < p.size() && i < 7 && is_digit(p[i]); ++i, unit /= 10)
            weight += (p[i] - '0') * unit;
        return std::min(weight, 1000);
    }
    return 1000;
}

}  // namespace

std::string_view sort_name(SortBy by)
{
    switch (by) {
    case SortBy::name: return "name";
    case SortBy::size: return "size";
    case SortBy::date: return "date";
    }
    return {};
}

bool prefers_json(std::string_view accept)
{
    int json = 0;
    int html = 0;
    while (!accept.empty()) {
        std::string_view parameters = take_until(accept, ',');
        const std::string_view type = trim(take_until(parameters, ';'));
        if (same_ignoring_case(type, "application/json"))
            json = weight_of(parameters);
        else if (same_ignoring_case(type, "text/html"))
            html = weight_of(parameters);
    }
    return json > html;
}

ListingQuery parse_listing_query(std::string_view query, std::string_view accept)
{
    ListingQuery q;
    if (prefers_json(accept)) q.format = ListingFormat::json;
    while (!query.empty()) {
        std::string_view value = take_until(query, '&');
        const std::string_view key = take_until(value, '=');
        read_pair(q, key, value);
    }
    return q;
}

std::string ListingQuery::text() const
{
    std::string out;
    const auto add = [&](std::string_view key, std::string_view value) {
        append(out, out.empty() ? '?' : '&', key, '=');
        append_segment(out, value);
    };
    if (by != SortBy::name) add("sort", sort_name(by));
    if (descending) add("order", "desc");
    if (!filter.empty()) add("q", filter);
    if (page > 1) add("page", cat(page));
    if (format == ListingFormat::json) add("format", "json");
    return out;
}

}  // namespace ostler
