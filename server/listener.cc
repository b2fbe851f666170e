// listener.cc - accepting, also when descriptors run out.
#include "server/listener.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/log.h"
#include "server/h1.h"
#include "server/net.h"

namespace ostler {

namespace {

constexpr int accepts_a_turn = 16;
constexpr std::size_t idle_closed_at_once = 16;
constexpr Milliseconds rest_time{100};

constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

int open_reserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

struct Endpoint {
    char text[64] = "unix";
    std::size_t size = 4;
    std::uint16_t port = 0;
    bool loopback = true;
};

Endpoint read_endpoint(const sockaddr_storage& storage)
{
    Endpoint e;
    const void* bytes = nullptr;
    int family = storage.ss_family;
    if (family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
        bytes = &in.sin_addr;
        e.port = ntohs(in.sin_port);
        e.loopback = (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    } else if (family == AF_INET6) {
        const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
        e.port = ntohs(in6.sin6_port);
        bytes = &in6.sin6_addr;
        e.loopback = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
            // A client of the IPv4 world that came in through a dual-stack socket.
            family = AF_INET;
            bytes = in6.sin6_addr.s6_addr + 12;
            e.loopback = in6.sin6_addr.s6_addr[12] == 127;
        }
    } else {
        return e;
    }
    if (!inet_ntop(family, bytes, e.text, sizeof e.text)) std::strcpy(e.text, "?");
    e.size = std::strlen(e.text);
    return e;
}

}  // namespace

Listener::Listener(Clients& clients, const ListenSocket& socket)
    : clients_(clients), fd_(socket.fd),
      tls_(socket.spec && socket.spec->tls ? clients.configuration.tls.get() : nullptr),
      rest_(clients.loop, *this), reserve_(open_reserve())
{
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &size) == 0) {
        const Endpoint e = read_endpoint(local);
        local_address_.assign(e.text, e.size);
        local_port_ = e.port;
    }
    ready_ = event_new(clients.loop.base(), fd_, EV_READ | EV_PERSIST, on_ready, this);
    if (!ready_) std::abort();
    event_add(ready_, nullptr);
}

Listener::~Listener() { event_free(ready_); }

void Listener::stop()
{
    event_del(ready_);
    rest_.cancel();
}

void Listener::on_ready(int, short, void* self) { static_cast<Listener*>(self)->accept_some(); }

void Listener::wake() { event_add(ready_, nullptr); }

void Listener::accept_some()
{
    for (int i = 0; i < accepts_a_turn; ++i) {
        if (!clients_.has_room() && clients_.close_idle(idle_closed_at_once) == 0) {
            turn_away();
            return;
        }
        if (!accept_one()) return;
    }
}

/// False when there is nothing more to accept now.
bool Listener::accept_one()
{
    sockaddr_storage peer{};
    socklen_t size = 0;
    const int fd = net::accept_client(fd_, peer, size);
    if (fd < 0) {
        const int error = errno;
        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
            out_of_descriptors();
        return error == ECONNABORTED || error == EINTR;
    }
    const Endpoint e = read_endpoint(peer);
    if (peer.ss_family != AF_UNIX) {
        const int on = 1;  // what is written is meant to go at once
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Arrival arrival;
    arrival.fd = fd;
    std::memcpy(arrival.address, e.text, e.size);
    arrival.address_size = e.size;
    arrival.port = e.port;
    arrival.local_address = local_address_;
    arrival.local_port = local_port_;
    arrival.loopback = e.loopback;
    arrival.tls = tls_;
    auto* client = new H1(clients_, arrival);
    clients_.add(*client);
    client->begin();
    return true;
}

// Room is made by closing who has been idle the longest.  When nobody is idle the waiting client
// gets its 503 through the reserve descriptor, and accepting rests: the loop must not spin.
void Listener::out_of_descriptors()
{
    if (clients_.close_idle(idle_closed_at_once) > 0) return;
    turn_away();
}

void Listener::turn_away()
{
    reserve_.reset();
    sockaddr_storage peer{};
    socklen_t size = 0;
    const int fd = net::accept_client(fd_, peer, size);
    if (fd >= 0) {
        [[maybe_unused]] const ssize_t n = ::send(fd, busy_answer.data(), busy_answer.size(), 0);
        char unread[4096];  // else the close would be a reset that eats the answer
        for (int i = 0; i < 16 && recv(fd, unread, sizeof unread, 0) > 0; ++i) {
        }
        ::shutdown(fd, SHUT_WR);
        ::close(fd);
        log_warn("server: no descriptor or connection left: a client got 503; "
                 "raise server.connections or the limit of open files");
    }
    reserve_ = Fd(open_reserve());
    event_del(ready_);
    rest_.set(rest_time);
}

}  // namespace ostler
