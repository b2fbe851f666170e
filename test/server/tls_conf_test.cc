// tls_conf_test.cc - the group `tls` as it is read from a file.
#include "server/tls_conf.h"

#include <doctest/doctest.h>

#include "test/server/config_fixture.h"
#include "test/server/tls_fixture.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// A folder with the pairs "a" (a.example) and "b" (b.example) below "ca".
struct Files {
    Scratch folder;
    Made root = make_cert({.name = "Root", .authority = true});

    Files()
    {
        write_pair(folder, "a", make_cert({.name = "a.example"}, &root), {&root});
        write_pair(folder, "b", make_cert({.name = "b.example"}, &root), {&root});
        folder.write("ca.pem", root.pem());
    }
    std::string pair(const std::string& name) const
    {
        return cat("certificate = \"", folder.path(name), ".pem\"; key = \"", folder.path(name),
                   ".key\"; ");
    }
    /// The text of every problem, a line each.
    std::string problems_of(const std::string& tls, const std::string& hosts = "") const
    {
        std::vector<Problem> problems;
        load(cat("listen = ( { port = 443; tls = true; } );\ntls: { ", tls, "};\n", hosts),
             problems);
        std::string all;
        for (const Problem& p : problems)
            append(all, p.severity == Problem::Severity::error ? "error: " : "warning: ", p.text,
                   '\n');
        return all;
    }
};

}  // namespace

TEST_CASE("a pair, and hosts that inherit it or have their own")
{
    const Files files;
    std::vector<Problem> problems;
    const auto conf =
        load(cat("listen = ( { port = 443; tls = true; } );\n"
                 "tls: { ",
                 files.pair("a"), "resumption = \"10m\"; };\n",
                 "hosts = ( { names = [ \"a.example\" ]; tls: { min_version = \"1.3\"; }; },\n"
                 "{ names = [ \"b.example\" ]; tls: { ",
                 files.pair("b"), "}; } );\n"),
             problems);
    REQUIRE_MESSAGE(conf, messages(problems));
    CHECK(messages(problems) == "");
    REQUIRE(conf->tls);
    CHECK(conf->tls->resumption.time == std::chrono::minutes(10));
    CHECK(conf->tls->pairs().size() == 2);
    Client b("b.example");
    REQUIRE(b.shake(*conf->tls));
    CHECK(b.shown() == "CN=b.example");
    Client a("a.example");
    SSL_set_max_proto_version(a.ssl.get(), TLS1_2_VERSION);
    CHECK_FALSE(a.shake(*conf->tls));
}

TEST_CASE("without a listener for it there is no TLS")
{
    const Files files;
    std::vector<Problem> problems;
    const auto conf = load(cat("tls: { ", files.pair("a"), "};\n"), problems);
    REQUIRE(conf);
    CHECK_FALSE(conf->tls);
}

TEST_CASE("several pairs side by side")
{
    const Files files;
    write_pair(files.folder, "rsa",
               make_cert({.name = "a.example", .key_type = "RSA"}, &files.root), {&files.root});
    std::vector<Problem> problems;
    const auto conf = load(cat("listen = ( { port = 443; tls = true; } );\n"
                               "tls: { certificates = ( { ",
                               files.pair("a"), " }, { ", files.pair("rsa"), " } ); };\n"),
                           problems);
    REQUIRE_MESSAGE(conf, messages(problems));
    CHECK(conf->tls->pairs().size() == 2);
}

TEST_CASE("mistakes are told at the setting")
{
    const Files files;
    const auto told = [&](const std::string& tls, std::string_view part) {
        const std::string all = files.problems_of(tls);
        CHECK_MESSAGE(all.find(part) != std::string::npos, all);
    };
    told("", "tls needs a certificate: set tls.certificate and tls.key");
    told("key = \"/k\"; ", "error: \"key\" in \"tls\": belongs to a certificate: set that, too");
    told("certificate = \"/none\"; ",
         "error: \"certificate\" in \"tls\": /none: cannot be read: No "
         "such file or directory");
    told(cat("certificate = \"", files.folder.path("a.pem"), "\"; key = \"",
             files.folder.path("b.key"), "\"; "),
         "is not the key of");
    told(files.pair("a") + "min_version = \"1.1\"; ", "\"min_version\" in \"tls\" must be");
    told(files.pair("a") + "ciphers = \"AES128-SHA:ECDHE+AESGCM\"; ",
         "error: \"ciphers\" in \"tls\": only ciphers with forward secrecy (ECDHE) and "
         "authenticated encryption (GCM, CHACHA20) are offered; not AES128-SHA");
    told(files.pair("a") + "ciphers = \"NONSENSE\"; ", "this OpenSSL knows none of these");
    told(files.pair("a") + "groups = \"P-257\"; ", "this OpenSSL does not know all of these");
    told(files.pair("a") + "client_certificates = \"require\"; ", "who vouches for them?");
    told(files.pair("a") + cat("client_ca = \"", files.folder.path("a.key"), "\"; "),
         "has a private key and no certificate");
    told(files.pair("a") + "resumption = \"30d\"; ", "resumption");
    told(files.pair("a") + "ocsp = \"/none\"; ",
         "warning: \"ocsp\" in \"tls\": /none: cannot be read");
}

TEST_CASE("a host name that no certificate is for is a warning, once")
{
    const Files files;
    const std::string all = files.problems_of(
        files.pair("a"),
        "hosts = ( { names = [ \"a.example\", \"www.example\" ]; }, { names = [ \"*\" ]; } );\n");
    CHECK_MESSAGE(all == cat("warning: ", files.folder.path("a.pem"),
                             " is not for \"www.example\", browsers will refuse it: it is for "
                             "\"a.example\"\n"),
                  all);
}

TEST_CASE("client certificates are asked for as the host says")
{
    const Files files;
    std::vector<Problem> problems;
    const auto conf = load(
        cat("listen = ( { port = 443; tls = true; } );\ntls: { ", files.pair("a"),
            "};\nhosts = ( { names = [ \"a.example\" ]; tls: { client_certificates = \"require\"; "
            "client_ca = \"",
            files.folder.path("ca.pem"), "\"; }; } );\n"),
        problems);
    REQUIRE_MESSAGE(conf, messages(problems));
    Client nobody("a.example"), elsewhere("other.example");
    CHECK_FALSE(nobody.shake(*conf->tls));
    CHECK(elsewhere.shake(*conf->tls));
}
