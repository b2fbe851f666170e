// tls_inspect_test.cc - advice about pairs that work.
#include "server/tls_inspect.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

std::string advice(const PairPtr& pair)
{
    REQUIRE(pair);
    PairFindings findings;
    inspect_pair(*pair, now_s(), findings);
    return texts(findings);
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a complete chain in its order needs no advice")
{
    const Scratch folder;
    const Made root = make_cert({.name = "Root", .authority = true});
    const Made middle = make_cert({.name = "Middle", .authority = true}, &root);
    const Made leaf = make_cert({.name = "a.example"}, &middle);
    CHECK(advice(load_pair(write_pair(folder, "a", leaf, {&middle}))).empty());
    CHECK(has(advice(load_pair(write_pair(folder, "b", leaf, {&root, &middle}))),
              "certificate 2 did not issue the one before it, which is by \"CN=Middle\""));
    CHECK(has(advice(load_pair(write_pair(folder, "c", leaf))),
              "its issuer \"CN=Middle\" is neither in the file nor an authority of this system"));
}

TEST_CASE("a certificate signed by itself is told")
{
    const Scratch folder;
    CHECK(has(advice(load_pair(write_pair(folder, "a", make_cert({})))), "signed by itself"));
}

TEST_CASE("an end that is near is told, in proportion to the certificate's life")
{
    const Scratch folder;
    const Made root = make_cert({.name = "Root", .authority = true});
    const auto ends = [&](std::int64_t begin, std::int64_t end) {
        const Made leaf = make_cert({.begin = now_s() + begin, .end = now_s() + end}, &root);
        return advice(load_pair(write_pair(folder, "a", leaf, {&root})));
    };
    CHECK(ends(-day_s, 20 * day_s).empty());
    CHECK(has(ends(-80 * day_s, 10 * day_s + 60), "expires in 10 days, on "));
    CHECK(has(ends(-5 * day_s, day_s + 60), "expires in 24 hours, on "));
    CHECK(ends(-2 * day_s, 4 * day_s).empty());  // lives for six days
}

TEST_CASE("a key that everybody may read is told")
{
    const Scratch folder;
    const Made root = make_cert({.name = "Root", .authority = true});
    const Made leaf = make_cert({}, &root);
    const PairFiles files = write_pair(folder, "a", leaf, {&root});
    ::chmod(files.key.c_str(), 0644);
    CHECK(has(advice(load_pair(files)), "everybody on this machine may read the private key"));
    ::chmod(files.key.c_str(), 0640);
    CHECK(advice(load_pair(files)).empty());
}

TEST_CASE("names a certificate is for")
{
    const Scratch folder;
    const PairPtr pair = load_pair(write_pair(
        folder, "a",
        make_cert({.alternatives = "DNS:a.example,DNS:*.b.example,IP:127.0.0.1,IP:::1"})));
    REQUIRE(pair);
    for (const char* name : {"a.example", "x.b.example", "*.b.example", "127.0.0.1", "::1"})
        CHECK_MESSAGE(is_for_name(*pair, name), name);
    for (const char* name : {"b.example", "x.y.b.example", "*.a.example", "c.example", "127.0.0.2"})
        CHECK_FALSE_MESSAGE(is_for_name(*pair, name), name);
    CHECK(list_names(*pair) == "\"a.example\", \"*.b.example\"");
    const PairPtr many = load_pair(write_pair(
        folder, "m", make_cert({.alternatives = "DNS:a,DNS:b,DNS:c,DNS:d,DNS:e,DNS:f"})));
    CHECK(list_names(*many) == "\"a\", \"b\", \"c\", \"d\" and 2 more");
}
