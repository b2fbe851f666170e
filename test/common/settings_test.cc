// settings_test.cc - the group `http`.
#include "common/settings.h"

#include <doctest/doctest.h>

#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("every setting of http is read")
{
    HttpConf c;
    CHECK(read_settings(R"(
head_timeout = "1s"; idle_timeout = "2s"; keep_alive_requests = 3; request_line_size = "4k";
fields_size = "5k"; body_timeout = "6s"; send_timeout = "7s"; body_rate = "8"; send_rate = "9";
max_body = "10G"; error_pages = ( { status = 404; path = "/404.html"; } );
)",
                        [&](Section& s) { configure_http(c, s); }) == "");
    CHECK(c.head_timeout == std::chrono::seconds(1));
    CHECK(c.idle_timeout == std::chrono::seconds(2));
    CHECK(c.keep_alive_requests == 3);
    CHECK(c.request_line_size == 4096);
    CHECK(c.fields_size == 5120);
    CHECK(c.body_timeout == std::chrono::seconds(6));
    CHECK(c.send_timeout == std::chrono::seconds(7));
    CHECK(c.body_rate == 8);
    CHECK(c.send_rate == 9);
    CHECK(c.max_body == std::uint64_t{10} << 30);
    REQUIRE(c.error_pages.size() == 1);
    CHECK(c.error_pages[0].status == Code::not_found);
    CHECK(c.error_pages[0].path == "/404.html");
}

TEST_CASE("a wrong setting of http is told")
{
    const std::pair<const char*, const char*> rows[] = {
        {"error_pages = ( { status = 404; } );",
         "1:17: error: \"path\" in \"error_pages\": is needed: the page's path on this host, such "
         "as \"/errors/404.html\""},
        {"error_pages = ( { path = \"/e\"; } );",
         "1:17: error: \"status\" in \"error_pages\": is needed: a number from 400 to 599"},
        {"error_pages = ( { status = 200; path = \"/e\"; } );",
         "1:28: error: \"status\" in \"error_pages\" must be a number from 400 to 599, not 200"},
        {"error_pages = ( { status = 404; path = \"http://a/\"; } );",
         "1:40: error: \"path\" in \"error_pages\": is a path on this host: it starts with \"/\""},
        {"keep_alive_requests = -1;", "1:23: error: \"keep_alive_requests\" in \"files\" must be a "
                                      "number of at least 0, not -1"},
        {"max_body = 10;",
         "1:12: error: \"max_body\" in \"files\" must be a size in quotes, such as \"10\" (units: "
         "k, M, G or T), not 10"},
    };
    for (const auto& [text, message] : rows) {
        const std::string shown(text);  // clang 14 captures no structured binding
        CAPTURE(shown);
        HttpConf c;
        const std::string all = read_settings(text, [&](Section& s) { configure_http(c, s); });
        const std::string first = all.substr(0, all.find('\n'));
        CHECK(first == std::string("test.conf:") + message);
    }
}

TEST_CASE("a second page for one status is told")
{
    HttpConf c;
    const std::string all = read_settings(
        "error_pages = ( { status = 404; path = \"/a\"; },\n{ status = 404; path = \"/b\"; } );",
        [&](Section& s) { configure_http(c, s); });
    CHECK(all.starts_with(
        "test.conf:2:12: error: \"status\" in \"error_pages\": has a page already"));
}
