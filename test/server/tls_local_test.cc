// tls_local_test.cc - the certificate of `ostler serve --https`.
#include "server/tls_local.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("a certificate for this machine is made once and kept")
{
    const Scratch home;
    const std::string folder = home.path("a/b");
    const auto first = local_certificate(folder, now_s());
    REQUIRE_MESSAGE(first, first.error());
    CHECK(first->made);
    const PairPtr pair = load_pair(first->files);
    REQUIRE(pair);
    for (const char* name : {"localhost", "127.0.0.1", "::1"}) CHECK(is_for_name(*pair, name));
    CHECK_FALSE(is_for_name(*pair, "example.org"));
    CHECK(EVP_PKEY_is_a(pair->key.get(), "EC") == 1);
    // No longer than macOS and iOS trust.
    CHECK(pair->not_after - pair->not_before <= 825 * day_s);
    struct stat info {};
    REQUIRE(::stat(first->files.key.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::stat(folder.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);

    const auto second = local_certificate(folder, now_s());
    REQUIRE(second);
    CHECK_FALSE(second->made);
    CHECK(load_pair(second->files)->digest == pair->digest);
}

TEST_CASE("one that ends soon, or is no good, is made anew")
{
    const Scratch home;
    const auto first = local_certificate(home.path(), now_s());
    REQUIRE(first);
    const auto later = local_certificate(home.path(), first->until - 29 * day_s);
    REQUIRE(later);
    CHECK(later->made);
    home.write("localhost.key", make_cert({}).key_pem());
    const auto mended = local_certificate(home.path(), later->until - 100 * day_s);
    REQUIRE(mended);
    CHECK(mended->made);
    CHECK(load_pair(mended->files));
}

TEST_CASE("without a place for it the reason is said")
{
    CHECK(local_certificate("", now_s()).error() == "HOME is not set: no place to keep it");
    const Scratch home;
    home.write("file", "");
    CHECK(local_certificate(home.path("file/x"), now_s()).error().find("Not a directory") !=
          std::string::npos);
}
