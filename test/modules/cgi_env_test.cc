// cgi_env_test.cc - variables a script gets.
#include "modules/cgi_env.h"

#include <map>

#include "test/modules/cgi_site.h"

using namespace ostler;
using namespace ostler::test;

namespace {

std::map<std::string, std::string> variables(Exchange& x, const CgiConf& conf,
                                             std::optional<std::uint64_t> length = std::nullopt)
{
    Script script;
    script.file = "/s/x.py";
    script.name = "/x.py";
    script.document_root = "/s";
    const Environment env = make_environment(x, conf, script, length);
    std::map<std::string, std::string> found;
    for (char** v = env.list; *v; ++v) {
        const std::string text = *v;
        const std::size_t equals = text.find('=');
        CHECK(found.emplace(text.substr(0, equals), text.substr(equals + 1)).second);
    }
    return found;
}

}  // namespace

TEST_CASE("what other modules know is told, but replaces nothing")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    v.x.set_script_variable("REMOTE_USER", "old");
    v.x.set_script_variable("REMOTE_USER", "ann");
    v.x.set_script_variable("SESSION_ID", "7");
    v.x.set_script_variable("REQUEST_METHOD", "EVIL");
    site.conf().environment = {{"SESSION_ID", "conf"}, {"MINE", "yes"}, {"LANG", "C"}};
    auto env = variables(v.x, site.conf());
    CHECK(env["REMOTE_USER"] == "ann");
    CHECK(env["SESSION_ID"] == "7");
    CHECK(env["REQUEST_METHOD"] == "GET");
    CHECK(env["MINE"] == "yes");
    CHECK(env["LANG"] == "C");
    CHECK_FALSE(env.count("LC_CTYPE"));  // the configured language is the whole of it
}

TEST_CASE("scripts speak UTF-8 and no language, unless the configuration has one")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    auto env = variables(v.x, site.conf());
    CHECK(env["LANG"] == "C");
    CHECK(env["LC_CTYPE"] == "C.UTF-8");
    site.conf().environment = {{"LC_ALL", "de_DE.UTF-8"}};
    env = variables(v.x, site.conf());
    CHECK_FALSE(env.count("LANG"));
    CHECK_FALSE(env.count("LC_CTYPE"));
}

TEST_CASE("HTTPS is said when it is so")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    CHECK(variables(v.x, site.conf()).count("HTTPS") == 0);
    v.x.request.peer.tls = true;
    v.x.request.scheme = "https";
    auto env = variables(v.x, site.conf());
    CHECK(env["HTTPS"] == "on");
    CHECK(env["REQUEST_SCHEME"] == "https");
}

TEST_CASE("what TLS negotiated is told in the names of mod_ssl, and what is not known is not")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    TlsFacts facts;
    facts.protocol = "TLSv1.3";
    facts.cipher = "TLS_AES_128_GCM_SHA256";
    facts.client_verify = "SUCCESS";
    facts.client_subject = "CN=Anna";
    v.x.request.peer.tls_facts = &facts;
    auto env = variables(v.x, site.conf());
    CHECK(env["SSL_PROTOCOL"] == "TLSv1.3");
    CHECK(env["SSL_CIPHER"] == "TLS_AES_128_GCM_SHA256");
    CHECK(env["SSL_CLIENT_VERIFY"] == "SUCCESS");
    CHECK(env["SSL_CLIENT_S_DN"] == "CN=Anna");
    CHECK(env.count("SSL_TLS_SNI") == 0);
    CHECK(is_computed_variable("SSL_CLIENT_S_DN"));
}

TEST_CASE("the length is that of what the script gets")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    CHECK(variables(v.x, site.conf()).count("CONTENT_LENGTH") == 0);
    CHECK(variables(v.x, site.conf(), 0)["CONTENT_LENGTH"] == "0");
    CHECK(variables(v.x, site.conf(), 5)["CONTENT_LENGTH"] == "5");
}

TEST_CASE("a NUL cannot begin another variable")
{
    CgiSite site;
    site.write("x", "");
    Visit v(site);
    v.go();
    v.x.set_script_variable("A", std::string_view("b\0C=d", 5));
    auto env = variables(v.x, site.conf());
    CHECK(env["A"] == "b?C=d");
    CHECK(env.count("C") == 0);
}

TEST_CASE("names the configuration must not set")
{
    for (const char* name : {"REMOTE_USER", "HTTP_X", "PATH_INFO", "SERVER_PORT", "REDIRECT_STATUS"})
        CHECK(is_computed_variable(name));
    for (const char* name : {"PATH", "LANG", "HOME", "TZ", "HTTPX"})
        CHECK_FALSE(is_computed_variable(name));
}
