// tls_ocsp_test.cc - responses of an authority, true and false ones.
#include "server/tls_ocsp.h"

#include <doctest/doctest.h>
#include <openssl/ocsp.h>

#include "server/tls_inspect.h"
#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Answer {
    int state = V_OCSP_CERTSTATUS_GOOD;
    std::int64_t begin = now_s() - 3600;
    std::int64_t end = now_s() + 3600;
};

ASN1_TIME* time_of(std::int64_t seconds)
{
    return ASN1_TIME_set(nullptr, static_cast<std::time_t>(seconds));
}

std::string ocsp_for(const Made& leaf, const Made& issuer, const Made& signer, const Answer& answer)
{
    OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
    OCSP_CERTID* id = OCSP_cert_to_id(nullptr, leaf.x.get(), issuer.x.get());
    ASN1_TIME *from = time_of(answer.begin), *until = time_of(answer.end);
    const bool revoked = answer.state == V_OCSP_CERTSTATUS_REVOKED;
    OCSP_basic_add1_status(basic, id, answer.state, 0, revoked ? from : nullptr, from, until);
    OCSP_basic_sign(basic, signer.x.get(), signer.key.get(), EVP_sha256(), nullptr, 0);
    OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &bytes);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return der;
}

struct Authority {
    Scratch folder;
    Made root = make_cert({.name = "Root", .authority = true});
    Made leaf = make_cert({.name = "a.example"}, &root);
    Made other = make_cert({.name = "b.example"}, &root);
    Made stranger = make_cert({.name = "Root", .authority = true});
    PairFiles files = write_pair(folder, "a", leaf, {&root});

    /// What is said of the pair with this response; `pair` is what came out.
    std::string with(const std::string& der, PairPtr& pair)
    {
        files.ocsp = folder.path("a.ocsp");
        folder.write("a.ocsp", der);
        PairFindings findings;
        pair = load_pair(files, findings);
        const std::string all = texts(findings);
        const std::string prefix = "ocsp: " + files.ocsp + ": is not stapled: ";
        return all.starts_with(prefix) ? all.substr(prefix.size()) : all;
    }
};

/// The response a client gets; empty: none.
std::string stapled(const Tls& tls)
{
    Client client;
    SSL_set_tlsext_status_type(client.ssl.get(), TLSEXT_STATUSTYPE_ocsp);
    REQUIRE(client.shake(tls));
    const unsigned char* bytes = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(client.ssl.get(), &bytes);
    return size > 0
               ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size))
               : std::string();
}

}  // namespace

TEST_CASE("a good response is stapled for clients that ask")
{
    Authority authority;
    const std::string der = ocsp_for(authority.leaf, authority.root, authority.root, Answer());
    PairPtr pair;
    CHECK(authority.with(der, pair).empty());
    REQUIRE(pair);
    std::string error;
    const auto tls = Tls::make({{{}, conf_with({pair})}}, {}, error);
    REQUIRE(tls);
    CHECK(stapled(*tls) == der);
    auto late = std::make_shared<TlsPair>();
    late->files = pair->files;
    late->leaf.reset(pair->leaf.get());
    late->key.reset(pair->key.get());
    X509_up_ref(late->leaf.get());
    EVP_PKEY_up_ref(late->key.get());
    late->ocsp = der;
    late->ocsp_until = now_s() - 1;
    REQUIRE(tls->replace(late, error));
    CHECK(stapled(*tls).empty());
}

TEST_CASE("a response that clients would refuse is not stapled, and the reason is told")
{
    Authority a;
    PairPtr pair;
    const auto verdict = [&](const Answer& answer) {
        return a.with(ocsp_for(a.leaf, a.root, a.root, answer), pair);
    };
    CHECK(verdict({.end = now_s() - 60}).find("it expired on ") == 0);
    CHECK(verdict({.begin = now_s() + 3600, .end = now_s() + 7200}).find("it is from the future") ==
          0);
    CHECK(verdict({.state = V_OCSP_CERTSTATUS_REVOKED}) ==
          "it says that the certificate is revoked\n");
    CHECK(verdict({.state = V_OCSP_CERTSTATUS_UNKNOWN}) ==
          "it says that the certificate is unknown\n");
    CHECK(a.with(ocsp_for(a.other, a.root, a.root, Answer()), pair).find("it is not about ") == 0);
    CHECK(a.with(ocsp_for(a.leaf, a.root, a.stranger, Answer()), pair) ==
          "it is not signed by the certificate's issuer\n");
    CHECK(a.with("garbage", pair) == "it is no OCSP response in DER\n");
    // The pair is good all the same.
    REQUIRE(pair);
    CHECK(pair->ocsp.empty());
}
