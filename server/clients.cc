// clients.cc - pools and limits of one worker.
#include "server/clients.h"

#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "common/base/board.h"

namespace ostler {

namespace {

constexpr std::size_t most_free_slots = 64;

/// Descriptors that are not for clients: listeners, logs, the channel, files being opened.
constexpr std::size_t reserved_fds = 24;

std::size_t most_clients(int wanted)
{
    auto most = static_cast<std::size_t>(wanted);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        const auto fds = static_cast<std::size_t>(limit.rlim_cur);
        most = std::min(most, fds > 2 * reserved_fds ? fds - reserved_fds : fds / 2);
    }
    return std::max<std::size_t>(most, 1);
}

std::uint64_t seed()
{
    std::random_device device;
    return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace

Clients::Clients(Loop& on, const Configuration& conf)
    : loop(on), configuration(conf), router(conf.router()), most_(most_clients(conf.server.connections)),
      id_state_(seed())
{
    head_limits_.request_line = static_cast<std::size_t>(conf.http.request_line_size);
    head_limits_.all_fields = static_cast<std::size_t>(conf.http.fields_size);
}

Clients::~Clients()
{
    close_all();
    while (free_slots_) {
        ExchangeSlot* slot = free_slots_;
        free_slots_ = slot->next_;
        delete slot;
    }
}

void Clients::add(Client& client)
{
    all_.push_back(client);
    ++count_;
}

void Clients::remove(Client& client)
{
    --count_;
    delete &client;
}

std::size_t Clients::close_idle(std::size_t most)
{
    std::size_t closed = 0;
    while (closed < most) {
        Client* oldest = idle_.front();
        if (!oldest) break;
        if (!oldest->close_if_idle()) {
            set_busy(*oldest);
            continue;
        }
        ++closed;
    }
    return closed;
}

void Clients::wind_down(bool close_idle_now)
{
    winding_down_ = true;
    for (Client* c = all_.front(); c; c = all_.after(*c)) c->wind_down();
    if (close_idle_now) close_idle(count_);
}

void Clients::publish(std::uint64_t longest_turn_us)
{
    BoardWorker worker{count_, 0, longest_turn_us};
    std::array<BoardRequest, Board::most_listed> listed;
    for (Client* c = all_.front(); c; c = all_.after(*c)) {
        const Exchange* x = c->under_way();
        if (!x) continue;
        // Connections are in the order in which they came, so these are often the oldest.
        if (worker.in_flight < listed.size()) {
            BoardRequest& r = listed[worker.in_flight];
            r.started_us = x->traffic.started_us;
            set_text(r.method, x->request.method_name);
            set_text(r.id, x->request.id);
            set_text(r.client, x->request.peer.address);
            set_text(r.host, x->request.host);
            set_text(r.path, x->request.path);
        }
        ++worker.in_flight;
    }
    const std::size_t count = std::min<std::size_t>(worker.in_flight, listed.size());
    Board::publish(worker, std::span(listed).first(count), requests - published_,
                   loop.wall_microseconds());
    published_ = requests;
}

void Clients::close_all()
{
    while (Client* c = all_.front()) remove(*c);
}

ExchangeSlot* Clients::take_slot()
{
    if (!free_slots_) return new ExchangeSlot;
    ExchangeSlot* slot = free_slots_;
    free_slots_ = slot->next_;
    --free_count_;
    return slot;
}

void Clients::return_slot(ExchangeSlot* slot)
{
    reinterpret_cast<Exchange*>(slot->room_)->~Exchange();
    if (free_count_ >= most_free_slots) {
        delete slot;
        return;
    }
    slot->next_ = free_slots_;
    free_slots_ = slot;
    ++free_count_;
}

std::string_view Clients::make_request_id(char* to)
{
    // splitmix64: ids of one worker never repeat before 2^64, and do not tell how many came before.
    id_state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = id_state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    constexpr int digits = 12;
    for (int i = 0; i < digits; ++i, z >>= 4) to[i] = "0123456789abcdef"[z & 15];
    return {to, digits};
}

std::string_view Clients::date()
{
    if (const std::int64_t now = loop.wall_seconds(); now != date_second_) {
        date_second_ = now;
        format_http_date(now, date_);
    }
    return {date_, sizeof date_};
}

}  // namespace ostler
