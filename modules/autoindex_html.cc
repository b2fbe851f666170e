// autoindex_html.cc - a listing as a page: one table that reads well aloud, on a phone, in print.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "common/base/text.h"
#include "common/http/mime.h"
#include "modules/autoindex_page.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

using Slot = PageTemplate::Slot;

constexpr std::uint64_t largest_preview = 8 << 20;
constexpr std::size_t row_markup = 512;  // at most what is in a row beside the name

char* put(char* to, std::string_view text)
{
    text.copy(to, text.size());
    return to + text.size();
}

class HtmlWriter final : public ListingWriter {
 public:
    explicit HtmlWriter(const PageFacts& facts) : facts_(facts) {}

    void begin(std::string& out) override;
    void row(std::string& out, const ListingEntry& entry) override;
    void end(std::string& out, const PageTotals& totals) override;

 private:
    void write(std::string& out, Slot slot);
    void write_breadcrumb(std::string& out) const;
    void write_search(std::string& out) const;
    void write_heading(std::string& out, SortBy by, std::string_view text) const;
    void write_table_head(std::string& out) const;
    void write_table_end(std::string& out) const;
    char* write_name(char* to, const ListingEntry& entry);
    char* write_preview(char* to, const ListingEntry& entry, std::string_view kind,
                        std::string_view href) const;
    void write_pages(std::string& out) const;
    void write_page_link(std::string& out, std::size_t page, std::string_view rel,
                         std::string_view text) const;
    void write_summary(std::string& out) const;
    void write_readme(std::string& out) const;
    void write_downloads(std::string& out) const;
    std::string_view kind_of(std::string_view name);

    /// An extension that was met, packed into a number, and its kind.
    struct KnownKind {
        std::uint64_t extension = 0;
        std::string_view kind;
    };

    PageFacts facts_;
    const PageTotals* totals_ = nullptr;
    std::array<KnownKind, 64> kinds_;  // a folder has few, and many files of each
    DateText date_;
    std::vector<char> row_;  // one of them
    bool empty_ = true;
};

void append_number(std::string& out, std::size_t n)
{
    const std::string digits = cat(n);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
        out += digits[i];
    }
}

/// As a relative reference: the directory itself when nothing is asked.
std::string href_of(const ListingQuery& query)
{
    std::string text = query.text();
    if (text.empty()) return "./";
    std::string out;
    append_html(out, text);
    return out;
}

void write_hidden(std::string& out, std::string_view name, std::string_view value)
{
    if (value.empty()) return;
    append(out, "<input type=\"hidden\" name=\"", name, "\" value=\"");
    append_html(out, value);
    out += "\">";
}

void HtmlWriter::begin(std::string& out)
{
    const auto& pieces = facts_.form.pieces();
    for (std::size_t i = 0; i < facts_.form.listing_at(); ++i) {
        out += pieces[i].text;
        write(out, pieces[i].slot);
    }
    out += pieces[facts_.form.listing_at()].text;
    write_table_head(out);
}

void HtmlWriter::end(std::string& out, const PageTotals& totals)
{
    totals_ = &totals;
    write_table_end(out);
    const auto& pieces = facts_.form.pieces();
    for (std::size_t i = facts_.form.listing_at() + 1; i < pieces.size(); ++i) {
        out += pieces[i].text;
        write(out, pieces[i].slot);
    }
    totals_ = nullptr;
}

// What is known only at the end is empty where a template has it before the listing.
void HtmlWriter::write(std::string& out, Slot slot)
{
    switch (slot) {
    case Slot::lang: return append_html(out, facts_.lang);
    case Slot::title: return append_html(out, facts_.path);
    case Slot::assets: return append_html(out, facts_.assets);
    case Slot::breadcrumb: return write_breadcrumb(out);
    case Slot::search: return write_search(out);
    case Slot::downloads: return write_downloads(out);
    case Slot::pages: return totals_ ? write_pages(out) : void();
    case Slot::readme: return totals_ ? write_readme(out) : void();
    case Slot::summary: return totals_ ? write_summary(out) : void();
    case Slot::listing:
    case Slot::none: return;
    }
}

void HtmlWriter::write_breadcrumb(std::string& out) const
{
    std::string_view path = facts_.path;
    auto above = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) - 1;
    out += "<nav aria-label=\"Breadcrumb\"><ol class=\"breadcrumb\">";
    std::string_view name = "Home";
    for (;; --above) {
        out += "<li>";
        if (above > 0) {
            out += "<a href=\"";
            for (std::size_t i = 0; i < above; ++i) out += "../";
            out += "\"><bdi>";
        } else {
            out += "<span aria-current=\"page\"><bdi>";
        }
        append_html(out, name);
        out += above > 0 ? "</bdi></a></li>" : "</bdi></span></li>";
        if (above == 0) break;
        path.remove_prefix(1);
        name = path.substr(0, path.find('/'));
        path.remove_prefix(name.size());
    }
    out += "</ol></nav>\n";
}

void HtmlWriter::write_search(std::string& out) const
{
    const ListingQuery& q = facts_.query;
    out += "<form class=\"filter\" role=\"search\"><label for=\"filter\">Filter by name</label>"
           "<input id=\"filter\" type=\"search\" name=\"q\" maxlength=\"255\" autocomplete=\"off\" "
           "spellcheck=\"false\" value=\"";
    append_html(out, q.filter);
    out += "\">";
    if (q.by != SortBy::name) write_hidden(out, "sort", sort_name(q.by));
    if (q.descending) write_hidden(out, "order", "desc");
    out += "<button>Filter</button></form>\n";
}

// A form, not a link: those who mirror a site follow links whatever their rel says.
void HtmlWriter::write_heading(std::string& out, SortBy by, std::string_view text) const
{
    const bool is_this = facts_.query.by == by;
    append(out, "<th scope=\"col\" class=\"", sort_name(by), '"');
    if (is_this)
        append(out, " aria-sort=\"", facts_.query.descending ? "descending" : "ascending", '"');
    out += "><form rel=\"nofollow\">";
    write_hidden(out, "q", facts_.query.filter);
    write_hidden(out, "sort", sort_name(by));
    write_hidden(out, "order", is_this && !facts_.query.descending ? "desc" : "asc");
    append(out, "<button>", text, "</button></form></th>");
}

void HtmlWriter::write_table_head(std::string& out) const
{
    out += "<table class=\"listing\">\n<caption>Files and folders in <bdi>";
    append_html(out, facts_.path);
    out += "</bdi></caption>\n<thead><tr>";
    write_heading(out, SortBy::name, "Name");
    write_heading(out, SortBy::size, "Size");
    write_heading(out, SortBy::date, "Changed <abbr title=\"universal time\">UTC</abbr>");
    out += "</tr></thead>\n<tbody>\n";
}

void HtmlWriter::write_table_end(std::string& out) const
{
    if (empty_)
        append(out, "<tr class=\"none\"><td colspan=\"3\">",
               facts_.query.filter.empty() ? "There is nothing in this folder."
                                           : "No name here matches the filter.",
               "</td></tr>\n");
    out += "</tbody>\n</table>\n";
}

void HtmlWriter::row(std::string& out, const ListingEntry& entry)
{
    empty_ = false;
    // Once in the text, and in an address, twice with a preview.
    const std::size_t room = entry.name.size() * (html_room + 2 * segment_room) + row_markup;
    if (row_.size() < room) row_.resize(room);
    char* to = write_name(row_.data(), entry);
    to = put(to, "<td>");
    if (!entry.directory) to = write_size(to, entry.size);
    to = put(to, "</td><td><time datetime=\"");
    const char* const date = to;
    to = date_.write(to, entry.modified);
    to = put(to, "\">");
    to = put(to, {date, 10});
    to = put(to, "<span> ");  // a phone shows the day only
    to = put(to, {date + 11, 5});
    to = put(to, "</span></time></td></tr>\n");
    out.append(row_.data(), to);
}

char* HtmlWriter::write_name(char* to, const ListingEntry& entry)
{
    const std::string_view kind = entry.directory ? "folder" : kind_of(entry.name);
    const bool linked = entry.readable && !is_unlinkable(entry.name);
    to = put(put(put(to, "<tr><th scope=\"row\" class=\""), kind), "\">");
    if (!linked) {
        to = put(to, "<span title=\"");
        to = put(to, entry.readable ? "No address can have this name" : "This cannot be read");
        to = put(to, "\">");
    } else {
        to = put(to, "<a href=\"");
        const char* const href = to;
        to = write_segment(to, entry.name);
        if (entry.directory) *to++ = '/';
        const char* const end = to;
        to = put(to, "\">");
        to = write_preview(to, entry, kind, {href, static_cast<std::size_t>(end - href)});
    }
    to = write_html(put(to, "<bdi>"), entry.name);
    if (entry.directory) *to++ = '/';
    return put(to, linked ? "</bdi></a></th>" : "</bdi></span></th>");
}

char* HtmlWriter::write_preview(char* to, const ListingEntry& entry, std::string_view kind,
                                std::string_view href) const
{
    if (!facts_.previews || entry.directory || entry.size > largest_preview) return to;
    if (kind == "image") {
        to = put(put(to, "<img src=\""), href);
        return put(to, "\" alt=\"\" loading=\"lazy\" decoding=\"async\">");
    }
    if (kind == "video") {
        to = put(put(to, "<video src=\""), href);
        return put(to,
                   "\" preload=\"metadata\" muted tabindex=\"-1\" aria-hidden=\"true\"></video>");
    }
    return to;
}

std::string_view HtmlWriter::kind_of(std::string_view name)
{
    const std::string_view extension = extension_of(name);
    std::uint64_t packed = 0;
    if (extension.empty() || extension.size() > sizeof packed) return kind_of_name(name);
    for (const char c : extension) packed = packed << 8 | static_cast<unsigned char>(c);
    KnownKind& known = kinds_[(packed * 0x9e3779b97f4a7c15u) >> 58];
    if (known.extension != packed) known = {packed, kind_of_name(name)};
    return known.kind;
}

void HtmlWriter::write_page_link(std::string& out, std::size_t page, std::string_view rel,
                                 std::string_view text) const
{
    ListingQuery there = facts_.query;
    there.page = page;
    append(out, "<li><a rel=\"", rel, "\" href=\"", href_of(there), "\">", text, "</a></li>");
}

void HtmlWriter::write_pages(std::string& out) const
{
    if (totals_->pages < 2) return;
    out += "<nav aria-label=\"Pages\"><ul class=\"pages\">";
    const std::size_t page = totals_->page;
    if (page > 2) write_page_link(out, 1, "start", "First");
    if (page > 1) write_page_link(out, page - 1, "prev", "Previous");
    append(out, "<li aria-current=\"page\">Page ", page, " of ", totals_->pages, "</li>");
    if (page < totals_->pages) write_page_link(out, page + 1, "next", "Next");
    if (page + 1 < totals_->pages) write_page_link(out, totals_->pages, "end", "Last");
    out += "</ul></nav>\n";
}

void HtmlWriter::write_summary(std::string& out) const
{
    append(out, "<p class=\"summary\" role=\"status\" data-pages=\"", totals_->pages, "\">");
    append_number(out, totals_->entries);
    out += totals_->entries == 1 ? " entry" : " entries";
    if (!facts_.query.filter.empty()) {
        ListingQuery all = facts_.query;
        all.filter.clear();
        all.page = 1;
        out += " with “";
        append_html(out, facts_.query.filter);
        append(out, "” in the name. <a rel=\"nofollow\" href=\"", href_of(all), "\">Show all</a>");
    }
    if (totals_->cut) out += "; there are more, which are not shown";
    out += "</p>\n";
}

void HtmlWriter::write_readme(std::string& out) const
{
    if (totals_->readme.empty()) return;
    out += "<section class=\"readme\" aria-labelledby=\"readme\"><h2 id=\"readme\">";
    append_html(out, totals_->readme_name);
    append(out, "</h2>\n", totals_->readme, "</section>\n");
}

void HtmlWriter::write_downloads(std::string& out) const
{
    if (!facts_.tar && !facts_.zip) return;
    out += "<form class=\"downloads\" rel=\"nofollow\">Everything here as one file: ";
    for (const auto& [offered, name] : {std::pair(facts_.tar, "tar"), std::pair(facts_.zip, "zip")})
        if (offered)
            append(out, "<button name=\"format\" value=\"", name, "\">.", name, "</button> ");
    out += "</form>\n";
}

}  // namespace

std::unique_ptr<ListingWriter> make_html_writer(const PageFacts& facts)
{
    return std::make_unique<HtmlWriter>(facts);
}

}  // namespace ostler
