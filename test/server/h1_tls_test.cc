// h1_tls_test.cc - HTTP/1 connections over TLS: handshakes, deadlines, and what only TLS can stall.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "server/tls.h"
#include "test/support/tls_peer.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Certificates for "localhost" and, as another host, "other.example".
struct TlsRig : Rig {
    TlsRig()
    {
        std::string error;
        const auto conf = [this](const char* name) {
            return conf_with({load_pair(write_pair(folder, name, make_cert({.name = name})))});
        };
        tls = Tls::make({{{}, conf("localhost")}, {{"other.example"}, conf("other.example")}},
                        resumption, error);
        REQUIRE_MESSAGE(tls, error);
        // So long that the time a test takes by itself does not count.
        http([](HttpConf& c) { c.handshake_timeout = c.head_timeout = 1000s; });
    }
    std::unique_ptr<TlsPeer> connect_tls(int receive_buffer = 0, int version = TLS1_3_VERSION)
    {
        Sockets pair(receive_buffer);
        adopt(pair.server.release(), tls.get());
        return std::make_unique<TlsPeer>(pair.client.release(), version, "localhost");
    }
    /// The same, the handshake made.
    std::unique_ptr<TlsPeer> open_tls(int receive_buffer = 0, int version = TLS1_3_VERSION)
    {
        auto peer = connect_tls(receive_buffer, version);
        REQUIRE(until([&] { return peer->handshake(); }));
        settle();
        return peer;
    }
    std::vector<Reply> tls_replies(TlsPeer& peer, std::size_t count)
    {
        std::vector<Reply> all;
        ReplyReader reader;
        CHECK(until([&] {
            const bool over = peer.is_over();
            all = reader.read(peer.got, {}, peer.ended);
            return over || (all.size() >= count && all.back().complete) || !reader.error().empty();
        }));
        CHECK_MESSAGE(reader.error().empty(), reader.error());
        return all;
    }
    Scratch folder;
    TlsResumption resumption;
    std::shared_ptr<Tls> tls;
};

auto say(std::string text)
{
    return [text](Exchange& x) {
        x.response.body = x.arena.make<BytesBody>(x.arena.copy(text));
        return x.reply(Code::ok);
    };
}

/// The first bytes of a client.
std::string hello()
{
    test::Client client("localhost");
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(client.ssl.get(), in, out);
    SSL_set_connect_state(client.ssl.get());
    SSL_do_handshake(client.ssl.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    ERR_clear_error();
    return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("a request over TLS is answered, and knows that it came so")
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsRig rig;
        std::string protocol, scheme;
        rig.hooks().content = [&](Exchange& x) {
            if (x.request.peer.tls && x.request.peer.tls_facts)
                protocol = x.request.peer.tls_facts->protocol;
            scheme = x.request.scheme;
            return say("hi")(x);
        };
        auto peer = rig.open_tls(0, version);
        for (std::size_t i = 1; i <= 3; ++i) {
            peer->send(get);
            const auto replies = rig.tls_replies(*peer, i);
            REQUIRE(replies.size() == i);
            CHECK(replies.back().body == "hi");
            CHECK(scheme == "https");
            CHECK(protocol == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
        }
        CHECK((version == TLS1_2_VERSION || peer->records == 3));
    }
}

TEST_CASE("a handshake has its time in all, however its bytes come")
{
    for (const bool trickle : {false, true}) {
        CAPTURE(trickle);
        TlsRig rig;
        Sockets pair;
        TestClient peer(pair.client.release());
        rig.adopt(pair.server.release(), rig.tls.get());
        const std::string bytes = hello();
        for (std::size_t second = 0; second < 9; ++second) {
            if (trickle) peer.send(std::string_view(bytes).substr(second, 1));
            rig.skip(100s);
            CHECK(rig.clients().count() == 1);
        }
        rig.skip(200s);
        CHECK(rig.clients().count() == 0);
        CHECK(rig.until([&] { return peer.is_over(); }));
        CHECK(peer.got.empty());
    }
}

TEST_CASE("after the handshake a head has the time that heads have")
{
    TlsRig rig;
    auto peer = rig.connect_tls();
    rig.skip(900s);
    REQUIRE(rig.until([&] { return peer->handshake(); }));
    rig.skip(200s);
    CHECK(rig.clients().count() == 1);
    rig.skip(1000s);
    CHECK(rig.clients().count() == 0);
    CHECK(rig.until([&] { return peer->is_over(); }));
    CHECK(peer->ended);
    CHECK(peer->got.empty());
}

TEST_CASE("plain HTTP on a port with TLS is told the scheme, and logged as a request")
{
    TlsRig rig;
    int logged = 0;
    bool tls = true;
    rig.hooks().log = [&](const Exchange& x) {
        ++logged;
        tls = x.request.peer.tls;
    };
    Sockets pair;
    TestClient peer(pair.client.release());
    rig.adopt(pair.server.release(), rig.tls.get());
    peer.send("GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto replies = rig.replies(peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 400);
    CHECK(replies[0].body.find("https://") != std::string::npos);
    CHECK(peer.got.find("secret") == std::string::npos);
    CHECK(rig.until([&] { return peer.is_over(); }));
    CHECK(peer.ended);
    peer.close();
    CHECK(rig.until([&] { return rig.clients().count() == 0; }));
    CHECK(logged == 1);
    CHECK_FALSE(tls);
}

TEST_CASE("a request for a host that the connection is not for is 421")
{
    TlsRig rig;
    rig.hooks().content = say("hi");
    auto peer = rig.open_tls();
    peer->send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
    const auto replies = rig.tls_replies(*peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 421);
    CHECK(replies[0].closes());
    CHECK(rig.until([&] { return peer->is_over(); }));
    CHECK(peer->ended);
}

TEST_CASE("content and the next requests in one record are found without news from the socket")
{
    TlsRig rig;
    struct Taken {
        Buffer bytes;
    };
    rig.hooks().content = [](Exchange& x) {
        if (!x.request.body) return say("none")(x);
        Buffer& bytes = x.attach<Taken>().bytes;
        while (x.request.body->pull(bytes, 7) == Pull::more) {
        }
        return say(std::string(bytes.view()))(x);
    };
    auto peer = rig.open_tls();
    const std::string post =
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n01234567890123456789";
    const std::string chunked = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    std::string all;
    for (int i = 0; i < 20; ++i) append(all, post, chunked, get);
    REQUIRE(peer->send(all) == all.size());
    const auto replies = rig.tls_replies(*peer, 60);
    REQUIRE(replies.size() == 60);
    CHECK(replies[57].body == "01234567890123456789");
    CHECK(replies[58].body == "abc");
    CHECK(replies[59].body == "none");
}

TEST_CASE("who is in a handshake may be closed to make room, who has asked may not")
{
    TlsRig rig;
    rig.hooks().content = say("hi");
    auto shaking = rig.connect_tls();
    rig.settle();
    CHECK(rig.clients().close_idle(1) == 1);
    CHECK(rig.clients().count() == 0);

    auto asking = rig.open_tls();
    asking->send(get);  // not looked at yet
    CHECK(rig.clients().close_idle(1) == 0);
    CHECK(rig.tls_replies(*asking, 1).size() == 1);

    auto silent = rig.open_tls();
    CHECK(rig.clients().close_idle(2) == 2);
    CHECK(rig.until([&] { return silent->is_over(); }));
    CHECK(silent->ended);
}

TEST_CASE("winding down lets a handshake end and its request be answered, with close")
{
    TlsRig rig;
    rig.hooks().content = say("hi");
    auto peer = rig.connect_tls();
    peer->handshake();
    rig.clients().wind_down(false);
    REQUIRE(rig.until([&] { return peer->handshake(); }));
    peer->send(get);
    const auto replies = rig.tls_replies(*peer, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].closes());
    CHECK(rig.until([&] { return peer->is_over(); }));
    CHECK(peer->ended);
}

TEST_CASE("winding down for good leaves a moment to who has not asked, in a handshake or after")
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        TlsRig rig;
        rig.hooks().content = say("hi");
        auto used = rig.open_tls(0, version);
        used->send(get);
        REQUIRE(rig.tls_replies(*used, 1).size() == 1);
        std::unique_ptr<TlsPeer> late[] = {rig.connect_tls(0, version), rig.connect_tls(0, version),
                                           rig.open_tls(0, version)};
        late[1]->handshake();  // begun
        rig.settle();
        rig.clients().wind_down(true);
        CHECK(rig.until([&] { return used->is_over(); }));
        for (auto& peer : late) {
            REQUIRE(rig.until([&] { return peer->handshake() || peer->is_done(); }));
            peer->send(get);
            const auto replies = rig.tls_replies(*peer, 1);
            REQUIRE(replies.size() == 1);
            CHECK(replies[0].body == "hi");
            CHECK(replies[0].closes());
        }
    }
}

TEST_CASE("winding down for good leaves no more than a moment, handshake and all")
{
    TlsRig rig;
    auto begun = rig.connect_tls(), made = rig.connect_tls(), open = rig.open_tls();
    Sockets pair;
    TestClient silent(pair.client.release());
    rig.adopt(pair.server.release(), rig.tls.get());
    begun->handshake();
    rig.settle();
    rig.clients().wind_down(true);
    REQUIRE(rig.until([&] { return made->handshake(); }));
    CHECK(rig.clients().count() == 4);
    rig.skip(1s);
    CHECK(rig.clients().count() == 0);
    CHECK(rig.until([&] { return made->is_over() && open->is_over() && silent.is_over(); }));
    CHECK(made->ended);
    CHECK(open->ended);
}

TEST_CASE("content that ends with the connection is not ended by an abort")
{
    struct Broken final : Body {
        Pull pull(Buffer& out, std::size_t) override
        {
            if (std::exchange(once, true)) return Pull::fail;
            out.append("half of it");
            return Pull::more;
        }
        bool once = false;
    };
    TlsRig rig;
    rig.hooks().content = [](Exchange& x) {
        x.response.body = x.arena.make<Broken>();
        return x.reply(Code::ok);
    };
    auto peer = rig.open_tls();
    peer->send("GET / HTTP/1.0\r\n\r\n");
    CHECK(rig.until([&] { return peer->is_over(); }));
    CHECK_FALSE(peer->ended);  // no close_notify: the client can tell
    CHECK(rig.clients().count() == 0);
}
