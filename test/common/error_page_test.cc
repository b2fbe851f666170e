// error_page_test.cc - errors: the built-in page, pages of the user's own, refused requests.
#include "common/error_page.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "test/support/dispatch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

using Rig = DispatchRig;

/// Fails at once when somebody reads it.
struct Forbidden final : Body {
    Pull pull(Buffer&, std::size_t) override
    {
        FAIL_CHECK("this body was not to be read");
        return Pull::fail;
    }
};

}  // namespace

// --- error pages ---------------------------------------------------------------------------------

TEST_CASE("an error without a body gets the built-in page, with the request id and no request byte")
{
    for (const Code status : {Code::bad_request, Code::not_found, Code::internal_server_error,
                              Code::service_unavailable, Code::too_many_requests}) {
        Rig rig("/<marker>");
        rig.x.request.id = "7f3a91b2c4d5";
        rig.hooks().content = [&](Exchange& x) {
            x.response.fields.add(FieldId::etag, "\"stale\"");
            return x.reply(status);
        };
        rig.x.start();
        const std::string page = rig.body();
        CHECK(page.find(cat(to_int(status), " ", phrase(status))) != page.npos);
        CHECK(page.find("7f3a91b2c4d5") != page.npos);
        CHECK(page.find("marker") == page.npos);
        CHECK(rig.x.response.fields.get(FieldId::content_type) == "text/html; charset=utf-8");
        CHECK(rig.x.response.fields.get(FieldId::cache_control) == "no-store");
        CHECK_FALSE(rig.x.response.fields.find(FieldId::etag));
    }
}

TEST_CASE("an error with a body of the module's own keeps it")
{
    Rig rig;
    rig.hooks().content = [](Exchange& x) { return answer(x, Code::forbidden, "my own words"); };
    rig.x.start();
    CHECK(rig.status() == 403);
    CHECK(rig.body() == "my own words");
}

TEST_CASE("a configured error page is asked for like a GET, and sent with the status of the error")
{
    struct Row { Method method; const char* name; Method seen; };
    for (const Row& row : {Row{Method::get, "GET", Method::get}, Row{Method::post, "POST", Method::get},
                           Row{Method::head, "HEAD", Method::head}}) {
        CAPTURE(row.name);
        Rig rig("/gone");
        Forbidden content;
        rig.x.request.method = row.method;
        rig.x.request.method_name = row.name;
        rig.x.request.body = &content;
        rig.x.request.content_length = 10;
        rig.x.request.fields.add(FieldId::range, "bytes=0-1");
        rig.x.request.fields.add(FieldId::if_none_match, "*");
        rig.site.http.error_pages = {{Code::forbidden, "/no.html"}, {Code::not_found, "/404.html"}};
        int asked = 0;
        rig.hooks().content = [&](Exchange& x) {
            ++asked;
            if (x.request.path == "/gone") return x.reply(Code::not_found);
            CHECK(x.request.path == "/404.html");
            CHECK(x.request.method == row.seen);
            CHECK(x.is_error_page());
            CHECK(x.error_status() == Code::not_found);
            CHECK_FALSE(x.request.fields.find(FieldId::range));
            CHECK_FALSE(x.request.fields.find(FieldId::if_none_match));
            // What the client sent was for the first resource.
            CHECK(x.request.body == nullptr);
            CHECK_FALSE(x.request.content_length.has_value());
            return answer(x, Code::ok, "nothing here");
        };
        rig.x.start();
        CHECK(asked == 2);
        CHECK(rig.status() == 404);
        CHECK(rig.body() == "nothing here");
    }
}

TEST_CASE("an error page that fails itself gives way to the built-in one of the first error")
{
    struct Row { const char* what; std::function<Step(Exchange&)> page; bool own_body; };
    const Row rows[] = {
        {"not there", [](Exchange&) { return Step::next; }, false},
        {"fails", [](Exchange& x) { return x.reply(Code::internal_server_error); }, false},
        {"fails in its own words",
         [](Exchange& x) { return answer(x, Code::forbidden, "words"); }, true},
        {"loops", [](Exchange& x) { return x.reroute("/again"); }, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Rig rig;
        rig.site.http.error_pages = {{Code::bad_gateway, "/502.html"}, {Code::not_found, "/404.html"},
                                     {Code::internal_server_error, "/500.html"}};
        rig.hooks().content = [&](Exchange& x) {
            return x.is_error_page() ? row.page(x) : x.reply(Code::bad_gateway);
        };
        rig.x.start();
        CHECK(rig.out.answered);
        CHECK(rig.status() == 502);
        CHECK((rig.body() == "words") == row.own_body);
    }
}

TEST_CASE("an error page may wait like every other answer")
{
    Rig rig;
    rig.site.http.error_pages = {{Code::not_found, "/404.html"}};
    rig.hooks().content = [](Exchange& x) {
        return x.is_error_page() ? Step::wait : x.reply(Code::not_found);
    };
    rig.x.start();
    CHECK_FALSE(rig.out.answered);
    rig.x.resume(answer(rig.x, Code::ok, "late"));
    rig.loop.run_jobs();
    CHECK(rig.status() == 404);
    CHECK(rig.body() == "late");
}

// --- refusing ----------------------------------------------------------------------------------------

TEST_CASE("a head that is refused asks no module but is logged, and closes")
{
    Rig rig;
    int asked = 0, logged = 0;
    rig.site.http.error_pages = {{Code::bad_request, "/400.html"}};
    rig.hooks().rewrite = rig.hooks().content = rig.hooks().response = [&](Exchange&) {
        ++asked;
        return Step::next;
    };
    rig.hooks().log = [&](const Exchange&) { ++logged; };
    rig.x.refuse(Code::bad_request);
    CHECK(rig.out.answered);
    CHECK(rig.status() == 400);
    CHECK(rig.x.response.close);
    CHECK(rig.body().find("400 Bad Request") != std::string::npos);
    rig.x.finish();
    CHECK(asked == 0);
    CHECK(logged == 1);
}

TEST_CASE("content larger than allowed is refused before any module sees the request")
{
    struct Row { Method method; std::uint64_t length; int status; };
    const Row rows[] = {
        {Method::post, 1000, 200}, {Method::post, 1001, 413}, {Method::put, 1001, 413},
        {Method::get, 65536, 200}, {Method::get, 65537, 413}, {Method::head, 65537, 413},
    };
    for (const Row& row : rows) {
        CAPTURE(row.length);
        Rig rig;
        int asked = 0;
        rig.site.http.max_body = 1000;
        rig.x.request.method = row.method;
        rig.x.request.content_length = row.length;
        rig.hooks().content = [&](Exchange& x) {
            ++asked;
            return answer(x, Code::ok, "ok");
        };
        rig.x.start();
        CHECK(rig.status() == row.status);
        CHECK(rig.x.response.close == (row.status == 413));
        CHECK(asked == (row.status == 413 ? 0 : 1));
    }
}

TEST_CASE("a 413 can have a page of the user's own, which is not refused in turn")
{
    Rig rig;
    rig.site.http.max_body = 10;
    rig.site.http.error_pages = {{Code::content_too_large, "/413.html"}};
    rig.x.request.method = Method::post;
    rig.x.request.content_length = 11;
    rig.hooks().content = [](Exchange& x) { return answer(x, Code::ok, x.request.path); };
    rig.x.start();
    CHECK(rig.status() == 413);
    CHECK(rig.body() == "/413.html");
    CHECK(rig.x.response.close);
}
