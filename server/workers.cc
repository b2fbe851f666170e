// workers.cc - fork, channel, limits.
#include "server/workers.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "common/base/board.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "common/base/process.h"
#include "common/base/text.h"
#include "server/signals.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // as g++ says it
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

namespace ostler {

namespace {

/// In a sanitized build: what _exit() would skip.
void check_leaks()
{
#ifdef __SANITIZE_ADDRESS__
    __lsan_do_leak_check();
#endif
}

/// Between asking and killing.
constexpr auto grace = std::chrono::seconds(2);
/// Between SIGABRT, which leaves a core where cores are wanted, and SIGKILL.
constexpr auto abort_grace = std::chrono::seconds(1);

/// Between the end of the channel and the end of the process.
constexpr auto end_grace = std::chrono::seconds(1);
/// Workers speak once a second: less than this would take a busy one for a hung one.
constexpr auto shortest_silence = std::chrono::milliseconds(3000);

std::string number_of(std::chrono::milliseconds limit)
{
    return limit.count() % 1000 == 0 ? cat(limit.count() / 1000, " s") : cat(limit.count(), " ms");
}

}  // namespace

std::string WorkerProcess::name() const { return cat("worker ", index, " (pid ", pid, ')'); }

bool Workers::start(const Generation& generation, unsigned index)
{
    WorkerProcess worker;
    Fd other_end;
    if (!make_channel(worker.channel, other_end)) {
        log_error("server: no channel for a worker: ", std::strerror(errno));
        return false;
    }
    worker.slot = Board::take_slot(index, generation.number);
    // What is still buffered would be written by the child, too.
    LogSink::flush_all();
    std::fflush(nullptr);
    const int pid = fork_child(ForkSignals::left_to_master);
    if (pid < 0) {
        log_error("server: cannot fork a worker: ", std::strerror(errno));
        Board::release_slot(worker.slot);
        return false;
    }
    if (pid == 0) {
        worker.channel.reset();
        run_child(generation, index, worker.slot, std::move(other_end));
    }
    Board::set_pid(worker.slot, pid);
    worker.pid = pid;
    worker.index = index;
    worker.generation = generation.number;
    worker.started = worker.heard = SteadyClock::now();
    worker.sinks = LogSink::count();
    list_.push_back(std::move(worker));
    return true;
}

void Workers::adopt(pid_t pid, unsigned index, unsigned generation, Fd channel, SteadyTime now)
{
    WorkerProcess worker;
    worker.pid = pid;
    worker.index = index;
    worker.generation = generation;
    worker.state = WorkerProcess::State::ready;
    worker.channel = std::move(channel);
    worker.started = worker.heard = now;
    list_.push_back(std::move(worker));
}

void Workers::run_child(const Generation& generation, unsigned index, std::size_t slot, Fd channel)
{
    in_child_(&generation);
    Board::enter(slot, Loop::wall_clock_microseconds());
    std::string error;
    int status = 1;
    if (drop_privileges(generation.identity, error)) {
        WorkerStart start;
        start.configuration = generation.configuration.get();
        start.sockets = generation.sockets;
        start.channel = channel.get();
        start.index = index;
        status = run_worker(start);
    } else {
        log_error("worker: ", error);
    }
    LogSink::flush_all();
    check_leaks();
    // Nothing of the master's is destroyed here: its files and sockets are not ours to remove.
    _exit(status);
}

void Workers::watch(std::vector<pollfd>& fds) const
{
    for (const WorkerProcess& w : list_)
        if (w.channel) fds.push_back({w.channel.get(), POLLIN, 0});
}

void Workers::receive(SteadyTime now)
{
    for (WorkerProcess& w : list_) {
        Message message;
        Fd unwanted;  // a descriptor from a worker is a breach
        // A bound, so that one that only talks cannot keep the master for itself.
        for (int i = 0; i < 64 && w.channel; ++i) {
            const Received r = receive_message(w.channel.get(), message, unwanted);
            if (r == Received::none) break;
            const bool ours = message.order == Order::ready || message.order == Order::alive;
            if (r == Received::message && ours && !unwanted) {
                take_message(w, message, now);
                continue;
            }
            w.channel.reset();
            // Its end closes the channel, too, a moment before the status can be taken.
            w.kill_at = now + end_grace;
        }
    }
}

void Workers::take_message(WorkerProcess& w, const Message& message, SteadyTime now)
{
    w.heard = now;
    if (message.order == Order::ready) {
        if (w.state != WorkerProcess::State::starting) return;
        w.state = WorkerProcess::State::ready;
        Board::set_state(w.slot, Board::State::ready);
        return;
    }
    w.accepting = message.value == 0;
    w.connections = message.connections;
    w.requests = message.requests;
    w.longest_turn_us = std::max(w.longest_turn_us, message.longest_turn_us);
}

std::optional<WorkerProcess> Workers::take(pid_t pid)
{
    const auto it = std::find_if(list_.begin(), list_.end(),
                                 [pid](const WorkerProcess& w) { return w.pid == pid; });
    if (it == list_.end()) return std::nullopt;
    std::optional<WorkerProcess> worker(std::move(*it));
    list_.erase(it);
    Board::release_slot(worker->slot);
    return worker;
}

void Workers::dismiss(WorkerProcess& w, Order how, std::chrono::milliseconds limit, SteadyTime now)
{
    w.state = WorkerProcess::State::leaving;
    Board::set_state(w.slot, Board::State::leaving);
    Message message{how};
    message.value = static_cast<std::uint32_t>(limit.count());
    // One that does not even take a message is hung, and noticed as such.
    if (w.channel) send_message(w.channel.get(), message);
    w.stop_at.reset();
    w.kill_at.reset();
    if (how == Order::stop)
        w.kill_at = now + grace;
    else if (limit.count() > 0)
        w.stop_at = now + limit + grace / 2;
}

void Workers::enforce(SteadyTime now)
{
    for (WorkerProcess& w : list_) {
        if (w.stop_at && now >= *w.stop_at)
            dismiss(w, Order::stop, std::chrono::milliseconds(0), now);
        if (!w.kill_at || now < *w.kill_at) continue;
        if (!w.channel)
            log_error("server: ", w.name(), " does not keep to the protocol: killed");
        else if (w.state == WorkerProcess::State::leaving)
            log_warn("server: ", w.name(), " did not end in time: killed");
        kill(w);
    }
}

void Workers::end_silent(std::chrono::milliseconds limit, SteadyTime now)
{
    limit = std::max(limit, shortest_silence);
    for (WorkerProcess& w : list_) {
        if (w.killed || w.kill_at || now - w.heard <= limit) continue;
        log_error("server: ", w.name(), " was silent for ", number_of(limit), ": killed");
        ::kill(w.pid, SIGABRT);
        w.kill_at = now + abort_grace;
        w.stop_at.reset();
    }
}

void Workers::kill(WorkerProcess& w)
{
    ::kill(w.pid, SIGKILL);
    w.stop_at.reset();
    w.kill_at.reset();
    w.killed = true;
}

void Workers::reopen_log(std::size_t sink, int fd)
{
    Message message{Order::reopen_log};
    message.value = static_cast<std::uint32_t>(sink);
    for (const WorkerProcess& w : list_)
        if (w.channel && sink < w.sinks && !send_message(w.channel.get(), message, fd))
            log_warn("server: ", w.name(), " did not take the new log file ",
                     LogSink::at(sink).target());
}

bool Workers::update_tls(const TlsUpdate& update)
{
    std::string bytes = encode_update(update);
    bool all = true;
    for (const WorkerProcess& w : list_) {
        if (!w.channel) continue;
        // A pipe each: what one has read is gone for the others.
        const Fd pipe = pipe_with(bytes);
        if (pipe && send_message(w.channel.get(), {Order::tls}, pipe.get())) continue;
        log_warn("server: ", w.name(), " did not take a change of TLS");
        all = false;
    }
    wipe(bytes);
    return all;
}

unsigned Workers::ready(unsigned generation) const
{
    return static_cast<unsigned>(std::count_if(list_.begin(), list_.end(), [=](const auto& w) {
        return w.generation == generation && w.state == WorkerProcess::State::ready;
    }));
}

bool Workers::leaving_accepts() const
{
    return std::any_of(list_.begin(), list_.end(), [](const WorkerProcess& w) {
        return w.state == WorkerProcess::State::leaving && w.accepting && w.channel;
    });
}

std::string describe_status(int status)
{
    if (WIFEXITED(status)) return cat("exit status ", WEXITSTATUS(status));
    const bool core = WCOREDUMP(status) != 0;
    return cat("killed by ", signal_name(WTERMSIG(status)), core ? ", core dumped" : "");
}

}  // namespace ostler
