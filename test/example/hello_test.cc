// hello_test.cc - the module without a server: a location, an exchange, and no socket.
#include "test/example/hello.h"

#include <doctest/doctest.h>

#include "test/support/site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Asked {
    Loop loop;
    Arena arena;
    Site site{{&hello_module}};
    FakeStream stream;
    Exchange x{loop, arena, site, stream};
};

}  // namespace

TEST_CASE("hello greets the peer")
{
    Asked asked;
    asked.site.conf<HelloConf>().text = "Good day";
    asked.x.request.peer.address = "192.0.2.7";
    asked.x.start();
    CHECK(asked.x.response.status == Code::ok);
    CHECK(drain(*asked.x.response.body) == "Good day, 192.0.2.7!\n");
}

TEST_CASE("hello without a greeting leaves the request to others")
{
    Asked asked;
    asked.x.start();
    CHECK(asked.x.response.status == Code::not_found);
}

TEST_CASE("hello takes nothing but GET and HEAD")
{
    Asked asked;
    asked.site.conf<HelloConf>().text = "Good day";
    asked.x.request.method = Method::post;
    asked.x.start();
    CHECK(asked.x.response.status == Code::method_not_allowed);
    CHECK(asked.x.response.fields.get(FieldId::allow) == "GET, HEAD, OPTIONS");
}
