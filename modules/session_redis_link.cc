// session_redis_link.cc - connects, authenticates, loads the script; then bytes in both directions.
#ifdef OSTLER_REDIS

#include "modules/session_redis_link.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/check.h"
#include "common/base/platform.h"
#include "common/base/text.h"
#include "modules/session_redis_script.h"
#include "modules/session_redis_tls.h"

namespace ostler {

namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 50ms;
constexpr auto longest_pause = 2000ms;
/// Replies that are looked at in one turn of the loop.
constexpr int most_replies = 64;

bool is_sha(std::string_view text)
{
    return text.size() == 40 &&
           std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

}  // namespace

RedisLink::RedisLink(Loop& loop, std::shared_ptr<const RedisSettings> settings,
                     std::chrono::milliseconds timeout, Owner& owner)
    : loop_(loop), settings_(std::move(settings)), timeout_(timeout), owner_(owner)
{
}

RedisLink::~RedisLink() { clear(); }

void RedisLink::clear()
{
    writable_.reset();
    socket_.reset();
    if (stream_) bufferevent_free(std::exchange(stream_, nullptr));
    replies_.reset();
    introduction_.clear();
    timed_out_ = connected_ = ended_ = false;
    error_ = 0;
}

void RedisLink::open()
{
    if (state_ == State::down && !timer_.is_set()) connect();
}

// --- making a connection ---------------------------------------------------------------------

void RedisLink::connect()
{
    clear();
    state_ = State::connecting;
    timer_.set(timeout_);
    const auto& addresses = settings_->addresses;
    const RedisSettings::Address& address = addresses[address_ % addresses.size()];
    const auto* const name = reinterpret_cast<const sockaddr*>(&address.data);
    socket_ = open_socket(name->sa_family, SOCK_STREAM);
    if (!socket_) return fail(std::strerror(errno));
    const int on = 1;
    if (name->sa_family != AF_UNIX)
        setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (::connect(socket_.get(), name, address.size) == 0) return begin();
    if (errno != EINPROGRESS) return fail(std::strerror(errno));
    writable_.emplace(loop_, socket_.get(), Watch::For::writable, connected_note_);
    writable_->arm();
}

// The socket is connected, or it has an error.
void RedisLink::begin()
{
    writable_.reset();
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::strerror(error));
    stream_ = settings_->tls
                  ? make_tls_stream(loop_.base(), socket_.get(), settings_->tls.get(),
                                    settings_->target.host)
                  : bufferevent_socket_new(loop_.base(), socket_.get(), BEV_OPT_CLOSE_ON_FREE);
    if (!stream_) return fail("no memory for a connection");
    (void)socket_.release();  // it is the stream's now
    replies_ = std::make_unique<RedisReplies>();
    bufferevent_setcb(stream_, on_read, nullptr, on_event, this);
    bufferevent_enable(stream_, EV_READ | EV_WRITE);
    if (!settings_->tls) introduce();
}

void RedisLink::introduce()
{
    state_ = State::introducing;
    const RedisTarget& target = settings_->target;
    if (!settings_->password.empty()) {
        std::vector<std::string> command = {"AUTH"};
        if (!target.user.empty()) command.push_back(target.user);
        command.push_back(settings_->password);
        send(command);
        introduction_.push_back(Introduction::auth);
    }
    if (target.database != 0) {
        send({"SELECT", std::to_string(target.database)});
        introduction_.push_back(Introduction::select);
    }
    send_time();
    introduction_.push_back(Introduction::time);
    send_load();
    introduction_.push_back(Introduction::load);
}

bool RedisLink::take_time(const RedisValue& reply)
{
    long long numbers[2] = {0, 0};
    if (reply.kind != RedisValue::Kind::array || reply.elements.size() != 2) return false;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string& text = reply.elements[i]->text;
        if (text.empty() || text.size() > 15 || !std::all_of(text.begin(), text.end(), is_digit))
            return false;
        numbers[i] = std::stoll(text);
    }
    // Its clock was read before now, and ours at the start of this turn: what is computed with
    // this lies a little before the truth but for the length of a turn, which is taken off.
    constexpr std::int64_t turn_ms = 20;
    offset_ms_ = numbers[0] * 1000 + numbers[1] / 1000 - loop_.now().count() -
                 std::min<std::int64_t>(turn_ms, timeout_.count() / 4);
    return true;
}

void RedisLink::take_introduction(const RedisValue& reply)
{
    if (reply.kind == RedisValue::Kind::error) {
        const std::string_view hint = reply.text.starts_with("NOAUTH") ? ": set password_file" : "";
        return fail(cat("redis says: ", reply.error_words(), hint));
    }
    const Introduction step = introduction_.front();
    introduction_.pop_front();
    bool good = false;
    switch (step) {
    case Introduction::auth:
    case Introduction::select:
        good = reply.kind == RedisValue::Kind::status && reply.text == "OK";
        break;
    case Introduction::time: good = take_time(reply); break;
    case Introduction::load:
        good = reply.kind == RedisValue::Kind::text && is_sha(reply.text);
        script_sha_ = reply.text;
        break;
    }
    if (!good) return fail("what answers there is no Redis");
    if (state_ == State::ready || !introduction_.empty()) return;
    state_ = State::ready;
    timer_.cancel();
    pause_ = 0ms;
    owner_.link_ready();
}

void RedisLink::fail(std::string why)
{
    clear();
    why_ = std::move(why);
    state_ = State::down;
    ++address_;
    pause_ = std::clamp<Milliseconds>(pause_ * 2, first_pause, longest_pause);
    timer_.set(pause_);
    owner_.link_lost(why_);
}

// --- commands and replies --------------------------------------------------------------------

void RedisLink::send(const std::vector<std::string>& arguments)
{
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& argument : arguments) {
        texts.push_back(argument.data());
        sizes.push_back(argument.size());
    }
    char* command = nullptr;
    const auto size = redisFormatCommandArgv(&command, static_cast<int>(texts.size()), texts.data(),
                                             sizes.data());
    CHECK_THAT(size > 0);
    evbuffer_add(bufferevent_get_output(stream_), command, static_cast<std::size_t>(size));
    redisFreeCommand(command);
}

void RedisLink::send_script(const std::vector<std::string>& arguments)
{
    CHECK_THAT(is_ready());
    std::vector<std::string> command = {"EVALSHA", script_sha_, "1"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    send(command);
}

void RedisLink::send_time()
{
    time_asked_ = loop_.now();
    send({"TIME"});
}

void RedisLink::send_load() { send({"SCRIPT", "LOAD", std::string(redis_session_script)}); }

std::size_t RedisLink::unsent() const
{
    return stream_ ? evbuffer_get_length(bufferevent_get_output(stream_)) : 0;
}

void RedisLink::on_reply(const RedisValue& reply)
{
    if (state_ == State::ready) return owner_.link_replied(reply);
    if (introduction_.empty()) return fail("it answers what nobody asked");
    take_introduction(reply);
}

void RedisLink::read()
{
    evbuffer* const input = bufferevent_get_input(stream_);
    for (evbuffer_iovec piece; evbuffer_peek(input, -1, nullptr, &piece, 1) > 0;) {
        if (piece.iov_len == 0) break;
        replies_->feed({static_cast<const char*>(piece.iov_base), piece.iov_len});
        evbuffer_drain(input, piece.iov_len);
    }
    std::unique_ptr<RedisValue> reply;
    for (int i = 0; i < most_replies; ++i) {
        switch (replies_->next(reply)) {
        case RedisReplies::State::more: return;
        case RedisReplies::State::broken: return fail(replies_->why());
        case RedisReplies::State::reply: break;
        }
        on_reply(*reply);
        if (!stream_) return;  // it failed meanwhile
    }
    loop_.post(*this);
}

void RedisLink::on_read(bufferevent*, void* self)
{
    auto* const link = static_cast<RedisLink*>(self);
    link->loop_.post(*link);
}

void RedisLink::on_event(bufferevent*, short what, void* self)
{
    auto* const link = static_cast<RedisLink*>(self);
    if (what & BEV_EVENT_CONNECTED) link->connected_ = true;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        link->error_ = what & BEV_EVENT_ERROR ? EVUTIL_SOCKET_ERROR() : 0;
        link->ended_ = true;
    }
    link->loop_.post(*link);
}

std::string RedisLink::failure() const
{
    std::string text = settings_->tls && stream_ ? tls_failure(stream_) : std::string();
    if (!text.empty()) return text;
    if (error_ != 0) return std::strerror(error_);
    return state_ == State::ready ? "redis closed the connection"
                                  : "redis closed the connection before it was ready";
}

void RedisLink::run()
{
    if (std::exchange(timed_out_, false)) {
        if (state_ == State::down) return connect();
        if (state_ != State::ready)
            return fail(cat("no connection within ", timeout_.count(), " ms"));
    }
    const bool connected = std::exchange(connected_, false);
    if (connected && socket_) return begin();
    if (!stream_) return;
    if (connected) introduce();
    read();
    if (stream_ && ended_) fail(failure());
}

}  // namespace ostler

#endif
