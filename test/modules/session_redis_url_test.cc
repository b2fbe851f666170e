// session_redis_url_test.cc - where a Redis is.
#ifdef OSTLER_REDIS

#include "modules/session_redis_url.h"

#include <doctest/doctest.h>

#include "common/base/text.h"

using namespace ostler;

namespace {

/// "tls host port path database user password prefix", what is empty left out; "!" and the error.
std::string parsed(std::string_view url)
{
    const auto target = parse_redis_url(url);
    if (!target) return cat('!', target.error());
    std::string text = target->tls ? "tls" : "plain";
    if (!target->host.empty()) append(text, " host=", target->host, " port=", target->port);
    if (!target->path.empty()) append(text, " path=", target->path);
    if (target->database) append(text, " db=", target->database);
    if (!target->user.empty()) append(text, " user=", target->user);
    if (!target->password.empty()) append(text, " password=", target->password);
    if (target->prefix != "ostler") append(text, " prefix=", target->prefix);
    return text;
}

}  // namespace

TEST_CASE("what a URL of a Redis says")
{
    const struct {
        const char* url;
        const char* parsed;
    } rows[] = {
        {"redis://127.0.0.1:6379", "plain host=127.0.0.1 port=6379"},
        {"redis://redis.example.org", "plain host=redis.example.org port=6379"},
        {"rediss://redis.example.org:6380/2", "tls host=redis.example.org port=6380 db=2"},
        {"redis://[::1]:7000", "plain host=::1 port=7000"},
        {"redis://[fe80::1%eth0]", "plain host=fe80::1%eth0 port=6379"},
        {"redis://shop@h", "plain host=h port=6379 user=shop"},
        {"redis://shop:p%40ss@h", "plain host=h port=6379 user=shop password=p@ss"},
        {"redis://:secret@h/1", "plain host=h port=6379 db=1 password=secret"},
        {"redis://a:b@c@h", "plain host=h port=6379 user=a password=b@c"},
        {"redis:unix:/run/redis/redis.sock", "plain path=/run/redis/redis.sock"},
        {"redis:unix:/s?db=3&user=a%20b&prefix=shop-1",
         "plain path=/s db=3 user=a b prefix=shop-1"},
        {"redis://h/?", "plain host=h port=6379"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.url);
        CHECK(parsed(row.url) == row.parsed);
    }
}

TEST_CASE("URLs that are none say what would be right, and no password")
{
    const struct {
        const char* url;
        const char* part;
    } rows[] = {
        {"redis:127.0.0.1", "redis://HOST:PORT"},
        {"redis://", "there is no host in it"},
        {"redis://:pw@", "there is no host in it"},
        {"redis://h:0", "is no port"},
        {"redis://h:65536", "is no port"},
        {"redis://h:x", "is no port"},
        {"redis://h:", "is no port"},
        {"redis://[::1", "[ without ]"},
        {"redis://[::1]x", "is no port"},
        {"redis://h/x", "number of a database"},
        {"redis://h/-1", "number of a database"},
        {"redis://h?db=x", "number of a database"},
        {"redis://h?what=x", "there may be db=NUMBER"},
        {"redis://h?prefix={a}", "prefix="},
        {"redis://a%zz:secret@h", "a % that is not followed"},
        {"redis://a:secret%4@h", "a % that is not followed"},
        {"redis://h h:secret@", "there is no host in it"},
        {"redis:unix:relative", "absolute path"},
        {"http://h", "redis://HOST:PORT"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.url);
        const std::string text = parsed(row.url);
        CHECK(text.starts_with('!'));
        CHECK(text.find(row.part) != std::string::npos);
        CHECK(text.find("secret") == std::string::npos);
    }
    CHECK(parsed("redis:unix:/" + std::string(103, 'x')).starts_with('!'));
}

#endif
