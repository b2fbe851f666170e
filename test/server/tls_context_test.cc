// tls_context_test.cc - what OpenSSL is asked before anything depends on it.
#include "server/tls_context.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("only ciphers with forward secrecy and authenticated encryption pass")
{
    std::string why;
    CHECK(check_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20", why));
    CHECK(check_ciphers("ECDHE-RSA-AES128-GCM-SHA256", why));
    CHECK_FALSE(check_ciphers("ECDHE-RSA-AES128-SHA", why));
    CHECK(why.find("not ECDHE-RSA-AES128-SHA") != std::string::npos);
    CHECK_FALSE(check_ciphers("AES128-GCM-SHA256", why));
    CHECK_FALSE(check_ciphers("", why));
}

TEST_CASE("groups are those this OpenSSL knows")
{
    std::string why;
    CHECK(check_groups("", why));
    CHECK(check_groups("X25519:P-256", why));
    CHECK_FALSE(check_groups("P-256:P-257", why));
}

TEST_CASE("a context has what is safe, and nothing older")
{
    const Scratch folder;
    std::string error;
    const auto conf = conf_with({load_pair(write_pair(folder, "a", make_cert({})))});
    const ContextPtr context = make_context(conf, error);
    REQUIRE_MESSAGE(context, error);
    SSL_CTX* c = context.get();
    CHECK(SSL_CTX_get_min_proto_version(c) == TLS1_2_VERSION);
    CHECK((SSL_CTX_get_options(c) & SSL_OP_NO_RENEGOTIATION) != 0);
    CHECK((SSL_CTX_get_options(c) & SSL_OP_NO_COMPRESSION) != 0);
    CHECK((SSL_CTX_get_mode(c) & SSL_MODE_ENABLE_PARTIAL_WRITE) == 0);
    CHECK((SSL_CTX_get_mode(c) & SSL_MODE_RELEASE_BUFFERS) != 0);
    CHECK(SSL_CTX_get_max_early_data(c) == 0);
    CHECK(SSL_CTX_get_session_cache_mode(c) == SSL_SESS_CACHE_OFF);
    CHECK(SSL_CTX_get_security_level(c) == 2);
    CHECK(&conf_of(c) == conf.get());
}

TEST_CASE("the scope of sessions is the host and who may come in")
{
    TlsConf conf;
    const std::string a = session_scope(conf, "a.example");
    CHECK(a.size() == 32);
    CHECK(session_scope(conf, "a.example") == a);
    CHECK(session_scope(conf, "b.example") != a);
    TlsConf strict = conf;
    strict.client_certificates = ClientCertificates::require;
    CHECK(session_scope(strict, "a.example") != a);
    CHECK_FALSE(same_clients(conf, strict));
    CHECK(same_clients(conf, conf));
}

TEST_CASE("each host has its own groups")
{
    const Scratch folder;
    auto first = conf_with({load_pair(write_pair(folder, "a", make_cert({})))});
    auto second = std::make_shared<TlsConf>(*first);
    first->groups = "P-384";
    std::string error;
    const auto tls = Tls::make({{{}, first}, {{"b.example"}, second}}, {}, error);
    REQUIRE(tls);
    const auto shakes = [&](const char* name, const char* group) {
        Client client(name);
        SSL_set1_groups_list(client.ssl.get(), group);
        return client.shake(*tls);
    };
    CHECK(shakes("a.example", "P-384"));
    CHECK_FALSE(shakes("a.example", "X25519"));
    CHECK(shakes("b.example", "X25519"));
}
