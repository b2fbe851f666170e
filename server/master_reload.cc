// master_reload.cc - a new configuration beside the old one, until the new workers serve.
//
//   none --HUP--> checking --good--> starting --all ready--> switching --old accept no more--> none
//                    |bad               |a worker fails, too late, cannot bind
//                    `------------------`--> none, nothing has changed
#include <cerrno>
#include <cstring>

#include "common/base/log.h"
#include "common/base/text.h"
#include "server/commands.h"
#include "server/master.h"

namespace ostler {

namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void Master::begin_reload()
{
    if (stopping_ != Stop::no) return;
    if (reload_ != Reload::none || !serving_) {
        reload_again_ = true;
        return;
    }
    reload_again_ = false;
    waiting_.swap(waiting_next_);
    log_info("server: reload: checking the configuration");
    service_.reloading();
    reload_ = Reload::checking;
    if (!check_.start(
            options_.load, [this] { let_go_in_child(nullptr); }, SteadyClock::now()))
        fail_reload({cat("cannot fork: ", std::strerror(errno))});
}

void Master::load_next(const ConfigCheck::Verdict& verdict)
{
    if (reload_ != Reload::checking) return;
    for (const std::string& p : verdict.problems) {
        if (verdict.good) log_warn("server: reload: ", first_line(p));
    }
    if (!verdict.good) return fail_reload(verdict.problems);
    std::vector<Problem> problems;
    next_ = Generation{};
    next_.number = ++last_generation_;
    next_.configuration = options_.load(problems);
    if (!next_.configuration) {
        std::vector<std::string> reasons;
        for (const Problem& p : problems) reasons.push_back(format_problem(p));
        return fail_reload(reasons);
    }
    // Sessions outlive a reload: the new workers have the keys of the old ones' tickets.
    if (current_.configuration->tls && next_.configuration->tls)
        next_.configuration->tls->keys = current_.configuration->tls->keys;
    std::vector<std::string> errors;
    if (!prepare_next(errors)) return fail_reload(errors);
    reload_ = Reload::starting;
    ready_deadline_ = SteadyClock::now() + options_.ready_limit;
    if (!spawn_all(next_)) fail_reload({"cannot start the new workers"});
}

/// Everything that may fail, before anything is changed.
bool Master::prepare_next(std::vector<std::string>& errors)
{
    const bool opened = open_generation(next_, errors);
    if (!bind_generation(next_, current_.bound, errors) || !opened) return false;
    const std::string& path = next_.server().pid_file;
    std::string error;
    if (path != pid_file_.path() && !path.empty() &&
        (!next_pid_file_.create(path, error) || !next_control_.open(control_path(path), error)))
        errors.push_back(error);
    if (!errors.empty()) return false;
    if (!raise_file_limit(next_.server().connections, error)) log_warn("server: ", error);
    set_error_log(*next_.error_log, next_.server().log_level);
    return true;
}

void Master::advance_reload(SteadyTime now)
{
    if (reload_ == Reload::starting) {
        if (workers_.ready(next_.number) == next_.worker_count())
            commit_reload();
        else if (now >= ready_deadline_)
            fail_reload({"the new workers did not get ready in time"});
    }
    if (reload_ != Reload::none || !serving_) return;
    if (upgrade_wanted_)
        begin_upgrade();
    else if (reload_again_)
        begin_reload();
}

void Master::commit_reload()
{
    const SteadyTime now = SteadyClock::now();
    for (auto& socket : only_in(current_.bound, next_.bound)) {
        log_info("server: no longer listening on ", socket->spec().name());
        retired_.push_back(std::move(socket));
    }
    for (const auto& socket : only_in(next_.bound, current_.bound))
        log_info("server: listening on ", socket->address());
    if (next_.server().pid_file != pid_file_.path()) {
        pid_file_ = std::move(next_pid_file_);
        control_ = std::move(next_control_);
    }
    current_ = std::move(next_);
    next_ = Generation{};
    dismiss_old_workers();
    restarts_.clear();
    quick_ends_ = 0;
    loaded_wall_ = std::time(nullptr);
    reload_ = Reload::switching;
    accept_deadline_ = now + accept_limit;
}

/// Those of another generation than the one in force.
void Master::dismiss_old_workers()
{
    const SteadyTime now = SteadyClock::now();
    for (WorkerProcess& w : workers_.all())
        if (w.generation != current_.number && w.state != WorkerProcess::State::leaving)
            workers_.dismiss(w, Order::drain, current_.server().stop_timeout, now);
}

/// Once nobody accepts any more who was told so: then new connections meet new workers only, and
/// sockets that are given up can go.
void Master::finish_switch(SteadyTime now)
{
    if (reload_ != Reload::switching && retired_.empty()) return;
    if (workers_.leaving_accepts() && now < accept_deadline_) return;
    // Workers of the old generation still have them open: refuse clients for them, too.
    for (const auto& socket : retired_) socket->shut_down();
    retired_.clear();
    if (reload_ == Reload::switching) succeed_reload();
}

void Master::succeed_reload()
{
    const std::string in_force = cat("configuration ", current_.number, " is in force");
    if (upgrading_) {
        log_info("server: upgraded: ", version_text(), " serves, ", in_force);
        return end_reload(0, cat(version_text(), " serves, ", in_force, '\n'));
    }
    log_info("server: reloaded: ", in_force);
    end_reload(0, cat(in_force, '\n'));
}

void Master::fail_reload(const std::vector<std::string>& reasons)
{
    check_.cancel();
    for (WorkerProcess& w : workers_.all()) {
        if (w.generation != next_.number || next_.number == 0) continue;
        w.state = WorkerProcess::State::leaving;
        workers_.kill(w);
    }
    next_ = Generation{};
    next_pid_file_ = PidFile();
    next_control_ = Control();
    set_error_log(*current_.error_log, current_.server().log_level);
    const std::string_view what = upgrading_ ? "upgrade" : "reload";
    const std::string_view old = upgrading_ ? "program" : "configuration";
    std::string answer = cat(what, " refused; the old ", old, " goes on\n");
    for (const std::string& r : reasons) {
        log_error("server: ", what, ": ", first_line(r));
        append(answer, r, r.ends_with('\n') ? "" : "\n");
    }
    log_error("server: ", what, " refused: the old ", old, " goes on");
    end_reload(1, answer);
}

void Master::end_reload(int status, const std::string& answer)
{
    reload_ = Reload::none;
    upgrading_ = false;
    last_reload_ = first_line(answer);
    for (const unsigned client : waiting_) control_.answer(client, status, answer);
    waiting_.clear();
    if (stopping_ == Stop::no) service_.ready(last_reload_);
}

}  // namespace ostler
