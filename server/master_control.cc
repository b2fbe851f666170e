// master_control.cc - what `ostler -s` asks for.
#include <algorithm>
#include <ctime>

#include "common/base/board_text.h"
#include "common/base/loop.h"
#include "common/base/text.h"
#include "server/master.h"

#include <unistd.h>

namespace ostler {

namespace {

std::string date_and_time(std::time_t t)
{
    std::tm parts{};
    localtime_r(&t, &parts);
    char text[32];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts));
}

/// "3d 4h", "5m 12s": the two largest units.
std::string duration(std::chrono::seconds d)
{
    const auto s = d.count();
    if (s >= 86400) return cat(s / 86400, "d ", s % 86400 / 3600, 'h');
    if (s >= 3600) return cat(s / 3600, "h ", s % 3600 / 60, 'm');
    if (s >= 60) return cat(s / 60, "m ", s % 60, 's');
    return cat(s, 's');
}

std::chrono::seconds age(SteadyTime since)
{
    return std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - since);
}

const char* state_name(WorkerProcess::State state)
{
    switch (state) {
    case WorkerProcess::State::starting: return "starting";
    case WorkerProcess::State::ready: return "ready";
    case WorkerProcess::State::leaving: return "leaving";
    }
    return "";
}

}  // namespace

/// What everybody may read of the server.
void Master::publish_state() const
{
    BoardServer server;
    server.pid = getpid();
    server.started_us = static_cast<std::int64_t>(started_wall_) * 1'000'000;
    server.loaded_us = static_cast<std::int64_t>(loaded_wall_) * 1'000'000;
    server.generation = current_.number;
    server.restarts = restart_count_;
    set_text(server.state, state_word());
    set_text(server.version, OSTLER_VERSION);
    set_text(server.configuration, current_.configuration->file);
    set_text(server.last_reload, last_reload_);
    Board::publish(server);
}

std::string_view Master::state_word() const
{
    return stopping_ != Stop::no ? "stopping" : serving_ ? "serving" : "starting";
}

void Master::serve_control()
{
    for (const Control::Request& request : control_.serve()) obey(request);
}

void Master::obey(const Control::Request& request)
{
    const std::string& command = request.command;
    if (command == "status") return control_.answer(request.client, 0, status_text());
    if (command == "status json") {
        publish_state();
        const BoardView view = Board::read(Loop::wall_clock_microseconds());
        return control_.answer(request.client, 0, board_json(view));
    }
    if (command == "reopen") {
        reopen_logs();
        return control_.answer(request.client, 0, "logs reopened\n");
    }
    if (command == "stop" || command == "quit") {
        control_.answer_and_hold(request.client, "stopping\n");
        return stop(command == "stop" ? Stop::limited : Stop::graceful);
    }
    if (command != "reload" && command != "upgrade")
        return control_.answer(request.client, 1, cat("unknown command \"", command, "\"\n"));
    if (stopping_ != Stop::no)
        return control_.answer(request.client, 1, "the server is being stopped\n");
    if (command == "upgrade") {
        waiting_upgrade_.push_back(request.client);
        return begin_upgrade();
    }
    waiting_next_.push_back(request.client);
    begin_reload();
}

std::string Master::status_text() const
{
    std::string text = cat("ostler ", OSTLER_VERSION, ", pid ", getpid(), ", ",
                           state_word(),
                           ", since ", date_and_time(started_wall_), " (",
                           duration(age(started_)), ")\n");
    append(text, "configuration ", current_.configuration->file, ", generation ",
           current_.number, ", loaded ", date_and_time(loaded_wall_), '\n');
    if (!last_reload_.empty()) append(text, "last reload: ", last_reload_, '\n');
    for (const auto& socket : current_.bound) append(text, "listening on ", socket->address(), '\n');
    const BoardView view = Board::read(Loop::wall_clock_microseconds());
    append(text, "requests: ", view.requests(), ", ", static_cast<std::int64_t>(view.rate() + 0.5),
           " a second, ", view.in_flight(), " under way\n");
    append(text, "workers restarted: ", restart_count_, '\n');
    for (const WorkerProcess& w : workers_.all())
        append(text, w.name(), ": ", state_name(w.state), ", generation ", w.generation, ", up ",
               duration(age(w.started)), ", connections ", w.connections, ", requests ",
               w.requests, ", longest turn ", w.longest_turn_us, " us\n");
    return text;
}

}  // namespace ostler
