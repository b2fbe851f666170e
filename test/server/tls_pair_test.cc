// tls_pair_test.cc - certificates and keys as they are found in files, good and bad.
#include "server/tls_pair.h"

#include <doctest/doctest.h>

#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// What is said about the pair of these two texts.
std::string complaints(const Scratch& folder, const std::string& certificate,
                       const std::string& key)
{
    folder.write("c", certificate);
    folder.write("k", key);
    PairFindings findings;
    const PairPtr pair = load_pair({folder.path("c"), folder.path("k"), ""}, findings);
    std::string all = texts(findings);
    for (std::size_t at = 0; (at = all.find(folder.path() + "/", at)) != std::string::npos;)
        all.erase(at, folder.path().size() + 1);
    return all;
}

}  // namespace

TEST_CASE("a pair has the certificate, its issuers and its key")
{
    const Scratch folder;
    const Made root = make_cert({.name = "Root", .authority = true});
    const Made leaf = make_cert({.name = "a.example"}, &root);
    PairFindings findings;
    const PairPtr pair = load_pair(write_pair(folder, "a", leaf, {&root}), findings);
    REQUIRE(pair);
    CHECK(texts(findings).empty());
    CHECK(X509_cmp(pair->leaf.get(), leaf.x.get()) == 0);
    REQUIRE(pair->chain.size() == 1);
    CHECK(pair->not_after == seconds_of(X509_get0_notAfter(leaf.x.get())));
}

TEST_CASE("certificate and key can be in one file")
{
    const Scratch folder;
    const Made leaf = make_cert({});
    folder.write("both.pem", leaf.key_pem() + leaf.pem());
    CHECK(load_pair({folder.path("both.pem"), "", ""}));
}

TEST_CASE("what is wrong with a pair is said with the file and the remedy")
{
    const Scratch folder;
    const Made leaf = make_cert({});
    const Made other = make_cert({.key_type = "RSA"});
    const std::string pem = leaf.pem(), key = leaf.key_pem();
    CHECK(complaints(folder, pem, key).empty());
    CHECK(complaints(folder, pem, other.key_pem()) ==
          "key: k: is not the key of c: that needs EC prime256v1, this is RSA 2048; both files "
          "have to come from the same request\n");
    CHECK(complaints(folder, pem, make_cert({}).key_pem()) ==
          "key: k: is not the key of c: it is another EC prime256v1; both files have to come from "
          "the same request\n");
    CHECK(complaints(folder, key, pem) == "certificate: c: has a private key and no certificate: "
                                          "are certificate and key swapped?\n");
    CHECK(complaints(folder, pem, pem) ==
          "key: k: has a certificate and no private key: are certificate and key swapped?\n");
    CHECK(complaints(folder, "", key) == "certificate: c: is empty\n");
    CHECK(complaints(folder, pem, "") == "key: k: is empty\n");
    CHECK(complaints(folder, pem.substr(0, pem.size() / 2), key) ==
          "certificate: c: certificate 1 in it is damaged or cut short\n");
    CHECK(complaints(folder, pem + pem.substr(0, 90), key) ==
          "certificate: c: certificate 2 in it is damaged or cut short\n");
    CHECK(
        complaints(folder, pem, key.substr(0, key.size() / 2) + "\n-----END PRIVATE KEY-----\n") ==
        "key: k: the private key is damaged or cut short\n");
    CHECK(complaints(folder, "\x30\x82\x01", key).find("openssl x509 -inform DER") !=
          std::string::npos);
    CHECK(complaints(folder, "hello", key) ==
          "certificate: c: has no certificate in PEM (-----BEGIN CERTIFICATE-----)\n");
}

TEST_CASE("a key behind a passphrase is refused, nobody is asked")
{
    const Scratch folder;
    const Made leaf = make_cert({});
    char phrase[] = "secret";
    const std::string locked = Made::write([&](BIO* b) {
        PEM_write_bio_PrivateKey(b, leaf.key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr, phrase);
    });
    CHECK(complaints(folder, leaf.pem(), locked).find("openssl pkey -in FILE -out NEW") !=
          std::string::npos);
}

TEST_CASE("a certificate that OpenSSL would not show is refused when it is read")
{
    const Scratch folder;
    const Made root = make_cert({.name = "Root", .authority = true});
    const Made weak = make_cert({.digest = "SHA1"}, &root);
    CHECK(complaints(folder, weak.pem(), weak.key_pem()).find("signature by SHA-256 would do") !=
          std::string::npos);
}

TEST_CASE("expired and not yet valid are stale, not errors")
{
    const Scratch folder;
    PairFindings findings;
    const Made old = make_cert({.begin = 0, .end = 86400});
    CHECK(load_pair(write_pair(folder, "old", old), findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].weight == PairFinding::Weight::stale);
    CHECK(findings[0].text.find("expired on 1970-01-02 00:00 UTC: renew it") != std::string::npos);
    findings.clear();
    const Made early = make_cert({.begin = now_s() + day_s});
    CHECK(load_pair(write_pair(folder, "early", early), findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].weight == PairFinding::Weight::stale);
}

TEST_CASE("what is no file of reasonable size is not read")
{
    const Scratch folder;
    std::string text, why;
    CHECK_FALSE(read_small_file(folder.path("none"), text, why));
    CHECK(why == "cannot be read: No such file or directory");
    CHECK_FALSE(read_small_file(folder.path(), text, why));
    CHECK(why == "is not a file");
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    CHECK_FALSE(read_small_file(folder.path("fifo"), text, why));
    folder.write("large", std::string((1 << 20) + 1, 'x'));
    CHECK_FALSE(read_small_file(folder.path("large"), text, why));
    CHECK(why == "is larger than 1 MiB: this must be something else");
}
