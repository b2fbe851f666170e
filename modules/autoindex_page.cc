// autoindex_page.cc - templates, and the listing as JSON.
#include "modules/autoindex_page.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/http/chars.h"
#include "common/http/mime.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

using Slot = PageTemplate::Slot;

constexpr std::pair<std::string_view, Slot> slots[] = {
    {"lang", Slot::lang},       {"title", Slot::title},
    {"assets", Slot::assets},   {"breadcrumb", Slot::breadcrumb},
    {"search", Slot::search},   {"listing", Slot::listing},
    {"pages", Slot::pages},     {"readme", Slot::readme},
    {"summary", Slot::summary}, {"downloads", Slot::downloads}};

Slot slot_of(std::string_view name)
{
    for (const auto& [known, slot] : slots)
        if (name == known) return slot;
    return Slot::none;
}

class JsonWriter final : public ListingWriter {
 public:
    explicit JsonWriter(const PageFacts& facts) : facts_(facts) {}

    void begin(std::string& out) override
    {
        out += "{\"path\":\"";
        append_json(out, facts_.path);
        append(out, "\",\"sort\":\"", sort_name(facts_.query.by), "\",\"order\":\"",
               facts_.query.descending ? "desc" : "asc", "\",\"entries\":[");
    }

    void row(std::string& out, const ListingEntry& entry) override
    {
        out += first_ ? "\n{\"name\":\"" : ",\n{\"name\":\"";
        first_ = false;
        append_json(out, entry.name);
        if (entry.readable && !is_unlinkable(entry.name)) {
            out += "\",\"href\":\"";
            append_segment(out, entry.name);
            if (entry.directory) out += '/';
        }
        append(out, "\",\"type\":\"", entry.directory ? "directory" : "file", '"');
        if (!entry.directory) append(out, ",\"size\":", entry.size);
        out += ",\"modified\":\"";
        char date[DateText::length];
        out.append(date, date_.write(date, entry.modified));
        out += "\"}";
    }

    void end(std::string& out, const PageTotals& totals) override
    {
        append(out, "\n],\"total\":", totals.entries, ",\"page\":", totals.page,
               ",\"pages\":", totals.pages, ",\"complete\":", totals.cut ? "false" : "true", "}\n");
    }

 private:
    PageFacts facts_;
    DateText date_;
    bool first_ = true;
};

}  // namespace

std::string PageTemplate::parse(std::string_view text)
{
    pieces_.clear();
    int listings = 0;
    for (;;) {
        const std::size_t open = text.find("{{");
        const std::size_t close = open == text.npos ? text.npos : text.find("}}", open);
        if (close == text.npos) {
            pieces_.push_back({std::string(text), Slot::none});
            break;
        }
        const std::string_view name = trim(text.substr(open + 2, close - open - 2));
        const Slot slot = slot_of(name);
        if (slot == Slot::none) return cat("\"{{", name, "}}\" is no placeholder");
        if (slot == Slot::listing) {
            listing_at_ = pieces_.size();
            ++listings;
        }
        pieces_.push_back({std::string(text.substr(0, open)), slot});
        text.remove_prefix(close + 2);
    }
    return listings == 1 ? "" : "it must have \"{{listing}}\" once";
}

bool is_unlinkable(std::string_view name)
{
    return find_control(name.data(), name.data() + name.size()) != name.data() + name.size();
}

std::string_view kind_of_name(std::string_view name)
{
    constexpr std::string_view archives[] = {"zip", "gz", "tgz", "bz2", "xz",  "zst",
                                             "tar", "7z", "rar", "deb", "rpm", "iso"};
    constexpr std::string_view code[] = {"c",  "h",  "cc", "cpp", "hpp", "py",  "js",   "ts", "sh",
                                         "rs", "go", "rb", "pl",  "php", "css", "json", "xml"};
    constexpr std::string_view documents[] = {"pdf", "doc",  "docx", "odt",  "xls",  "xlsx", "ods",
                                              "ppt", "pptx", "odp",  "epub", "html", "htm"};
    const std::string_view extension = extension_of(name);
    const auto is_in = [&](const auto& list) {
        return std::any_of(std::begin(list), std::end(list),
                           [&](std::string_view e) { return same_ignoring_case(e, extension); });
    };
    if (extension.empty()) return "file";
    if (is_in(archives)) return "archive";
    if (is_in(code)) return "code";
    if (is_in(documents)) return "document";
    const std::string_view type = MimeTypes::find_built_in(extension);
    for (const std::string_view top : {"image", "video", "audio", "text"})
        if (type.starts_with(top)) return top;
    return "file";
}

std::unique_ptr<ListingWriter> make_json_writer(const PageFacts& facts)
{
    return std::make_unique<JsonWriter>(facts);
}

}  // namespace ostler
