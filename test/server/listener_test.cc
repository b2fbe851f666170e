// listener_test.cc - accepting, also at the limits of connections and descriptors.
#include "server/listener.h"

#include <doctest/doctest.h>
#include <sys/un.h>

#include <memory>
#include <string>
#include <vector>

#include "test/support/connection.h"
#include "test/support/content.h"
#include "test/support/file_limit.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A listening socket on a free port of loopback, and a Listener on it.
class Door {
 public:
    explicit Door(Rig& rig, int family = AF_INET)
    {
        fd_ = Fd(::socket(family, SOCK_STREAM, 0));
        REQUIRE(fd_);
        make_nonblocking(fd_.get());
        if (family == AF_INET) {
            auto& in = reinterpret_cast<sockaddr_in&>(address_);
            in.sin_family = AF_INET;
            in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            size_ = sizeof in;
        } else if (family == AF_INET6) {
            auto& in6 = reinterpret_cast<sockaddr_in6&>(address_);
            in6.sin6_family = AF_INET6;
            const int off = 0;
            setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
            size_ = sizeof in6;
        } else {
            auto& un = reinterpret_cast<sockaddr_un&>(address_);
            un.sun_family = AF_UNIX;
            folder_.path("s").copy(un.sun_path, sizeof un.sun_path - 1);
            size_ = sizeof un;
        }
        REQUIRE(::bind(fd_.get(), name(), size_) == 0);
        REQUIRE(::listen(fd_.get(), 512) == 0);
        socklen_t size = sizeof address_;
        REQUIRE(::getsockname(fd_.get(), name(), &size) == 0);
        listener = std::make_unique<Listener>(rig.clients(), ListenSocket{fd_.get(), nullptr});
    }
    TestClient connect(int family = 0)
    {
        TestClient client(::socket(family ? family : address_.ss_family, SOCK_STREAM, 0));
        REQUIRE(client.fd() >= 0);
        if (family == AF_INET && address_.ss_family == AF_INET6) {
            sockaddr_in in{};
            in.sin_family = AF_INET;
            in.sin_port = reinterpret_cast<sockaddr_in6&>(address_).sin6_port;
            in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            ::connect(client.fd(), reinterpret_cast<sockaddr*>(&in), sizeof in);
        } else {
            if (address_.ss_family == AF_INET6)
                reinterpret_cast<sockaddr_in6&>(address_).sin6_addr = in6addr_loopback;
            ::connect(client.fd(), name(), size_);
        }
        return client;
    }
    std::uint16_t port() { return ntohs(reinterpret_cast<sockaddr_in&>(address_).sin_port); }

    std::unique_ptr<Listener> listener;

 private:
    sockaddr* name() { return reinterpret_cast<sockaddr*>(&address_); }
    Scratch folder_;
    Fd fd_;
    sockaddr_storage address_{};
    socklen_t size_ = 0;
};

}  // namespace

TEST_CASE("a client is accepted and answered, and its request knows both ends")
{
    struct Row { int listen, connect; std::string peer, local; bool loopback; };
    const Row rows[] = {
        {AF_INET, AF_INET, "127.0.0.1", "127.0.0.1", true},
        {AF_INET6, AF_INET6, "::1", "::", true},
        {AF_INET6, AF_INET, "127.0.0.1", "::", true},
        {AF_UNIX, AF_UNIX, "unix", "unix", true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.peer);
        Rig rig;
        Peer seen;
        std::string address, local;
        rig.hooks().content = [&](Exchange& x) {
            seen = x.request.peer;
            address = seen.address;
            local = seen.local_address;
            return say("hi")(x);
        };
        if (Fd probe(::socket(row.listen, SOCK_STREAM, 0)); !probe) continue;  // no IPv6 here
        Door door(rig, row.listen);
        TestClient peer = door.connect(row.connect);
        CHECK(rig.ask(peer, get).body == "hi");
        CHECK(address == row.peer);
        CHECK(local == row.local);
        CHECK(seen.loopback == row.loopback);
        CHECK_FALSE(seen.tls);
        if (row.listen != AF_UNIX) {
            CHECK(seen.port > 0);
            CHECK(seen.local_port == door.port());
        }
    }
}

TEST_CASE("a crowd is accepted a few a turn, and all of it in the end")
{
    Rig rig;
    rig.hooks().content = say("hi");
    Door door(rig);
    std::vector<TestClient> crowd;
    for (int i = 0; i < 100; ++i) {
        crowd.push_back(door.connect());
        crowd.back().send(get);
    }
    rig.loop.turn(false);
    CHECK(rig.clients().count() > 0);
    CHECK(rig.clients().count() <= 64);
    for (TestClient& c : crowd) CHECK(rig.replies(c, 1).size() == 1);
}

TEST_CASE("a stopped listener accepts nobody; who waits stays for another worker")
{
    Rig rig;
    rig.hooks().content = say("hi");
    Door door(rig);
    door.listener->stop();
    TestClient peer = door.connect();
    peer.send(get);
    rig.settle();
    CHECK(rig.clients().count() == 0);
    CHECK_FALSE(peer.is_over());
    CHECK(rig.quiet_turns(20) >= 18);
}

// --- the limit of connections -------------------------------------------------------------------

TEST_CASE("at the limit the connections that were idle the longest make room")
{
    Rig rig;
    rig.configuration.server.connections = 20;
    rig.hooks().content = say("hi");
    Door door(rig);
    std::vector<TestClient> idle;
    for (int i = 0; i < 20; ++i) {
        idle.push_back(door.connect());
        CHECK(rig.ask(idle.back(), get).body == "hi");
    }
    rig.settle();
    TestClient late = door.connect();
    CHECK(rig.ask(late, get).body == "hi");
    rig.settle();
    CHECK(idle[0].is_over());
    CHECK(idle[0].ended);
    CHECK_FALSE(idle[19].is_over());
    CHECK(rig.clients().count() <= 20);
    CHECK(rig.ask(idle[19], get).body == "hi");
}

TEST_CASE("at the limit with nobody idle a new client is told 503, and the loop does not spin")
{
    Rig rig;
    rig.configuration.server.connections = 3;
    int waiting = 0;
    rig.hooks().content = [&](Exchange&) {
        ++waiting;
        return Step::wait;
    };
    Door door(rig);
    std::vector<TestClient> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(door.connect());
        busy.back().send(get);
    }
    CHECK(rig.until([&] { return waiting == 3; }));
    TestClient first = door.connect(), second = door.connect();
    first.send(get);
    for (TestClient* late : {&first, &second}) {
        const auto replies = rig.replies(*late, 1);
        REQUIRE(replies.size() == 1);
        CHECK(replies[0].status == 503);
        CHECK(replies[0].get("Retry-After"));
        CHECK(replies[0].closes());
        CHECK(rig.until([&] { return late->is_over(); }));
    }
    std::vector<TestClient> queue;
    for (int i = 0; i < 20; ++i) queue.push_back(door.connect());
    CHECK(rig.quiet_turns(60) >= 50);
    CHECK(rig.clients().count() == 3);
}

// --- no descriptor left -------------------------------------------------------------------------

TEST_CASE("no descriptor left: idle connections make room and a new client is answered")
{
    FileLimit limit(120);
    Rig rig;
    rig.hooks().content = say("hi");
    Door door(rig);
    std::vector<TestClient> idle;
    for (int i = 0; i < 10; ++i) {
        idle.push_back(door.connect());
        CHECK(rig.ask(idle.back(), get).body == "hi");
    }
    rig.settle();
    TestClient late = door.connect();
    AllFiles all;
    late.send(get);
    const auto replies = rig.replies(late, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].body == "hi");
}

TEST_CASE("no descriptor left and nobody idle: 503, no spinning, and service again afterwards")
{
    FileLimit limit(120);
    Rig rig;
    int waiting = 0;
    rig.hooks().content = [&](Exchange& x) {
        if (x.request.path == "/free") return say("free")(x);
        ++waiting;
        return Step::wait;
    };
    Door door(rig);
    TestClient busy = door.connect();
    busy.send(get);
    CHECK(rig.until([&] { return waiting == 1; }));
    TestClient late = door.connect();
    std::vector<TestClient> queue;
    for (int i = 0; i < 5; ++i) queue.push_back(door.connect());
    AllFiles all;
    late.send(get);
    const auto replies = rig.replies(late, 1);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 503);
    CHECK(rig.quiet_turns(60) >= 50);
    all.release(20);
    queue.back().send("GET /free HTTP/1.1\r\nHost: a\r\n\r\n");
    // Those before it in the queue are accepted as well, and this one is answered.
    const auto after = rig.replies(queue.back(), 1);
    REQUIRE(after.size() == 1);
    CHECK((after[0].status == 200 || after[0].status == 503));
    TestClient next = door.connect();
    next.send("GET /free HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(rig.replies(next, 1).at(0).body == "free");
}

TEST_CASE("who is turned away may go on sending: we do not listen for ever")
{
    Rig rig;
    rig.configuration.server.connections = 1;
    rig.hooks().content = [](Exchange&) { return Step::wait; };
    Door door(rig);
    TestClient busy = door.connect();
    busy.send(get);
    rig.settle();
    TestClient loud = door.connect();
    const std::string flood(1 << 20, 'x');
    loud.send(flood);
    CHECK(rig.until([&] {
        loud.send(flood);
        return loud.is_over();
    }));
    CHECK(loud.got.starts_with("HTTP/1.1 503 "));
}
