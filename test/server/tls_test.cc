// tls_test.cc - handshakes in memory: who gets which certificate, and who may come back.
#include "server/tls.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// Hosts "a.example", "*.w.example" and "b.example", and the server scope before them.
struct Hosts {
    Scratch folder;
    Made root = make_cert({.name = "Root", .authority = true});
    std::shared_ptr<TlsConf> server = conf("server.example");
    std::shared_ptr<TlsConf> a = conf("a.example");
    std::shared_ptr<TlsConf> w = conf("*.w.example");
    std::shared_ptr<TlsConf> b = conf("b.example");
    TlsResumption resumption;

    PairPtr pair(const std::string& name, const char* key = "EC", const std::string& file = "")
    {
        Cert what;
        what.name = name;
        what.key_type = key;
        return load_pair(
            write_pair(folder, file.empty() ? name + key : file, make_cert(what, &root), {&root}));
    }
    std::shared_ptr<TlsConf> conf(const std::string& name) { return conf_with({pair(name)}); }
    std::shared_ptr<Tls> make()
    {
        std::string error;
        auto tls = Tls::make({{{}, server},
                              {{"a.example", "also.example"}, a},
                              {{"*.w.example"}, w},
                              {{"b.example"}, b},
                              {{"inherits.example"}, server}},
                             resumption, error);
        REQUIRE_MESSAGE(tls, error);
        return tls;
    }
};

std::string shown_to(const Tls& tls, const char* name)
{
    Client client(name);
    REQUIRE(client.shake(tls));
    return client.shown();
}

/// Whether a session made with `first` is continued with `second`.
bool continues(const Tls& one, const char* first, const Tls& other, const char* second, int version)
{
    Client before(first);
    SSL_set_max_proto_version(before.ssl.get(), version);
    REQUIRE(before.shake(one));
    if (!before.session) return false;
    Client after(second);
    SSL_set_max_proto_version(after.ssl.get(), version);
    SSL_set_session(after.ssl.get(), before.session.get());
    REQUIRE(after.shake(other));
    return after.reused();
}

}  // namespace

TEST_CASE("a client gets the certificate of the host it names")
{
    Hosts hosts;
    const auto tls = hosts.make();
    CHECK(shown_to(*tls, "a.example") == "CN=a.example");
    CHECK(shown_to(*tls, "ALSO.example") == "CN=a.example");
    CHECK(shown_to(*tls, "x.w.example") == "CN=*.w.example");
    CHECK(shown_to(*tls, "y.x.w.example") == "CN=*.w.example");
    CHECK(shown_to(*tls, "w.example") == "CN=server.example");
    CHECK(shown_to(*tls, "inherits.example") == "CN=server.example");
    CHECK(shown_to(*tls, "unknown.example") == "CN=server.example");
    Client nameless;
    REQUIRE(nameless.shake(*tls));
    CHECK(nameless.shown() == "CN=server.example");
}

TEST_CASE("without a certificate of the server the first host's is the default, or that of *")
{
    Hosts hosts;
    hosts.server = conf_with({});
    CHECK(shown_to(*hosts.make(), "unknown.example") == "CN=a.example");
    std::string error;
    const auto tls =
        Tls::make({{{"a.example"}, hosts.a}, {{"*"}, hosts.b}}, hosts.resumption, error);
    CHECK(shown_to(*tls, "unknown.example") == "CN=b.example");
    CHECK_FALSE(Tls::make({{{"a.example"}, conf_with({})}}, hosts.resumption, error));
    CHECK(error.find("tls needs a certificate") == 0);
}

TEST_CASE("of two certificates a client gets the one it can verify")
{
    Hosts hosts;
    hosts.a->pairs.push_back(hosts.pair("a.example", "RSA"));
    const auto tls = hosts.make();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const auto& [algorithms, type] :
             {std::pair("ecdsa_secp256r1_sha256", "EC"), {"rsa_pss_rsae_sha256", "RSA"}}) {
            Client client("a.example");
            SSL_set_max_proto_version(client.ssl.get(), version);
            REQUIRE(SSL_set1_sigalgs_list(client.ssl.get(), algorithms) == 1);
            REQUIRE(client.shake(*tls));
            const EVP_PKEY* key = X509_get0_pubkey(SSL_get0_peer_certificate(client.ssl.get()));
            CHECK(EVP_PKEY_is_a(key, type) == 1);
        }
    }
}

TEST_CASE("each host has its own oldest version; nothing is spoken that is older than 1.2")
{
    Hosts hosts;
    hosts.a->min_version = 3;
    const auto tls = hosts.make();
    const auto shakes = [&](const char* name, int version) {
        Client client(name);
        SSL_set_security_level(client.ssl.get(), 0);
        SSL_set_min_proto_version(client.ssl.get(), version);
        SSL_set_max_proto_version(client.ssl.get(), version);
        return client.shake(*tls);
    };
    CHECK(shakes("a.example", TLS1_3_VERSION));
    CHECK_FALSE(shakes("a.example", TLS1_2_VERSION));
    CHECK(shakes("b.example", TLS1_2_VERSION));
    CHECK_FALSE(shakes("b.example", TLS1_1_VERSION));
}

TEST_CASE("ALPN: http/1.1, or no connection")
{
    Hosts hosts;
    const auto tls = hosts.make();
    Client client("a.example");
    SSL_set_alpn_protos(client.ssl.get(),
                        reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
    REQUIRE(client.shake(*tls));
    const TlsFacts facts = Tls::facts(client.server.get());
    CHECK(facts.alpn == "http/1.1");
    CHECK(facts.protocol == "TLSv1.3");
    CHECK(facts.cipher.starts_with("TLS_"));
    CHECK(facts.server_name == "a.example");
    CHECK_FALSE(facts.resumed);
    CHECK(facts.client_verify.empty());
    Client stranger("a.example");
    SSL_set_alpn_protos(stranger.ssl.get(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
    CHECK_FALSE(stranger.shake(*tls));
}

TEST_CASE("sessions are continued by every process with the same keys, never at another host")
{
    Hosts hosts;
    const auto tls = hosts.make();
    const auto next_generation = hosts.make();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CHECK(continues(*tls, "a.example", *tls, "a.example", version));
        CHECK_FALSE(continues(*tls, "a.example", *next_generation, "a.example", version));
    }
    next_generation->keys = tls->keys;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CHECK(continues(*tls, "a.example", *next_generation, "a.example", version));
        CHECK_FALSE(continues(*tls, "a.example", *tls, "b.example", version));
        CHECK_FALSE(continues(*tls, "a.example", *tls, "unknown.example", version));
        // The same certificate and settings, yet another host.
        CHECK_FALSE(continues(*tls, "inherits.example", *tls, "unknown.example", version));
    }
    next_generation->keys.rotate();
    CHECK(continues(*tls, "a.example", *next_generation, "a.example", TLS1_3_VERSION));
    next_generation->keys.rotate();
    CHECK_FALSE(continues(*tls, "a.example", *next_generation, "a.example", TLS1_3_VERSION));
}

TEST_CASE("who continues a session of TLS 1.3 gets a new ticket, for the next time")
{
    Hosts hosts;
    const auto tls = hosts.make();
    Client first("a.example");
    REQUIRE(first.shake(*tls));
    SessionPtr session = std::move(first.session);
    for (int i = 0; i < 3; ++i) {
        Client again("a.example");
        SSL_set_session(again.ssl.get(), session.get());
        REQUIRE(again.shake(*tls));
        CHECK(again.reused());
        REQUIRE(again.session);
        session = std::move(again.session);
    }
}

TEST_CASE("without resumption no tickets are given")
{
    Hosts hosts;
    hosts.resumption.time = std::chrono::milliseconds(0);
    const auto tls = hosts.make();
    CHECK_FALSE(continues(*tls, "a.example", *tls, "a.example", TLS1_2_VERSION));
    CHECK_FALSE(continues(*tls, "a.example", *tls, "a.example", TLS1_3_VERSION));
}

TEST_CASE("early data is not accepted")
{
    Hosts hosts;
    const auto tls = hosts.make();
    Client client("a.example");
    REQUIRE(client.shake(*tls));
    REQUIRE(client.session);
    CHECK(SSL_SESSION_get_max_early_data(client.session.get()) == 0);
}

TEST_CASE("a replaced certificate is shown to who comes next; sessions and connections go on")
{
    Hosts hosts;
    const auto tls = hosts.make();
    Client before("a.example");
    REQUIRE(before.shake(*tls));
    std::string error;
    // From the same files, for another name so that it can be told.
    auto fresh = hosts.pair("new.example", "EC", "a.exampleEC");
    REQUIRE(fresh->files == hosts.a->pairs[0]->files);
    REQUIRE(tls->replace(fresh, error));
    CHECK(shown_to(*tls, "a.example") == "CN=new.example");
    CHECK(shown_to(*tls, "b.example") == "CN=b.example");
    CHECK(tls->covers(before.server.get(), "a.example"));
    Client again("a.example");
    SSL_set_session(again.ssl.get(), before.session.get());
    REQUIRE(again.shake(*tls));
    CHECK(again.reused());
    CHECK(tls->pairs().size() == 4);
}

TEST_CASE("a certificate of another kind replaces, it does not come on top")
{
    Hosts hosts;
    const auto tls = hosts.make();
    std::string error;
    REQUIRE(tls->replace(hosts.pair("a.example", "RSA", "a.exampleEC"), error));
    Client client("a.example");
    REQUIRE(client.shake(*tls));
    CHECK(EVP_PKEY_is_a(X509_get0_pubkey(SSL_get0_peer_certificate(client.ssl.get())), "RSA"));
}

TEST_CASE("which hosts a connection may answer for")
{
    Hosts hosts;
    Cert both;
    both.name = "a.example";
    both.alternatives = "DNS:a.example,DNS:b.example";
    hosts.a = conf_with({load_pair(write_pair(hosts.folder, "ab", make_cert(both)))});
    const auto tls = hosts.make();
    Client client("a.example");
    REQUIRE(client.shake(*tls));
    const SSL* ssl = client.server.get();
    CHECK(tls->covers(ssl, "a.example"));
    CHECK(tls->covers(ssl, "also.example"));
    CHECK(tls->covers(ssl, "b.example"));
    CHECK(tls->covers(ssl, ""));
    CHECK_FALSE(tls->covers(ssl, "x.w.example"));
    CHECK_FALSE(tls->covers(ssl, "unknown.example"));
    Client nameless;
    REQUIRE(nameless.shake(*tls));
    CHECK(tls->covers(nameless.server.get(), "unknown.example"));
    CHECK(tls->covers(nameless.server.get(), "inherits.example"));
    CHECK_FALSE(tls->covers(nameless.server.get(), "a.example"));
}

TEST_CASE("a host that asks for certificates is not reached by way of one that does not")
{
    Hosts hosts;
    Cert both;
    both.name = "a.example";
    both.alternatives = "DNS:a.example,DNS:b.example";
    hosts.a = conf_with({load_pair(write_pair(hosts.folder, "ab", make_cert(both)))});
    hosts.b->client_certificates = ClientCertificates::require;
    const auto tls = hosts.make();
    Client client("a.example");
    REQUIRE(client.shake(*tls));
    CHECK_FALSE(tls->covers(client.server.get(), "b.example"));
}
