// service.h - the small protocols of systemd: readiness, watchdog, socket activation.
//
// Written here because they are small: a datagram of NAME=VALUE lines, and descriptors from 3 on.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/fd.h"

namespace ostler {

/// Who started us and expects us to stay in the foreground.
enum class Supervisor : unsigned char { none, systemd, launchd, container };
Supervisor find_supervisor();

class Service {
 public:
    /// Reads NOTIFY_SOCKET, WATCHDOG_*, LISTEN_* and takes them out of the environment, so that
    /// no child answers in our name.
    Service();

    /// A status that `systemctl status` shows comes along when it is not empty.
    void ready(std::string_view status);
    void reloading();
    void stopping();
    /// To be called at least this often; zero: nobody watches.
    std::chrono::milliseconds watchdog_interval() const { return watchdog_; }
    void alive();

    /// Puts what the constructor took back, for a program that takes our place; and out again.
    void keep_environment() const;
    void clear_environment() const;

    /// Listening sockets we were started with; the caller takes them.
    std::vector<Fd> take_sockets() { return std::move(sockets_); }

 private:
    void send(std::string_view lines);

    std::string path_;
    std::chrono::milliseconds watchdog_{0};
    std::string watchdog_usec_;
    std::vector<Fd> sockets_;
};

}  // namespace ostler
