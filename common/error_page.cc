// error_page.cc - the built-in error page.
#include "common/error_page.h"

#include <string_view>

#include "common/exchange.h"

namespace ostler {

namespace {

constexpr std::string_view page_head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
// The colours and the horseshoe are those of the listings and of the welcome page.
constexpr std::string_view page_style =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark;--paper:#fbf8f3;--ink:#23201c;--soft:#6a6259;--link:#7a4312}\n"
    "@media(prefers-color-scheme:dark)"
    "{:root{--paper:#1d1a17;--ink:#ece5da;--soft:#b3a898;--link:#e9b483}}\n"
    "body{background:var(--paper);color:var(--ink);font:1.1rem/1.5 system-ui,sans-serif;margin:0;"
    "min-height:100vh;display:grid;place-content:center;text-align:center;padding:1rem;"
    "box-sizing:border-box}\n"
    "main::before{content:\"\";display:block;width:4rem;height:4rem;margin:0 auto 1rem;"
    "background:var(--link);-webkit-mask:var(--shoe) center/contain no-repeat;"
    "mask:var(--shoe) center/contain no-repeat;--shoe:url(\"data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='none' "
    "stroke='%23000' stroke-width='5' stroke-linecap='square' "
    "d='M8 27V24C5 20 4 17 4 14a12 11 0 0 1 24 0c0 3-1 6-4 10v3'/%3E%3C/svg%3E\")}\n"
    "h1{font-size:1.6rem;font-weight:600;margin:0 0 .5rem}\n"
    "p{margin:.25rem 0}\n"
    "a{color:var(--link)}\n"
    "small{color:var(--soft)}\n"
    "</style>\n</head>\n<body>\n<main>\n<h1>";

constexpr std::string_view way_home = "<p><a href=\"/\">To the start page</a></p>\n";

/// One sentence for the person in front of the screen; empty where the phrase says it all.
constexpr std::string_view explanation(Code status)
{
    switch (to_int(status)) {
    case 400: return "The request was not understood.";
    case 403: return "You may not see this page.";
    case 404: return "There is nothing at this address.";
    case 405: return "This address does not accept that kind of request.";
    case 408: return "The request took too long to arrive.";
    case 413: return "What was sent is larger than this server accepts.";
    case 414: return "The address is too long.";
    case 416: return "The part asked for is not in this file.";
    case 421: return "This connection was made for another host than the one asked for.";
    case 431: return "The request has more or longer header fields than this server accepts.";
    case 500: return "Something went wrong on the server.";
    case 502: return "A program on the server gave no usable answer.";
    case 503: return "The server is busy. Please try again in a moment.";
    case 504: return "A program on the server took too long to answer.";
    default: return {};
    }
}

class Writer {
 public:
    explicit Writer(char* at) : at_(at) {}
    Writer& put(std::string_view s)
    {
        s.copy(at_, s.size());
        at_ += s.size();
        return *this;
    }
    Writer& put(Code status)
    {
        const int n = to_int(status);
        *at_++ = static_cast<char>('0' + n / 100);
        *at_++ = static_cast<char>('0' + n / 10 % 10);
        *at_++ = static_cast<char>('0' + n % 10);
        return *this;
    }
    const char* at() const { return at_; }

 private:
    char* at_;
};

}  // namespace

void write_error_page(Exchange& x, std::string_view own)
{
    const Code status = x.response.status;
    const std::string_view title = phrase(status);
    const std::string_view text = own.empty() ? explanation(status) : own;
    const std::string_view id = x.request.id;
    const std::size_t room = page_head.size() + page_style.size() + 2 * title.size() + text.size() +
                             way_home.size() + id.size() + 200;
    char* page = static_cast<char*>(x.arena.allocate(room, 1));
    Writer w(page);
    w.put(page_head)
        .put(status)
        .put(" ")
        .put(title)
        .put(page_style)
        .put(status)
        .put(" ")
        .put(title);
    w.put("</h1>\n");
    if (!text.empty()) w.put("<p>").put(text).put("</p>\n");
    if (status == Code::not_found && x.request.path != "/") w.put(way_home);
    if (!id.empty()) w.put("<p><small>request ").put(id).put("</small></p>\n");
    w.put("</main>\n</body>\n</html>\n");
    const std::string_view bytes(page, static_cast<std::size_t>(w.at() - page));
    x.response.body = x.arena.make<BytesBody>(bytes);
    x.response.fields.set(FieldId::content_type, "text/html; charset=utf-8");
    x.response.fields.remove(FieldId::content_encoding);
    x.response.fields.remove(FieldId::etag);
    x.response.fields.remove(FieldId::last_modified);
    x.response.fields.set(FieldId::cache_control, "no-store");
    x.response.fields.set(FieldId::x_content_type_options, "nosniff");
}

}  // namespace ostler
