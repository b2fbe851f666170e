// settings.cc - what the dispatcher and the transports are told, per scope.
#include "common/settings.h"

#include <algorithm>
#include <limits>

#include "common/base/section.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr int any_number = std::numeric_limits<int>::max();
constexpr std::chrono::milliseconds shortest(1), longest(std::chrono::hours(24));

void read_size(Section& s, const char* key, std::uint64_t& value, const char* about,
               std::uint64_t min, std::uint64_t max)
{
    Bytes size{value};
    s.get(key, size, about, Bytes{min}, Bytes{max});
    value = size.count;
}

ErrorPage read_error_page(Section& s)
{
    int status = 404;
    ErrorPage page;
    if (!s.get("status", status, "the status the page is for", 400, 599))
        s.error("status", "is needed: a number from 400 to 599");
    if (!s.get("path", page.path, "path of the page on this host, such as \"/errors/404.html\""))
        s.error("path", "is needed: the page's path on this host, such as \"/errors/404.html\"");
    else if (!page.path.starts_with('/'))
        s.error("path", "is a path on this host: it starts with \"/\"");
    page.status = static_cast<Code>(status);
    return page;
}

void read_error_pages(HttpConf& conf, Section& s)
{
    std::vector<ErrorPage> pages;
    const bool given = s.get_groups(
        "error_pages", "pages of your own in place of the built-in ones", [&](Section& group) {
            ErrorPage page = read_error_page(group);
            const auto same = [&](const ErrorPage& p) { return p.status == page.status; };
            if (std::any_of(pages.begin(), pages.end(), same))
                group.error("status", "has a page already");
            pages.push_back(std::move(page));
        });
    if (given) conf.error_pages = std::move(pages);
}

}  // namespace

void configure_http(HttpConf& conf, Section& s)
{
    s.get("handshake_timeout", conf.handshake_timeout, "longest time for a whole TLS handshake",
          shortest, longest);
    s.get("head_timeout", conf.head_timeout, "longest time for a whole request head", shortest,
          longest);
    s.get("idle_timeout", conf.idle_timeout, "how long a connection is kept without a request",
          shortest, longest);
    s.get("keep_alive_requests", conf.keep_alive_requests,
          "requests on one connection before it is closed; 0: close after each", 0, any_number);
    read_size(s, "request_line_size", conf.request_line_size, "longest request line; more: 414",
              256, 1 << 20);
    read_size(s, "fields_size", conf.fields_size, "largest header section; more: 431", 1024,
              1 << 20);
    s.get("body_timeout", conf.body_timeout, "longest silence while a request body is awaited",
          shortest, longest);
    s.get("send_timeout", conf.send_timeout, "longest time without a byte taken by the client",
          shortest, longest);
    read_size(s, "body_rate", conf.body_rate,
              "least bytes a second of a request body, after body_timeout; 0: any", 0, 1 << 30);
    read_size(s, "send_rate", conf.send_rate,
              "least bytes a second taken by the client, after send_timeout; 0: any", 0, 1 << 30);
    read_size(s, "max_body", conf.max_body, "largest request body; more: 413", 0,
              std::uint64_t{1} << 62);
    read_error_pages(conf, s);
}

}  // namespace ostler
