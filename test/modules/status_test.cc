// status_test.cc - who may see what the server does, and in which form.
#include <doctest/doctest.h>

#include "modules/status_conf.h"
#include "modules/status_page.h"
#include "test/support/site.h"

namespace ostler {
extern const Module status_module;
}

using namespace ostler;
using namespace ostler::test;

namespace {

struct Asked {
    explicit Asked(std::string_view path)
    {
        auto& conf = site.conf<StatusConf>();
        conf.enabled = true;
        conf.prefix = "/status/";
        x.request.path = path;
        x.request.peer.address = "127.0.0.1";
        x.request.peer.loopback = true;
    }
    Loop loop;
    Arena arena;
    Site site{{&status_module}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};
};

}  // namespace

TEST_CASE("the page, its parts and its other forms")
{
    struct Row {
        const char* path;
        const char* type;
        const char* begins;
    };
    for (const Row& row :
         {Row{"/status/", "text/html; charset=utf-8", "<!doctype html>"},
          Row{"/status/json", "application/json", "{\"server\": "},
          Row{"/status/metrics", "text/plain; version=0.0.4; charset=utf-8",
              "# HELP ostler_build_info"},
          Row{"/status/status.css", "text/css; charset=utf-8", "/* status.css"},
          Row{"/status/status.js", "text/javascript; charset=utf-8", "// status.js"}}) {
        CAPTURE(row.path);
        Asked asked(row.path);
        asked.x.start();
        CHECK(asked.x.response.status == Code::ok);
        CHECK(asked.x.response.fields.get(FieldId::content_type) == row.type);
        CHECK(asked.x.response.fields.get(FieldId::cache_control) == "no-store");
        CHECK(drain(*asked.x.response.body).starts_with(row.begins));
    }
    Asked name("/status");
    name.x.start();
    CHECK(name.x.response.fields.get(FieldId::location) == "/status/");
    Asked other("/status/other");
    other.x.start();
    CHECK(other.x.response.status == Code::not_found);
    Asked elsewhere("/statusx");
    elsewhere.x.start();
    CHECK(elsewhere.x.response.status == Code::not_found);
    Asked post("/status/");
    post.x.request.method = Method::post;
    post.x.start();
    CHECK(post.x.response.status == Code::method_not_allowed);
}

TEST_CASE("a program that wants JSON gets it from the page's address")
{
    Asked asked("/status/");
    asked.x.request.fields.add(FieldId::accept, "application/json");
    asked.x.start();
    CHECK(asked.x.response.fields.get(FieldId::content_type) == "application/json");
}

TEST_CASE("others than this machine are refused unless they are allowed")
{
    Asked stranger("/status/json");
    stranger.x.request.peer.address = "192.0.2.9";
    stranger.x.request.peer.loopback = false;
    stranger.x.start();
    CHECK(stranger.x.response.status == Code::forbidden);

    Asked guest("/status/json");
    guest.x.request.peer.address = "192.0.2.9";
    guest.x.request.peer.loopback = false;
    guest.site.conf<StatusConf>().allow.emplace_back();
    REQUIRE(guest.site.conf<StatusConf>().allow[0].parse("192.0.2.0/24"));
    guest.x.start();
    CHECK(guest.x.response.status == Code::ok);
}

TEST_CASE("what a proxy on this machine passes on does not come from this machine")
{
    for (const char* field : {"Forwarded", "X-Forwarded-For", "Via"}) {
        CAPTURE(field);
        Asked asked("/status/");
        asked.x.request.fields.add(field, "for=192.0.2.9");
        asked.x.start();
        CHECK(asked.x.response.status == Code::forbidden);
    }
}

TEST_CASE("what clients sent is text on the page")
{
    BoardView view;
    BoardRequest request;
    set_text(request.path, "/<script>\"&\n");
    view.under_way.push_back(request);
    view.errors.push_back({1, "<b>"});
    view.scopes.push_back({"<i>", "/\"", {}, 0});
    const std::string page = status_page(view);
    CHECK(page.find("/&lt;script&gt;&quot;&amp; </td>") != page.npos);
    CHECK(page.find("<b>") == page.npos);
    CHECK(page.find("<td>&lt;i&gt;</td><td>/&quot;</td>") != page.npos);
}
