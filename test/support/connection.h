// connection.h - HTTP/1 connections without a server: a loop, a site, and the client's end.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/fd.h"
#include "server/clients.h"
#include "server/config.h"
#include "server/h1.h"
#include "test/support/reply.h"
#include "test/support/site.h"

namespace ostler::test {

// --- a module whose hooks are the test's -----------------------------------------------------

struct Hooks {
    std::function<Step(Exchange&)> content;
    std::function<Step(Exchange&)> response;
    std::function<void(const Exchange&)> log;
};
inline void configure_hooks(Hooks&, Section&) {}
inline Step call_content(Exchange& x, const Hooks& h)
{
    return h.content ? h.content(x) : Step::next;
}
inline Step call_response(Exchange& x, const Hooks& h)
{
    return h.response ? h.response(x) : Step::next;
}
inline void call_log(const Exchange& x, const Hooks& h)
{
    if (h.log) h.log(x);
}
inline constexpr Module hooks_module{.name = "hooks",
                                     .about = "what the test says",
                                     .config = conf<configure_hooks>,
                                     .content = on<call_content>,
                                     .response = on<call_response>,
                                     .log = on<call_log>};

/// A configuration in force with one location.
class TestConfiguration final : public Configuration {
 public:
    const Router& router() const override { return site; }
    bool open(const RunAs&) override { return true; }
    void start(Loop& loop) override { site.start(loop); }
    std::string print() const override { return {}; }
    Site site{{&hooks_module}};
};

// --- the client's end ------------------------------------------------------------------------

inline void make_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// Never blocks; what the other side does happens while the test turns the loop.
class TestClient {
 public:
    explicit TestClient(int fd) : fd_(fd) { make_nonblocking(fd); }

    int fd() const { return fd_.get(); }
    /// Gives the kernel what it takes of `bytes`; returns how much that was.
    std::size_t send(std::string_view bytes)
    {
        const ssize_t n = ::send(fd(), bytes.data(), bytes.size(), 0);  // SIGPIPE is ignored
        if (n < 0 && errno != EAGAIN) send_failed = true;
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    /// Takes up to `max` bytes that came; returns everything that came so far.
    const std::string& read(std::size_t max = static_cast<std::size_t>(-1))
    {
        char bytes[65536];
        while (max > 0 && !ended && !was_reset) {
            const ssize_t n = ::recv(fd(), bytes, std::min(max, sizeof bytes), 0);
            if (n > 0) {
                got.append(bytes, static_cast<std::size_t>(n));
                max -= static_cast<std::size_t>(n);
                continue;
            }
            if (n == 0)
                ended = true;
            else if (errno != EAGAIN && errno != EINTR)
                was_reset = true;
            break;
        }
        return got;
    }
    /// True when the server is done with the connection, one way or the other.
    bool is_over()
    {
        read();
        return ended || was_reset;
    }
    void half_close() const { ::shutdown(fd(), SHUT_WR); }
    void close() { fd_.reset(); }
    /// Leaves with an RST instead of a FIN.
    void reset()
    {
        const linger now{1, 0};
        setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }

    std::string got;         ///< everything read so far
    bool ended = false;      ///< a FIN came
    bool was_reset = false;  ///< an RST came
    bool send_failed = false;

 private:
    Fd fd_;
};

// --- the rig ---------------------------------------------------------------------------------

/// A connected TCP pair over loopback; `receive_buffer` of the client, 0: the system's.
struct Sockets {
    explicit Sockets(int receive_buffer = 0)
    {
        Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* name = reinterpret_cast<sockaddr*>(&address);
        client = Fd(::socket(AF_INET, SOCK_STREAM, 0));
        if (receive_buffer > 0)
            setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        if (::bind(listener.get(), name, size) != 0 || ::listen(listener.get(), 1) != 0 ||
            ::getsockname(listener.get(), name, &size) != 0 ||
            ::connect(client.get(), name, size) != 0)
            std::abort();
        server = Fd(::accept(listener.get(), nullptr, nullptr));
        if (!server) std::abort();
        make_nonblocking(server.get());
    }
    Fd client, server;
};

/// The backend the whole run is to use; empty: the best.
inline std::string_view event_backend()
{
    const char* name = std::getenv("OSTLER_EVENT_BACKEND");
    return name ? name : "";
}

/// One worker's connections, driven by the test.  Settings and hooks are to be changed before
/// the first connection.
class Rig {
 public:
    /// Ignores SIGPIPE, as a worker does.
    Rig() : loop(event_backend()), tick_(loop, nobody_) { std::signal(SIGPIPE, SIG_IGN); }

    Loop loop;
    TestConfiguration configuration;

    Hooks& hooks() { return configuration.site.conf<Hooks>(); }
    /// Changes a setting in every scope.
    void http(const std::function<void(HttpConf&)>& change)
    {
        change(configuration.http);
        change(configuration.site.http);
    }
    /// Made on first use.
    Clients& clients()
    {
        if (!clients_) clients_ = std::make_unique<Clients>(loop, configuration);
        return *clients_;
    }

    TestClient connect(int receive_buffer = 0)
    {
        Sockets pair(receive_buffer);
        adopt(pair.server.release());
        return TestClient(pair.client.release());
    }
    /// Makes `fd` the server's end of a connection, with TLS when `tls` is there.
    void adopt(int fd, const Tls* tls = nullptr)
    {
        Arrival arrival;
        arrival.fd = fd;
        std::string_view("127.0.0.1").copy(arrival.address, sizeof arrival.address);
        arrival.address_size = 9;
        arrival.local_address = "127.0.0.1";
        arrival.loopback = true;
        arrival.tls = tls;
        auto* h1 = new H1(clients(), arrival);
        clients().add(*h1);
        h1->begin();
    }

    /// Turns the loop until `done` says so; false after a time that no test should need.
    bool until(const std::function<bool()>& done)
    {
        using Clock = std::chrono::steady_clock;
        const auto end = Clock::now() + std::chrono::seconds(60);
        while (!done()) {
            if (Clock::now() > end) return false;
            tick_.set(Milliseconds(2));
            loop.turn();
        }
        return true;
    }
    /// Gives everything that is on its way the time to happen: some turns without news.
    void settle()
    {
        for (int i = 0; i < 8; ++i) {
            tick_.set(Milliseconds(1));
            loop.turn();
        }
    }
    /// How many of `turns` turns of the loop ended because nothing happened: a loop that spins has
    /// none.
    int quiet_turns(int turns)
    {
        struct Tick final : Waker {
            void wake() override { ++count; }
            int count = 0;
        } tick;
        Timer timer(loop, tick);
        for (int i = 0; i < turns; ++i) {
            timer.set(Milliseconds(1));
            loop.turn();
        }
        return tick.count;
    }
    /// Settles, then lets the clock jump, and settles again.
    void skip(Milliseconds time)
    {
        settle();
        loop.skip(time);
        settle();
    }
    /// Sends all of `bytes`, turning the loop when the socket is full; what comes meanwhile is
    /// read.  False when the server does not take them.
    bool send(TestClient& peer, std::string_view bytes)
    {
        return until([&] {
                   bytes.remove_prefix(peer.send(bytes));
                   peer.read();
                   return bytes.empty() || peer.send_failed;
               }) &&
               bytes.empty();
    }
    /// Reads until `count` whole responses came or the connection is over.  Fails the test when
    /// what came is not HTTP.
    std::vector<Reply> replies(TestClient& peer, std::size_t count,
                               const std::vector<std::string>& methods = {})
    {
        std::vector<Reply> all;
        ReplyReader reader;
        CHECK(until([&] {
            const bool over = peer.is_over();
            all = reader.read(peer.got, methods, peer.ended);
            return over || (all.size() >= count && all.back().complete) || !reader.error().empty();
        }));
        CHECK_MESSAGE(reader.error().empty(), reader.error());
        CHECK(all.size() <= count);
        interim = reader.interim();
        return all;
    }
    /// Sends `request` and returns the one response to it on this connection so far.
    Reply ask(TestClient& peer, std::string_view request, const std::string& method = "GET")
    {
        peer.got.clear();
        CHECK(send(peer, request));
        auto all = replies(peer, 1, {method});
        return all.empty() ? Reply{} : all.front();
    }
    int interim = 0;  ///< 100 responses among the last replies()

 private:
    struct Nobody final : Waker {
        void wake() override {}
    };
    Nobody nobody_;
    Timer tick_;
    std::unique_ptr<Clients> clients_;
};

}  // namespace ostler::test
