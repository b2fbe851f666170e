// spawner.cc - commands out, reports in; never waits.
#include "common/base/spawner.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "common/base/check.h"
#include "common/base/fd_passing.h"
#include "common/base/platform.h"
#include "common/base/spawner_process.h"

namespace ostler {

namespace {

template <bool Background> struct SpawnerOf final : Spawner {
    explicit SpawnerOf(Loop& loop) : Spawner(loop, Background) {}
};

constexpr const char* steps[] = {"exec", "chdir",     "vfork",   "fork", "pipe",
                                 "dup2", "setrlimit", "setpgid", "start"};

/// The constant that says the same as `text`.
const char* step_of(const char* text)
{
    for (const char* step : steps)
        if (std::strcmp(step, text) == 0) return step;
    return "start";
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::uint32_t append_texts(std::string& to, char* const* list)
{
    std::uint32_t count = 0;
    for (; list[count]; ++count) to.append(list[count], std::strlen(list[count]) + 1);
    return count;
}

std::uint32_t find_mark(char* const* variables, std::string_view name)
{
    for (std::uint32_t i = 0; !name.empty() && variables[i]; ++i) {
        const std::string_view variable(variables[i]);
        if (variable.starts_with(name) && variable.substr(name.size()).starts_with('=')) return i;
    }
    return spawner::Command::no_mark;
}

}  // namespace

Spawner& Spawner::of(Loop& loop, bool background)
{
    if (background) return loop.resident<SpawnerOf<true>>();
    return loop.resident<SpawnerOf<false>>();
}

Spawner::Spawner(Loop& loop, bool background) : loop_(loop), background_(background)
{
    StartError ignored;  // start() tries again, and tells
    fork_process(ignored);
}

Spawner::~Spawner()
{
    input_.reset();
    output_.reset();
    socket_.reset();
    if (process_ > 0) ::waitpid(process_, nullptr, WNOHANG);
    for (const auto& [number, child] : children_) child->ended_ = true;  // nobody to tell any more
}

bool Spawner::fork_process(StartError& error)
{
    Fd ours, theirs;
    if (!open_socket_pair(SOCK_STREAM, ours, theirs)) {
        error = {errno, "start"};
        return false;
    }
    const pid_t id = ::fork();
    if (id == 0) run_spawner(theirs.release(), background_);
    if (id < 0) {
        error = {errno, "fork"};
        return false;
    }
    process_ = id;
    socket_ = std::move(ours);
    input_.emplace(loop_, socket_.get(), Watch::For::readable, static_cast<Waker&>(*this));
    output_.emplace(loop_, socket_.get(), Watch::For::writable, output_note_);
    input_->arm();
    return true;
}

/// Somebody killed it.  Its programs had their signal from the kernel, or will be orphans.
void Spawner::lose_process()
{
    input_.reset();
    output_.reset();
    socket_.reset();
    queue_.clear();
    received_ = 0;
    ::waitpid(process_, nullptr, WNOHANG);
    process_ = 0;
    ProgramEnd end;
    end.signal = SIGKILL;
    for (const auto& [number, child] : std::exchange(children_, {})) child->note(end);
}

std::unique_ptr<Child> Spawner::start(const ProgramStart& what, Waker& owner, StartError& error)
{
    if (!socket_ && !fork_process(error)) return nullptr;
    while (++last_number_ == 0 || children_.contains(last_number_)) {
    }
    spawner::Command command;
    command.order = spawner::Order::start;
    command.run = last_number_;
    command.file_mask = what.file_mask;
    command.by_fork = what.by_fork;
    command.grace_ms = what.grace.count();
    command.limits = what.limits;
    command.mark = find_mark(what.environment, what.mark);
    texts_.assign(what.program, std::strlen(what.program) + 1);
    command.arguments = append_texts(texts_, what.arguments);
    command.variables = append_texts(texts_, what.environment);
    command.texts_size = static_cast<std::uint32_t>(texts_.size());
    if (texts_.size() > spawner::most_texts) {
        error = {E2BIG, "exec"};
        return nullptr;
    }
    const int fds[] = {what.input, what.output, what.error, what.directory};
    const std::size_t count = what.directory >= 0 ? 4 : 3;
    if (!post(command, texts_, {fds, count})) {
        error = {errno, "start"};
        return nullptr;
    }
    std::unique_ptr<Child> child(new Child(*this, last_number_, owner));
    children_.emplace(last_number_, child.get());
    return child;
}

void Spawner::stop(std::uint32_t number, Milliseconds grace)
{
    if (!socket_) return;
    spawner::Command command;
    command.order = spawner::Order::stop;
    command.run = number;
    command.grace_ms = grace.count();
    post(command, {}, {});
}

/// False, with errno, when descriptors could not be kept for later or nobody is there.
bool Spawner::post(const spawner::Command& command, std::string_view texts,
                   std::span<const int> fds)
{
    iovec parts[2] = {{const_cast<spawner::Command*>(&command), sizeof command},
                      {const_cast<char*>(texts.data()), texts.size()}};
    ssize_t sent = -1;
    errno = EAGAIN;
    if (queue_.empty()) sent = send_with_fds(socket_.get(), {parts, texts.empty() ? 1u : 2u}, fds);
    if (sent < 0 && !would_block(errno)) return false;
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done == sizeof command + texts.size()) return true;
    Letter letter;
    letter.bytes.assign(reinterpret_cast<const char*>(&command), sizeof command);
    letter.bytes += texts;
    letter.bytes.erase(0, done);
    for (std::size_t i = 0; done == 0 && i < fds.size(); ++i) {
        letter.fds.emplace_back(::fcntl(fds[i], F_DUPFD_CLOEXEC, 3));
        if (!letter.fds.back()) return false;
    }
    queue_.push_back(std::move(letter));
    output_->arm();
    return true;
}

void Spawner::send_queued()
{
    while (!queue_.empty()) {
        Letter& letter = queue_.front();
        int fds[most_passed_fds];
        for (std::size_t i = 0; i < letter.fds.size(); ++i) fds[i] = letter.fds[i].get();
        iovec part{letter.bytes.data(), letter.bytes.size()};
        const ssize_t sent = send_with_fds(socket_.get(), {&part, 1}, {fds, letter.fds.size()});
        if (sent < 0) {
            if (would_block(errno)) output_->arm();
            return;  // anything else: the other watch learns that nobody is there
        }
        letter.fds.clear();
        letter.bytes.erase(0, static_cast<std::size_t>(sent));
        if (letter.bytes.empty()) queue_.pop_front();
    }
}

void Spawner::wake()
{
    for (;;) {
        char* to = reinterpret_cast<char*>(&report_) + received_;
        const ssize_t got = ::recv(socket_.get(), to, sizeof report_ - received_, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && would_block(errno)) return input_->arm();
        if (got <= 0) return lose_process();
        received_ += static_cast<std::size_t>(got);
        if (received_ < sizeof report_) continue;
        received_ = 0;
        take(report_);
    }
}

void Spawner::take(const spawner::Report& report)
{
    const auto at = children_.find(report.run);
    if (at == children_.end()) return;  // its owner is gone
    Child* child = at->second;
    children_.erase(at);
    report_.step[sizeof report_.step - 1] = '\0';
    ProgramEnd end;
    if (report.error) end.failure = {report.error, step_of(report.step)};
    end.status = report.status;
    end.signal = report.signal;
    end.dumped_core = report.dumped_core != 0;
    end.left_behind = report.left_behind != 0;
    end.memory_at_most = report.memory_at_most != 0;
    end.cpu_us = report.cpu_us;
    end.memory_bytes = report.memory_bytes;
    child->note(end);
}

}  // namespace ostler
