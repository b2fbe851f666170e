// handover.cc - a few lines of words, written by one version and read by another.
#include "server/handover.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view first_line = "ostler-handover 1";
constexpr int first_fd = 3;
constexpr int last_fd = 1 << 20;

/// Takes what stands before `end` off the front of `text`.
std::string_view take(std::string_view& text, char end)
{
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view word = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return word;
}

template <class Number>
bool read_number(std::string_view word, Number& number, Number least, Number most)
{
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc() && end == word.data() + word.size() && number >= least &&
           number <= most;
}

bool read_fd(std::string_view word, int& fd) { return read_number(word, fd, first_fd, last_fd); }
bool read_pid(std::string_view word, pid_t& pid)
{
    return read_number<pid_t>(word, pid, 1, std::numeric_limits<pid_t>::max());
}
bool read_count(std::string_view word, unsigned& count)
{
    return read_number<unsigned>(word, count, 0, std::numeric_limits<unsigned>::max() / 2);
}

bool read_worker(std::string_view rest, Handover& out)
{
    Handover::Worker w;
    if (!read_pid(take(rest, ' '), w.pid) || !read_count(take(rest, ' '), w.index) ||
        !read_count(take(rest, ' '), w.generation) || !read_fd(rest, w.channel))
        return false;
    out.workers.push_back(w);
    return true;
}

bool read_socket(std::string_view rest, Handover& out)
{
    Handover::Socket s;
    const std::string_view origin = take(rest, ' ');
    s.ours = origin == "ours";
    if (!s.ours && origin != "given") return false;
    if (!read_number(take(rest, ' '), s.port, 0, 65535)) return false;
    std::string_view fds = take(rest, ' ');
    do {
        int fd = -1;
        if (!read_fd(take(fds, ','), fd)) return false;
        s.fds.push_back(fd);
    } while (!fds.empty());
    s.address = rest;
    if (s.address.empty()) return false;
    out.sockets.push_back(std::move(s));
    return true;
}

bool read_tickets(std::string_view rest, Handover& out)
{
    Handover::Tickets& t = out.tickets;
    return t.pipe < 0 && read_fd(take(rest, ' '), t.pipe) && read_count(rest, t.rotate_in_seconds);
}

bool read_line(std::string_view line, Handover& out)
{
    const std::string_view word = take(line, ' ');
    if (word == "pid") return read_pid(line, out.pid);
    if (word == "generation") return read_count(line, out.generation);
    if (word == "worker") return read_worker(line, out);
    if (word == "socket") return read_socket(line, out);
    if (word == "tickets") return read_tickets(line, out);
    int fd = -1;
    if (word != "client" || !read_fd(line, fd)) return false;
    out.clients.push_back(fd);
    return true;
}

}  // namespace

std::vector<int> Handover::fds() const
{
    std::vector<int> all = clients;
    for (const Worker& w : workers) all.push_back(w.channel);
    for (const Socket& s : sockets) all.insert(all.end(), s.fds.begin(), s.fds.end());
    if (tickets.pipe >= 0) all.push_back(tickets.pipe);
    return all;
}

std::string format_handover(const Handover& handover)
{
    std::string out =
        cat(first_line, "\npid ", handover.pid, "\ngeneration ", handover.generation, '\n');
    for (const int fd : handover.clients) append(out, "client ", fd, '\n');
    for (const Handover::Worker& w : handover.workers)
        append(out, "worker ", w.pid, ' ', w.index, ' ', w.generation, ' ', w.channel, '\n');
    for (const Handover::Socket& s : handover.sockets) {
        append(out, "socket ", s.ours ? "ours " : "given ", s.port, ' ');
        for (std::size_t i = 0; i < s.fds.size(); ++i) append(out, i ? "," : "", s.fds[i]);
        append(out, ' ', s.address, '\n');
    }
    if (const Handover::Tickets& t = handover.tickets; t.pipe >= 0)
        append(out, "tickets ", t.pipe, ' ', t.rotate_in_seconds, '\n');
    return out;
}

Result<Handover, std::string> parse_handover(std::string_view text)
{
    if (take(text, '\n') != first_line)
        return Unexpected{std::string("handover: of a version that is not known here")};
    Handover out;
    while (!text.empty()) {
        const std::string_view line = take(text, '\n');
        if (!read_line(line, out)) return Unexpected{cat("handover: not understood: ", line)};
    }
    std::vector<int> fds = out.fds();
    std::sort(fds.begin(), fds.end());
    if (std::adjacent_find(fds.begin(), fds.end()) != fds.end())
        return Unexpected{std::string("handover: a descriptor is named twice")};
    if (out.pid == 0) return Unexpected{std::string("handover: no pid")};
    return out;
}

}  // namespace ostler
