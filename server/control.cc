// control.cc - both ends of the control socket.
//
// An answer is a line "status N" or "wait", then text to print; after "wait" the end of the
// connection is the end of the master.
#include "server/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "common/base/platform.h"
#include "common/base/text.h"
#include "server/daemon.h"
#include "server/net.h"

namespace ostler {

namespace {

constexpr std::size_t most_clients = 16;
constexpr std::size_t longest_command = 64;
constexpr auto patience = std::chrono::seconds(5);

bool unix_address(const std::string& path, sockaddr_un& address)
{
    address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    return true;
}

}  // namespace

std::string control_path(const std::string& pid_file) { return pid_file + ".ctl"; }

Control& Control::operator=(Control&& other) noexcept
{
    if (this != &other) {
        close();
        path_ = std::move(other.path_);
        other.path_.clear();
        listener_ = std::move(other.listener_);
        // Whoever waits for the answer to the command that replaced us is still served.
        for (Client& c : other.clients_) clients_.push_back(std::move(c));
        other.clients_.clear();
    }
    return *this;
}

bool Control::open(const std::string& path, std::string& error)
{
    sockaddr_un address{};
    if (!unix_address(path, address)) {
        error = cat("control socket ", path, ": path too long");
        return false;
    }
    listener_ = open_socket(AF_UNIX, SOCK_STREAM);
    unlink(path.c_str());
    const mode_t before = umask(0177);
    const bool ok =
        listener_ &&
        bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        listen(listener_.get(), 16) == 0;
    const int cause = errno;
    umask(before);
    if (!ok) {
        error = cat("control socket ", path, ": ", std::strerror(cause));
        listener_.reset();
        return false;
    }
    path_ = path;
    return true;
}

void Control::watch(std::vector<pollfd>& fds) const
{
    if (!listener_) return;
    if (clients_.size() < most_clients) fds.push_back({listener_.get(), POLLIN, 0});
    for (const Client& c : clients_) {
        if (!c.fd) continue;
        // One that asked and waits is watched for nothing but its leaving.
        const short events = !c.output.empty() ? POLLOUT : c.asked ? 0 : POLLIN;
        fds.push_back({c.fd.get(), events, 0});
    }
}

std::vector<Control::Request> Control::serve()
{
    std::vector<Request> requests;
    if (!listener_) return requests;
    accept_clients();
    for (Client& c : clients_) {
        if (!c.asked) read_from(c, requests);
        write_to(c);
        if (c.asked && c.fd) {
            pollfd gone{c.fd.get(), 0, 0};
            if (poll(&gone, 1, 0) > 0 && (gone.revents & (POLLHUP | POLLERR))) c.fd.reset();
        }
    }
    const auto now = Clock::now();
    std::erase_if(clients_, [now](const Client& c) {
        const bool dawdles = (!c.asked || !c.output.empty()) && now > c.deadline;
        return !c.fd || dawdles;
    });
    return requests;
}

void Control::accept_clients()
{
    while (clients_.size() < most_clients) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        Fd fd(net::accept_client(listener_.get(), peer, size));
        if (!fd) return;
        Client c;
        c.id = ++last_id_;
        c.fd = std::move(fd);
        c.deadline = Clock::now() + patience;
        clients_.push_back(std::move(c));
    }
}

void Control::read_from(Client& c, std::vector<Request>& requests)
{
    char bytes[longest_command];
    const ssize_t n = recv(c.fd.get(), bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0 || c.input.size() > longest_command) return c.fd.reset();
    c.input.append(bytes, static_cast<std::size_t>(n));
    const std::size_t end = c.input.find('\n');
    if (end == std::string::npos) return;
    c.asked = true;
    requests.push_back({c.id, c.input.substr(0, end)});
}

void Control::write_to(Client& c)
{
    if (!c.fd || c.output.empty()) return;
    const ssize_t n = send(c.fd.get(), c.output.data(), c.output.size(), no_sigpipe_flag());
    if (n > 0) c.output.erase(0, static_cast<std::size_t>(n));
    else if (n < 0 && errno != EAGAIN && errno != EINTR) c.fd.reset();
    // The end of the connection is the end of the answer: at once, somebody waits for it.
    if (c.answered && c.output.empty()) c.fd.reset();
}

Control::Client* Control::find(unsigned id)
{
    const auto it = std::find_if(clients_.begin(), clients_.end(),
                                 [id](const Client& c) { return c.id == id; });
    return it == clients_.end() ? nullptr : &*it;
}

void Control::answer(unsigned client, int status, std::string_view text)
{
    Client* c = find(client);
    if (!c) return;  // it went away
    c->output = cat("status ", status, '\n', text);
    c->answered = true;
    c->deadline = Clock::now() + patience;
    write_to(*c);
}

void Control::answer_and_hold(unsigned client, std::string_view text)
{
    Client* c = find(client);
    if (!c) return;
    c->output = cat("wait\n", text);
    c->deadline = Clock::now() + patience;
    write_to(*c);
}

int Control::client_fd(unsigned client) const
{
    for (const Client& c : clients_)
        if (c.id == client) return c.fd.get();
    return -1;
}

unsigned Control::adopt(Fd client)
{
    Client c;
    c.id = ++last_id_;
    c.fd = std::move(client);
    c.asked = true;
    clients_.push_back(std::move(c));
    return last_id_;
}

void Control::close()
{
    if (listener_ && !path_.empty()) unlink(path_.c_str());
    listener_.reset();
    path_.clear();
}

void Control::close_in_child()
{
    listener_.reset();
    clients_.clear();
}

// --- the client --------------------------------------------------------------------

namespace {

std::string read_all(int fd)
{
    std::string all;
    char bytes[4096];
    for (;;) {
        const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return all;
        all.append(bytes, static_cast<std::size_t>(n));
    }
}

int complain(std::string_view text)
{
    std::fprintf(stderr, "ostler: %.*s\n", static_cast<int>(text.size()), text.data());
    return 1;
}

/// Takes the first line off `answer`.
std::string_view first_line(std::string_view& answer)
{
    const std::size_t end = std::min(answer.find('\n'), answer.size());
    const std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    return line;
}

}  // namespace

int send_command(const std::string& pid_file, std::string_view command)
{
    if (pid_file.empty())
        return complain("server.pid_file is not set: the running master cannot be found");
    sockaddr_un address{};
    const std::string path = control_path(pid_file);
    if (!unix_address(path, address)) return complain(cat(path, ": path too long"));
    const Fd fd = open_socket(AF_UNIX, SOCK_STREAM);
    if (!fd || connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        const int cause = errno;
        if (cause == EACCES || cause == EPERM)
            return complain(cat("not allowed to talk to the master at ", path));
        if (PidFile::holder(pid_file) == 0)
            return complain(cat("not running (pid file ", pid_file, ')'));
        return complain(cat("the master does not answer at ", path, ": ", std::strerror(cause)));
    }
    set_nonblocking(fd.get(), false);
    const std::string line = cat(command, '\n');
    if (send(fd.get(), line.data(), line.size(), no_sigpipe_flag()) < 0)
        return complain("the master went away");
    const std::string all = read_all(fd.get());
    std::string_view rest = all;
    const std::string_view head = first_line(rest);
    int status = 1;
    if (head == "wait") status = 0;
    else if (head.starts_with("status "))
        std::from_chars(head.data() + 7, head.data() + head.size(), status);
    else return complain("the master ended without an answer");
    std::fwrite(rest.data(), 1, rest.size(), status == 0 ? stdout : stderr);
    return status;
}

}  // namespace ostler
