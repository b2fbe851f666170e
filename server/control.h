// control.h - how `ostler -s` talks to the master: one line there, an answer back, over a Unix
// socket beside the pid file.
#pragma once

#include <poll.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/fd.h"

namespace ostler {

/// The master's side.  Never blocks; only whoever may write to the socket's path (its mode is
/// 0600) gets in.
class Control {
 public:
    struct Request {
        unsigned client = 0;   ///< for answer()
        std::string command;   ///< "reload", "status" …
    };

    Control() = default;
    Control(Control&&) = default;
    Control& operator=(Control&& other) noexcept;
    ~Control() { close(); }

    /// Listens at `path`, replacing what a dead master left there: the caller holds the pid file.
    bool open(const std::string& path, std::string& error);
    /// Adds what poll(2) should look at.
    void watch(std::vector<pollfd>&) const;
    /// Accepts, reads and writes whatever is possible; returns the commands that are complete.
    std::vector<Request> serve();
    /// The answer to a request: the client ends with `status`; `text` ends in a newline or is empty.
    void answer(unsigned client, int status, std::string_view text);
    /// The same, but the client waits on until the master is gone.
    void answer_and_hold(unsigned client, std::string_view text);
    /// The connection of a client that waits, and one that was taken over from another program:
    /// it has asked already and gets its answer like any other.
    int client_fd(unsigned client) const;
    unsigned adopt(Fd client);
    /// Removes the path.
    void close();
    void close_in_child();

 private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        unsigned id = 0;
        Fd fd;
        std::string input;
        std::string output;
        Clock::time_point deadline;
        bool asked = false;      // its command is complete
        bool answered = false;   // close once `output` is sent
    };
    void accept_clients();
    void read_from(Client&, std::vector<Request>&);
    static void write_to(Client&);
    Client* find(unsigned id);

    std::string path_;
    Fd listener_;
    std::vector<Client> clients_;
    unsigned last_id_ = 0;
};

/// Where the control socket of the master with this pid file is.
std::string control_path(const std::string& pid_file);

/// `ostler -s COMMAND`: asks the master that holds `pid_file`, prints its answer, returns the exit
/// status.
int send_command(const std::string& pid_file, std::string_view command);

}  // namespace ostler
