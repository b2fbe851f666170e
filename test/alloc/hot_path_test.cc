// hot_path_test.cc - how often a warm connection asks for memory; a program of its own, because it
// replaces malloc (glibc only; elsewhere the cases are skipped).
#include <doctest/doctest.h>
#include <event2/event.h>

#include <cstdlib>
#include <string>

#include "test/support/connection.h"
#include "test/support/content.h"

using namespace ostler;
using namespace ostler::test;

namespace {

bool counting = false;
long all_calls = 0;       // of malloc, calloc and realloc, whoever calls
long libevent_calls = 0;  // those that libevent made

}  // namespace

#if defined(__GLIBC__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t size)
{
    if (counting) ++all_calls;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size)
{
    if (counting) ++all_calls;
    return __libc_calloc(count, size);
}
void* realloc(void* p, std::size_t size)
{
    if (counting) ++all_calls;
    return __libc_realloc(p, size);
}
}
constexpr bool can_count = true;
#else
constexpr bool can_count = false;
#endif

namespace {

void count_libevent()
{
    event_set_mem_functions(
        [](std::size_t size) {
            if (counting) ++libevent_calls;
            return malloc(size);
        },
        [](void* p, std::size_t size) {
            if (counting) ++libevent_calls;
            return realloc(p, size);
        },
        [](void* p) { free(p); });
}

/// Allocations of ours for `requests` requests on a warm connection.
long allocations(const std::function<Step(Exchange&)>& hook, const std::string& request, int requests)
{
    count_libevent();
    Rig rig;
    rig.hooks().content = hook;
    TestClient peer = rig.connect();
    peer.got.reserve(1 << 20);
    all_calls = libevent_calls = 0;
    for (int i = 0; i < requests + 20; ++i) {
        peer.got.clear();
        peer.send(request);
        for (int turn = 0; peer.read().empty() && turn < 10'000; ++turn) {
            counting = i >= 20;
            rig.loop.turn(false);
            counting = false;
        }
        REQUIRE(peer.got.starts_with("HTTP/1.1 200 OK"));
    }
    MESSAGE("libevent: " << libevent_calls << " for " << requests << " requests");
    return all_calls - libevent_calls;
}

}  // namespace

TEST_CASE("the replaced malloc is the one in use" * doctest::skip(!can_count))
{
    all_calls = 0;
    counting = true;
    std::string text(1000, 'x');
    counting = false;
    CHECK(text.size() + static_cast<std::size_t>(all_calls) == 1001);
}

TEST_CASE("a warm connection answers without a malloc of ours" * doctest::skip(!can_count))
{
    const std::string get =
        "GET /some/path?with=query HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\n"
        "Accept: */*\r\nAccept-Encoding: gzip, br\r\nCookie: a=b\r\n\r\n";
    CHECK(allocations(say("hello"), get, 100) == 0);
    CHECK(allocations([](Exchange& x) { return x.reply(Code::ok); }, get, 100) == 0);
    CHECK(allocations(
              [](Exchange& x) {
                  char* room = static_cast<char*>(x.arena.allocate(3000, 1));
                  std::memset(room, 'x', 3000);
                  x.response.fields.add(FieldId::content_type, "text/plain");
                  x.response.body = x.arena.make<BytesBody>(std::string_view(room, 3000));
                  return x.reply(Code::ok);
              },
              get, 100) == 0);
}
