// fuzz_listing.cc - what a page shows of names, queries, templates and READMEs that others wrote.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "common/base/text.h"
#include "modules/autoindex_page.h"
#include "modules/autoindex_query.h"
#include "modules/autoindex_readme.h"
#include "modules/autoindex_text.h"

using namespace ostler;

namespace {

constexpr std::string_view tags[] = {"blockquote", "ul",    "ol",    "li",    "hr", "h3",    "h4",
                                     "h5",         "h6",    "pre",   "code",  "p",  "table", "tr",
                                     "th",         "td",    "img",   "em",    "a",  "br",    "span",
                                     "del",        "thead", "tbody", "strong"};

bool is_tag(std::string_view name)
{
    for (const std::string_view tag : tags)
        if (name == tag) return true;
    return false;
}

/// Only elements of ours, in pairs of brackets, and nothing that runs.
void check_html(std::string_view html)
{
    while (!html.empty()) {
        const std::size_t open = html.find_first_of("<>");
        if (open == html.npos) return;
        CHECK_THAT(html[open] == '<');
        html.remove_prefix(open + 1);
        const std::size_t close = html.find_first_of("<>");
        CHECK_THAT(close != html.npos && html[close] == '>');
        std::string_view tag = html.substr(0, close);
        html.remove_prefix(close + 1);
        if (tag.starts_with('/')) tag.remove_prefix(1);
        const std::size_t end = std::min(tag.find(' '), tag.size());
        CHECK_THAT(is_tag(tag.substr(0, end)));
        // Every value is quoted, and no quote is inside of one: what is outside is ours.
        std::string outside;
        bool quoted = false;
        for (const char c : tag.substr(end)) {
            if (c == '"')
                quoted = !quoted;
            else if (!quoted)
                outside += c;
        }
        CHECK_THAT(!quoted);
        for (const std::string_view ours :
             {"", " tabindex=", " rel= href=", " loading= src= alt=", " start="})
            if (outside == ours) outside.clear();
        CHECK_THAT(outside.empty());
        // Of an address only: as the words instead of an image they are words.
        for (const std::string_view name : {" href=\"", " src=\""})
            for (const std::string_view scheme : {"javascript:", "data:", "vbscript:"})
                CHECK_THAT(tag.find(std::string(name).append(scheme)) == tag.npos);
    }
}

void check_name(std::string_view name)
{
    std::string html, json, segment;
    append_html(html, name);
    append_json(json, name);
    append_segment(segment, name);
    for (const char c : html) CHECK_THAT(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
    CHECK_THAT(html.find_first_of("<>\"'") == html.npos);
    for (const char c : json) CHECK_THAT(static_cast<unsigned char>(c) >= 0x20);
    for (const char c : segment) CHECK_THAT(c > ' ' && c < 0x7f);
    CHECK_THAT(segment.find_first_of("<>\"'&?#:/\\") == segment.npos);

    std::vector<char> room(name.size() * html_room);
    CHECK_THAT(std::string(room.data(), write_html(room.data(), name)) == html);
    std::vector<char> key(name.size() * sort_key_room);
    CHECK_THAT(write_sort_key(key.data(), name) <= key.data() + key.size());
    CHECK_THAT(fold_case(fold_case(name)) == fold_case(name));
}

void check_query(std::string_view text)
{
    const std::size_t cut = std::min(text.find('\n'), text.size());
    const std::string_view accept = text.substr(std::min(cut + 1, text.size()));
    const ListingQuery query = parse_listing_query(text.substr(0, cut), accept);
    const std::string spelled = query.text();
    CHECK_THAT(query.filter.size() <= 255 && query.page >= 1);
    if (query.format == ListingFormat::tar || query.format == ListingFormat::zip) return;
    CHECK_THAT(parse_listing_query(spelled.substr(spelled.empty() ? 0 : 1), "").text() == spelled);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_name(input);
    check_query(input);
    check_html(render_markdown(input));
    check_html(render_plain(input));
    PageTemplate form;
    if (form.parse(input).empty()) CHECK_THAT(form.listing_at() < form.pieces().size());
    return 0;
}
