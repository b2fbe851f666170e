// autoindex_page.h - a listing as text: HTML made of a template, or JSON.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/autoindex_query.h"
#include "modules/autoindex_reader.h"

namespace ostler {

/// A page cut at its placeholders, `{{title}}`.
class PageTemplate {
 public:
    enum class Slot : unsigned char {
        none,
        lang,
        title,
        assets,
        breadcrumb,
        search,
        listing,
        pages,
        readme,
        summary,
        downloads
    };
    struct Piece {
        std::string text;  ///< verbatim, before the slot
        Slot slot = Slot::none;
    };
    /// Returns what is wrong with `text`; empty: nothing.
    std::string parse(std::string_view text);
    const std::vector<Piece>& pieces() const { return pieces_; }
    std::size_t listing_at() const { return listing_at_; }  ///< index of the piece with it

 private:
    std::vector<Piece> pieces_;
    std::size_t listing_at_ = 0;
};

/// What a page says beside its entries.  The views live as long as the exchange.
struct PageFacts {
    const PageTemplate& form;
    const ListingQuery& query;
    std::string_view path;  ///< of the request, decoded
    std::string_view lang;
    std::string_view assets;  ///< URL path of the style and the script, encoded, ends in '/'
    bool previews = false;
    bool tar = false;  ///< the directory can be had as such a file
    bool zip = false;
};

/// What is known once everything was read.
struct PageTotals {
    std::size_t entries = 0;
    std::size_t page = 1;
    std::size_t pages = 1;
    bool cut = false;    ///< there were more than are counted
    std::string readme;  ///< HTML; empty: none
    std::string readme_name;
};

class ListingWriter {
 public:
    virtual ~ListingWriter() = default;
    virtual void begin(std::string& out) = 0;
    virtual void row(std::string& out, const ListingEntry& entry) = 0;
    virtual void end(std::string& out, const PageTotals& totals) = 0;
};

std::unique_ptr<ListingWriter> make_html_writer(const PageFacts& facts);
std::unique_ptr<ListingWriter> make_json_writer(const PageFacts& facts);

/// True for names whose request would be refused: there is no way to write them in a URL.
bool is_unlinkable(std::string_view name);

/// "image", "video", "audio", "text", "archive", "code", "document" or "file", by the extension.
std::string_view kind_of_name(std::string_view name);

}  // namespace ostler
