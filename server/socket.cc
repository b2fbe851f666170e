// socket.cc - binding, and saying why it did not work.
#include "server/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/platform.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view unix_prefix = "unix:";

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
};

using Bound = Result<std::shared_ptr<BoundSocket>, std::string>;

bool is_unix(const ListenSpec& spec) { return spec.address.starts_with(unix_prefix); }
std::string unix_path(const ListenSpec& spec) { return spec.address.substr(unix_prefix.size()); }

/// A numeric address, with the zone of a link-local one; AF_UNSPEC when it is none.
Address numeric(const char* host, int port)
{
    Address a{};
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host, nullptr, &hints, &found) != 0) return a;
    std::memcpy(&a, found->ai_addr, std::min<std::size_t>(found->ai_addrlen, sizeof a));
    freeaddrinfo(found);
    const std::uint16_t p = htons(static_cast<std::uint16_t>(port));
    if (a.any.sa_family == AF_INET) a.v4.sin_port = p;
    else a.v6.sin6_port = p;
    return a;
}

socklen_t length(const Address& a)
{
    if (a.any.sa_family == AF_INET) return sizeof a.v4;
    if (a.any.sa_family == AF_INET6) return sizeof a.v6;
    return sizeof a.local;
}

/// What the socket is bound to.
Address local_address(int fd)
{
    Address a{};
    socklen_t size = sizeof a;
    if (getsockname(fd, &a.any, &size) != 0) a.any.sa_family = AF_UNSPEC;
    return a;
}

int local_port(int fd)
{
    const Address a = local_address(fd);
    if (a.any.sa_family == AF_INET) return ntohs(a.v4.sin_port);
    if (a.any.sa_family == AF_INET6) return ntohs(a.v6.sin6_port);
    return 0;
}

bool set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/// `only_v6` is about IPv6 sockets: false makes one for both families.
Fd bind_address(const Address& a, bool only_v6, int backlog)
{
    Fd fd = open_socket(a.any.sa_family, SOCK_STREAM);
    if (!fd) return fd;
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    const bool v6 = a.any.sa_family == AF_INET6;
    if (v6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, only_v6 ? 1 : 0)) return {};
    if (bind(fd.get(), &a.any, length(a)) != 0 || listen(fd.get(), backlog) != 0) {
        const int saved = errno;
        fd.reset();
        errno = saved;
    }
    return fd;
}

std::string bind_error(const ListenSpec& spec, int error)
{
    const std::string name = spec.name();
    if (error == EADDRINUSE) {
        const std::string holder = spec.port > 0 ? port_holder(spec.port) : std::string();
        if (holder.ends_with(cat("(pid ", getpid(), ')')))
            return cat(name, ": address overlaps one this server listens on already; such a "
                             "change needs a restart");
        return cat(name, ": address already in use", holder.empty() ? "" : " by ", holder);
    }
    if (error == EACCES && spec.port < 1024 && geteuid() != 0)
        return cat(name, ": permission denied: ports below 1024 need root, the capability "
                         "CAP_NET_BIND_SERVICE or socket activation");
    if (error == EADDRNOTAVAIL)
        return cat(name, ": address not available: no interface of this machine has it");
    if (error == EAFNOSUPPORT) return cat(name, ": address family not supported by this system");
    return cat(name, ": ", std::strerror(error));
}

/// True for errors which say that the system has no (or no dual-stack) IPv6.
bool lacks_ipv6(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT ||
           error == EINVAL || error == EOPNOTSUPP || error == ENOPROTOOPT;
}

/// "*" without dual-stack sockets: IPv4, and IPv6 beside it if there is any.
Bound bind_both(const ListenSpec& spec)
{
    std::vector<Fd> fds;
    fds.push_back(bind_address(numeric("0.0.0.0", spec.port), false, spec.backlog));
    if (!fds[0]) return Unexpected{bind_error(spec, errno)};
    Fd v6 = bind_address(numeric("::", local_port(fds[0].get())), true, spec.backlog);
    if (v6) fds.push_back(std::move(v6));
    else if (!lacks_ipv6(errno)) return Unexpected{bind_error(spec, errno)};
    return std::make_shared<BoundSocket>(spec, std::move(fds));
}

Bound bind_any(const ListenSpec& spec)
{
    Fd fd = bind_address(numeric("::", spec.port), false, spec.backlog);
    if (!fd && lacks_ipv6(errno)) return bind_both(spec);
    if (!fd) return Unexpected{bind_error(spec, errno)};
    std::vector<Fd> fds;
    fds.push_back(std::move(fd));
    return std::make_shared<BoundSocket>(spec, std::move(fds));
}

/// Removes the path of a server that is gone; false when somebody answers there.
bool clear_path(const Address& a)
{
    struct stat info {};
    if (lstat(a.local.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return true;
    const Fd probe = open_socket(AF_UNIX, SOCK_STREAM);
    if (connect(probe.get(), &a.any, length(a)) == 0 || errno == EAGAIN) return false;
    if (errno == ECONNREFUSED) unlink(a.local.sun_path);
    return true;
}

Bound bind_unix(const ListenSpec& spec)
{
    const std::string path = unix_path(spec);
    Address a{};
    a.local.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof a.local.sun_path)
        return Unexpected{cat(spec.name(), ": path of a socket must have 1 to ",
                              sizeof a.local.sun_path - 1, " bytes")};
    std::memcpy(a.local.sun_path, path.data(), path.size());
    if (!clear_path(a)) return Unexpected{cat(spec.name(), ": another process listens there")};
    Fd fd = bind_address(a, false, spec.backlog);
    if (!fd) return Unexpected{bind_error(spec, errno)};
    // Whoever may reach the folder may connect, as with a port; the folder is the lock.
    chmod(path.c_str(), 0666);
    std::vector<Fd> fds;
    fds.push_back(std::move(fd));
    return std::make_shared<BoundSocket>(spec, std::move(fds));
}

std::string text(const Address& a)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (a.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host);
        return cat(static_cast<const char*>(host), ':', ntohs(a.v4.sin_port));
    }
    if (a.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host);
        return cat('[', static_cast<const char*>(host), "]:", ntohs(a.v6.sin6_port));
    }
    if (a.any.sa_family == AF_UNIX)
        return cat(unix_prefix, static_cast<const char*>(a.local.sun_path));
    return "unknown";
}

}  // namespace

BoundSocket::BoundSocket(ListenSpec spec, std::vector<Fd> fds, Origin origin)
    : spec_(std::move(spec)), fds_(std::move(fds)), origin_(origin)
{
    struct stat info {};
    if (is_unix(spec_) && stat(unix_path(spec_).c_str(), &info) == 0)
        inode_ = static_cast<unsigned long>(info.st_ino);
}

BoundSocket::~BoundSocket()
{
    if (!is_unix(spec_) || fds_.empty() || origin_ == Origin::handed_over) return;
    struct stat info {};
    const std::string path = unix_path(spec_);
    if (lstat(path.c_str(), &info) == 0 && static_cast<unsigned long>(info.st_ino) == inode_)
        unlink(path.c_str());
}

void BoundSocket::adapt(const ListenSpec& spec)
{
    if (spec.backlog != spec_.backlog)
        for (const Fd& fd : fds_) listen(fd.get(), spec.backlog);
    spec_.backlog = spec.backlog;
    spec_.tls = spec.tls;
}

int BoundSocket::port() const
{
    return fds_.empty() || is_unix(spec_) ? 0 : local_port(fds_[0].get());
}

std::string BoundSocket::address() const
{
    if (is_unix(spec_) || fds_.empty()) return spec_.name();
    return spec_.address == "*" ? cat("*:", port()) : socket_name(fds_[0].get());
}

void BoundSocket::shut_down()
{
    if (origin_ == Origin::handed_over) return;
    for (const Fd& fd : fds_) shutdown(fd.get(), SHUT_RDWR);
}

void BoundSocket::close_in_child()
{
    fds_.clear();
}

Bound bind_socket(const ListenSpec& spec)
{
    if (is_unix(spec)) return bind_unix(spec);
    if (spec.address == "*") return bind_any(spec);
    const Address a = numeric(spec.address.c_str(), spec.port);
    if (a.any.sa_family == AF_UNSPEC)
        return Unexpected{cat(spec.name(), ": not a numeric address")};
    Fd fd = bind_address(a, true, spec.backlog);
    if (!fd) return Unexpected{bind_error(spec, errno)};
    std::vector<Fd> fds;
    fds.push_back(std::move(fd));
    return std::make_shared<BoundSocket>(spec, std::move(fds));
}

bool listens_on(int fd, const ListenSpec& spec)
{
    const Address a = local_address(fd);
    if (is_unix(spec))
        return a.any.sa_family == AF_UNIX && unix_path(spec) == a.local.sun_path;
    if (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6) return false;
    if (spec.port != local_port(fd)) return false;
    if (spec.address == "*") {
        const std::string any = text(a);
        return any.starts_with("[::]:") || any.starts_with("0.0.0.0:");
    }
    return text(a) == text(numeric(spec.address.c_str(), spec.port));
}

std::string socket_name(int fd)
{
    return text(local_address(fd));
}

}  // namespace ostler
