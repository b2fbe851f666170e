// autoindex_markdown.cc - md4c's events as HTML of our own: nothing is passed through.
#include "modules/autoindex_readme.h"

#ifdef OSTLER_MARKDOWN

#include <md4c.h>

#include <algorithm>
#include <functional>

#include "common/base/text.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

std::string_view view_of(const MD_ATTRIBUTE& a) { return {a.text, a.size}; }

/// Lines stay lines.
void append_lines(std::string& out, std::string_view text)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
        append_html(out, text.substr(0, end));
        if (end < text.size()) out += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// Only references that stay on this server: what the page's policy lets a browser load.
bool is_own(std::string_view target)
{
    const std::size_t end = target.find_first_of(":/?#");
    const bool has_scheme = end != target.npos && target[end] == ':';
    return is_harmless_link(target) && !has_scheme && !target.starts_with("//");
}

class Page {
 public:
    std::string_view source;  ///< what is parsed
    int block(MD_BLOCKTYPE type, void* detail, bool enters);
    int span(MD_SPANTYPE type, void* detail, bool enters);
    int text(MD_TEXTTYPE type, std::string_view text);

    std::string out;

 private:
    void tag(bool enters, std::string_view name, std::string_view rest = {})
    {
        append(out, enters ? "<" : "</", name, enters ? rest : "", ">");
    }
    void link(std::string_view target, bool enters);
    void picture(std::string_view target, bool enters);
    void cell(std::string_view name, const MD_BLOCK_TD_DETAIL& d, bool enters);

    int pictures_ = 0;  // depth: their text is an attribute
    bool picture_shown_ = false;
};

void Page::cell(std::string_view name, const MD_BLOCK_TD_DETAIL& d, bool enters)
{
    // Alignment would need a style attribute, which the page's policy forbids.
    (void)d;
    tag(enters, name);
}

int Page::block(MD_BLOCKTYPE type, void* detail, bool enters)
{
    switch (type) {
    case MD_BLOCK_DOC: break;
    case MD_BLOCK_QUOTE: tag(enters, "blockquote"); break;
    case MD_BLOCK_UL: tag(enters, "ul"); break;
    case MD_BLOCK_OL: {
        const unsigned start = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
        tag(enters, "ol", start == 1 ? std::string() : cat(" start=\"", start, '"'));
        break;
    }
    case MD_BLOCK_LI: tag(enters, "li"); break;
    case MD_BLOCK_HR:
        if (enters) out += "<hr>";
        break;
    case MD_BLOCK_H: {
        const unsigned level = static_cast<MD_BLOCK_H_DETAIL*>(detail)->level;
        tag(enters, cat('h', std::min(level + 2, 6u)));
        break;
    }
    case MD_BLOCK_CODE: out += enters ? "<pre tabindex=\"0\"><code>" : "</code></pre>"; break;
    case MD_BLOCK_HTML: break;
    case MD_BLOCK_P: tag(enters, "p"); break;
    case MD_BLOCK_TABLE: tag(enters, "table"); break;
    case MD_BLOCK_THEAD: tag(enters, "thead"); break;
    case MD_BLOCK_TBODY: tag(enters, "tbody"); break;
    case MD_BLOCK_TR: tag(enters, "tr"); break;
    case MD_BLOCK_TH: cell("th", *static_cast<MD_BLOCK_TD_DETAIL*>(detail), enters); break;
    case MD_BLOCK_TD: cell("td", *static_cast<MD_BLOCK_TD_DETAIL*>(detail), enters); break;
    }
    return 0;
}

void Page::link(std::string_view target, bool enters)
{
    if (!is_harmless_link(target)) return tag(enters, "span");
    std::string href = " rel=\"nofollow ugc\" href=\"";
    append_html(href, target);
    tag(enters, "a", href + '"');
}

void Page::picture(std::string_view target, bool enters)
{
    if (enters && pictures_++ == 0) {
        picture_shown_ = is_own(target);
        if (picture_shown_) {
            out += "<img loading=\"lazy\" src=\"";
            append_html(out, target);
            out += "\" alt=\"";
        }
    }
    if (!enters && --pictures_ == 0 && picture_shown_) out += "\">";
}

int Page::span(MD_SPANTYPE type, void* detail, bool enters)
{
    if (type == MD_SPAN_IMG) {
        picture(view_of(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src), enters);
        return 0;
    }
    if (pictures_ > 0) return 0;  // no elements inside an attribute
    switch (type) {
    case MD_SPAN_EM: tag(enters, "em"); break;
    case MD_SPAN_STRONG: tag(enters, "strong"); break;
    case MD_SPAN_A: link(view_of(static_cast<MD_SPAN_A_DETAIL*>(detail)->href), enters); break;
    case MD_SPAN_CODE: tag(enters, "code"); break;
    case MD_SPAN_DEL: tag(enters, "del"); break;
    case MD_SPAN_IMG:
    case MD_SPAN_LATEXMATH:
    case MD_SPAN_LATEXMATH_DISPLAY:
    case MD_SPAN_WIKILINK:
    case MD_SPAN_U: break;
    }
    return 0;
}

/// "&amp;" is decoded by the browser; anything else that claims to be an entity is text.
void append_entity(std::string& out, std::string_view entity)
{
    const std::string_view name = entity.substr(1, entity.size() - 2);
    const bool plain = entity.size() > 2 && entity.size() < 40 &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                           return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '#';
                       });
    if (plain)
        out += entity;
    else
        append_html(out, entity);
}

int Page::text(MD_TEXTTYPE type, std::string_view text)
{
    const std::less_equal<> before;  // of any two pointers: some texts are constants of md4c
    const char* const end = source.data() + source.size();
    if (before(source.data(), text.data()) && before(text.data(), end))
        text = text.substr(0, static_cast<std::size_t>(end - text.data()));
    switch (type) {
    case MD_TEXT_NULLCHAR: out += "\xef\xbf\xbd"; break;
    case MD_TEXT_BR: out += pictures_ > 0 ? " " : "<br>"; break;
    case MD_TEXT_SOFTBR: out += pictures_ > 0 ? ' ' : '\n'; break;
    case MD_TEXT_ENTITY: append_entity(out, text); break;
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
    case MD_TEXT_HTML:
    case MD_TEXT_LATEXMATH: append_lines(out, text); break;
    }
    return 0;
}

}  // namespace

std::string render_markdown(std::string_view text)
{
    MD_PARSER parser{};
    parser.flags =
        MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_PERMISSIVEURLAUTOLINKS;
    parser.enter_block = [](MD_BLOCKTYPE t, void* d, void* page) {
        return static_cast<Page*>(page)->block(t, d, true);
    };
    parser.leave_block = [](MD_BLOCKTYPE t, void* d, void* page) {
        return static_cast<Page*>(page)->block(t, d, false);
    };
    parser.enter_span = [](MD_SPANTYPE t, void* d, void* page) {
        return static_cast<Page*>(page)->span(t, d, true);
    };
    parser.leave_span = [](MD_SPANTYPE t, void* d, void* page) {
        return static_cast<Page*>(page)->span(t, d, false);
    };
    parser.text = [](MD_TEXTTYPE t, const MD_CHAR* s, MD_SIZE n, void* page) {
        return static_cast<Page*>(page)->text(t, {s, n});
    };
    // md4c 0.4.8 looks at bytes behind the end, and shows them: there they are ours, and
    // Page leaves them out.
    std::string padded(text);
    padded.append(64, '\0');
    Page page;
    page.source = std::string_view(padded).substr(0, text.size());
    if (md_parse(padded.data(), static_cast<MD_SIZE>(text.size()), &parser, &page) != 0)
        return render_plain(text);
    return std::move(page.out);
}

}  // namespace ostler

#else

namespace ostler {

std::string render_markdown(std::string_view text) { return render_plain(text); }

}  // namespace ostler

#endif
