// tls_client_test.cc - certificates of clients: who is let in, and what is said of them.
#include "server/tls_client.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// A host that asks clients for certificates of "Clients".
struct Door {
    Scratch folder;
    Made authority = make_cert({.name = "Clients", .authority = true});
    Made known = make_cert({.name = "Anna Müller"}, &authority);
    Made expired = make_cert({.name = "Old", .begin = 0, .end = 86400}, &authority);
    Made stranger = make_cert({.name = "Eve"});
    std::shared_ptr<TlsConf> conf = conf_with({load_pair(write_pair(folder, "a", make_cert({})))});
    std::shared_ptr<Tls> tls;

    explicit Door(ClientCertificates how)
    {
        conf->client_certificates = how;
        X509_up_ref(authority.x.get());
        conf->client_authorities.emplace_back(authority.x.get(), FreeX509());
        std::string error;
        tls = Tls::make({{{}, conf}}, {}, error);
        REQUIRE(tls);
    }
    bool enters(Client& client, const Made* with, int version = TLS1_3_VERSION) const
    {
        SSL_set_max_proto_version(client.ssl.get(), version);
        if (with) {
            REQUIRE(SSL_use_certificate(client.ssl.get(), with->x.get()) == 1);
            REQUIRE(SSL_use_PrivateKey(client.ssl.get(), with->key.get()) == 1);
        }
        return client.shake(*tls);
    }
};

}  // namespace

TEST_CASE("require: only who has a certificate of the authority comes in")
{
    const Door door(ClientCertificates::require);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        Client known, nobody, expired, stranger;
        CHECK(door.enters(known, &door.known, version));
        CHECK_FALSE(door.enters(nobody, nullptr, version));
        CHECK_FALSE(door.enters(expired, &door.expired, version));
        CHECK_FALSE(door.enters(stranger, &door.stranger, version));
    }
}

TEST_CASE("a client that was verified is described")
{
    const Door door(ClientCertificates::require);
    Client client;
    REQUIRE(door.enters(client, &door.known));
    const TlsFacts facts = Tls::facts(client.server.get());
    CHECK(facts.client_verify == "SUCCESS");
    CHECK(facts.client_subject == "CN=Anna Müller");
    CHECK(facts.client_issuer == "CN=Clients");
    CHECK(facts.client_serial.size() == 4);
    CHECK(facts.client_fingerprint.size() == 64);
    // The words stay where they are.
    CHECK(Tls::facts(client.server.get()).client_subject.data() == facts.client_subject.data());
}

TEST_CASE("optional: everybody comes in, but only who was verified has a name")
{
    const Door door(ClientCertificates::optional);
    Client known, nobody, expired, stranger;
    REQUIRE(door.enters(known, &door.known));
    CHECK(Tls::facts(known.server.get()).client_verify == "SUCCESS");
    REQUIRE(door.enters(nobody, nullptr));
    CHECK(Tls::facts(nobody.server.get()).client_verify == "NONE");
    REQUIRE(door.enters(expired, &door.expired));
    CHECK(Tls::facts(expired.server.get()).client_verify == "FAILED:certificate has expired");
    CHECK(Tls::facts(expired.server.get()).client_subject.empty());
    REQUIRE(door.enters(stranger, &door.stranger));
    CHECK(Tls::facts(stranger.server.get()).client_verify.starts_with("FAILED:"));
    CHECK(Tls::facts(stranger.server.get()).client_fingerprint.empty());
}

TEST_CASE("where certificates of clients are asked for, sessions are not continued")
{
    const Door door(ClientCertificates::optional);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        Client client;
        REQUIRE(door.enters(client, &door.known, version));
        if (client.session) CHECK(SSL_SESSION_has_ticket(client.session.get()) == 0);
        Client again;
        if (client.session) SSL_set_session(again.ssl.get(), client.session.get());
        REQUIRE(door.enters(again, nullptr, version));
        CHECK_FALSE(again.reused());
        CHECK(Tls::facts(again.server.get()).client_verify == "NONE");
    }
}
