// master_upgrade.cc - another program takes the master's place and keeps pid, children, sockets.
//
//   old program:  none --USR2--> trying (`NEW -t` in a child) --good--> exec
//   new program:  start with a Handover --own workers ready--> switching, as after a reload
//
// Until the new workers accept, the old ones do; then they drain.  So a request meets one or the
// other, and a program that does not run or does not like the configuration never gets that far.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "common/base/log.h"
#include "common/base/platform.h"
#include "common/base/text.h"
#include "server/commands.h"
#include "server/handover.h"
#include "server/master.h"

namespace ostler {

namespace {

std::vector<char*> argument_vector(std::vector<std::string>& words)
{
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

unsigned seconds_left(const TlsKeeper& keeper)
{
    return static_cast<unsigned>(keeper.keys_left(SteadyClock::now()).count());
}

}  // namespace

// --- the old program --------------------------------------------------------------

void Master::begin_upgrade()
{
    if (stopping_ != Stop::no) return;
    if (reload_ != Reload::none || !serving_) {
        upgrade_wanted_ = true;
        return;
    }
    upgrade_wanted_ = false;
    upgrading_ = true;
    waiting_.swap(waiting_upgrade_);
    reload_ = Reload::trying;
    if (options_.program.empty())
        return fail_reload({"this server has no program file to start anew"});
    log_info("server: upgrade: trying ", options_.program[0]);
    service_.reloading();
    std::vector<std::string> trial = options_.program;
    trial.insert(trial.begin() + 1, {"-t", "-q"});
    if (!check_.start_program(
            trial, [this] { let_go_in_child(nullptr); }, SteadyClock::now()))
        fail_reload({cat("cannot fork: ", std::strerror(errno))});
}

/// The new program runs and takes the configuration: it may have the place.
void Master::finish_trial(const ConfigCheck::Verdict& verdict)
{
    if (!verdict.good) return fail_reload(verdict.problems);
    std::vector<std::string> errors;
    Handover handover = make_handover(errors);
    if (!errors.empty()) return fail_reload(errors);
    const Fd keys = ticket_keys();
    if (keys) handover.tickets = {keys.get(), seconds_left(tls_keeper_)};
    log_info("server: upgrade: ", options_.program[0], " takes over");
    LogSink::flush_all();
    become(handover);
    const int cause = errno;
    fail_reload({cat(options_.program[0], ": ", std::strerror(cause))});
}

Handover Master::make_handover(std::vector<std::string>& errors) const
{
    Handover out;
    out.pid = getpid();
    out.generation = current_.number;
    for (const unsigned id : waiting_)
        if (const int fd = control_.client_fd(id); fd >= 0) out.clients.push_back(fd);
    for (const WorkerProcess& w : workers_.all())
        if (w.channel) out.workers.push_back({w.pid, w.index, w.generation, w.channel.get()});
    for (const auto& socket : current_.bound) {
        const ListenSpec& spec = socket->spec();
        Handover::Socket s{socket->is_ours(), spec.port, spec.address, {}};
        for (const Fd& fd : socket->fds()) s.fds.push_back(fd.get());
        if (spec.address.find('\n') != std::string::npos)
            errors.push_back(cat(spec.name(), ": a path with a line break cannot be handed over"));
        out.sockets.push_back(std::move(s));
    }
    return out;
}

/// A pipe with the keys of TLS tickets, which nobody else can read; empty: there are none.
Fd Master::ticket_keys() const
{
    if (!current_.configuration->tls) return {};
    TlsUpdate update;
    update.kind = TlsUpdate::Kind::ticket_keys;
    update.keys = current_.configuration->tls->keys.encode();
    std::string bytes = encode_update(update);
    Fd pipe = pipe_with(bytes);
    wipe(update.keys);
    wipe(bytes);
    if (!pipe) log_warn("server: upgrade: no pipe for the keys of TLS sessions: all begin anew");
    return pipe;
}

/// Returns only when it did not work; errno says why, and nothing has changed.
void Master::become(const Handover& handover)
{
    std::vector<std::string> words = options_.program;
    words.push_back("-D");
    const std::vector<char*> arguments = argument_vector(words);
    setenv(handover_variable, format_handover(handover).c_str(), 1);
    service_.keep_environment();
    for (const int fd : handover.fds()) set_close_on_exec(fd, false);
    // One that comes meanwhile waits until the new program has its handlers.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    execv(arguments[0], arguments.data());
    const int cause = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    for (const int fd : handover.fds()) set_close_on_exec(fd, true);
    service_.clear_environment();
    unsetenv(handover_variable);
    errno = cause;
}

// --- the new program --------------------------------------------------------------

/// What the old program left, if it did; its sockets are added to `have`.
bool Master::take_handover(BoundSockets& have)
{
    const char* const text = getenv(handover_variable);
    if (!text) return true;
    const auto handover = parse_handover(text);
    unsetenv(handover_variable);
    if (!handover) return fail(handover.error());
    if (handover->pid != getpid()) return true;  // somebody's environment, not a handover
    upgrading_ = true;
    for (const int fd : handover->fds()) set_close_on_exec(fd, true);
    current_.number = last_generation_ = handover->generation + 1;
    for (const int fd : handover->clients) waiting_.push_back(control_.adopt(Fd(fd)));
    for (const Handover::Worker& w : handover->workers)
        workers_.adopt(w.pid, w.index, w.generation, Fd(w.channel), SteadyClock::now());
    for (const Handover::Socket& s : handover->sockets) {
        ListenSpec spec;
        spec.address = s.address;
        spec.port = s.port;
        std::vector<Fd> fds;
        for (const int fd : s.fds) fds.emplace_back(fd);
        have.push_back(std::make_shared<BoundSocket>(spec, std::move(fds),
                                                     s.ours ? BoundSocket::Origin::ours
                                                            : BoundSocket::Origin::handed_over));
    }
    if (const Handover::Tickets& t = handover->tickets; t.pipe >= 0) {
        left_keys_ = Fd(t.pipe);
        tls_keeper_.rotate_at(SteadyClock::now() + std::chrono::seconds(t.rotate_in_seconds));
    }
    return true;
}

/// Sessions outlive an upgrade, as they do a reload.
void Master::take_ticket_keys()
{
    const Fd pipe = std::move(left_keys_);
    Tls* const tls = current_.configuration->tls.get();
    if (!pipe || !tls) return;
    std::string why;
    if (!apply_update(*tls, pipe.get(), why))
        log_warn("server: upgrade: no keys of TLS sessions: ", why, ": all begin anew");
}

/// The workers of this program serve: those of the old one may go.
void Master::finish_upgrade()
{
    dismiss_old_workers();
    reload_ = Reload::switching;
    accept_deadline_ = SteadyClock::now() + accept_limit;
}

}  // namespace ostler
