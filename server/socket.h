// socket.h - listening sockets: bound by the master, kept over a reload, shared by the workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "server/config.h"

namespace ostler {

/// What one ListenSpec became: one socket, or two where "*" needs one for IPv4 and one for IPv6.
/// Bound and listening from the moment it exists until it is destroyed; the path of a Unix socket
/// is removed then, unless somebody else put another one there.
class BoundSocket {
 public:
    enum class Origin : unsigned char { ours, handed_over };
    /// One that was handed over (socket activation) outlives us: it is closed, not more.
    BoundSocket(ListenSpec spec, std::vector<Fd> fds, Origin origin = Origin::ours);
    BoundSocket(const BoundSocket&) = delete;
    BoundSocket& operator=(const BoundSocket&) = delete;
    ~BoundSocket();

    const ListenSpec& spec() const { return spec_; }
    bool is_ours() const { return origin_ == Origin::ours; }
    const std::vector<Fd>& fds() const { return fds_; }
    /// Takes over what may differ without binding anew: TLS and backlog.
    void adapt(const ListenSpec&);
    /// "127.0.0.1:43567", "[::1]:80", "*:80", "unix:/path": with the port that was really given.
    std::string address() const;
    /// The port really bound; 0 for a Unix socket.
    int port() const;
    /// Ends listening for every process that shares it, where the system can do that.
    void shut_down();
    /// In a child: the descriptors go, the path stays.
    void close_in_child();

 private:
    ListenSpec spec_;
    std::vector<Fd> fds_;
    Origin origin_;
    unsigned long inode_ = 0;  // of the Unix socket's path
};

/// Binds and listens.  The error is one phrase with the cause and, if it is known, the remedy:
/// "*:80: address already in use by nginx (pid 812)".
Result<std::shared_ptr<BoundSocket>, std::string> bind_socket(const ListenSpec&);

/// True when `fd` is a listening socket of what `spec` asks for (socket activation).
bool listens_on(int fd, const ListenSpec& spec);
/// "127.0.0.1:8080" of any socket, for messages.
std::string socket_name(int fd);

/// True when both are the same place to listen at; TLS and backlog may differ.
inline bool same_place(const ListenSpec& a, const ListenSpec& b)
{
    return a.address == b.address && a.port == b.port;
}

}  // namespace ostler
