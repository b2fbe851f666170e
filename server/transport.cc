// transport.cc - a bufferevent that writes at once.
#include "server/transport.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "server/net.h"

namespace ostler {

namespace {

constexpr std::size_t low_water = 32 * 1024;  // libevent calls back below this much output

#if defined(MSG_NOSIGNAL)
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;  // SIGPIPE is ignored in every worker
#endif

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Transport::Transport(Loop& loop, int fd, Waker& owner, ssl_st* tls)
    : loop_(loop), owner_(owner), fd_(fd)
{
    if (tls) open_tls(tls);
    else open_plain();
    bufferevent_setcb(bev_, on_read, on_write, on_event, this);
}

void Transport::open_plain()
{
    bev_ = bufferevent_socket_new(loop_.base(), fd_, BEV_OPT_CLOSE_ON_FREE);
    if (!bev_) std::abort();
    bufferevent_setwatermark(bev_, EV_WRITE, low_water, 0);
    bufferevent_disable(bev_, EV_READ | EV_WRITE);
}

Transport::~Transport()
{
    // Whoever was told less than all must not take it for all.
    if (tls_ && !failed_ && !abortive_ && queued() == 0) tls_->say_goodbye();
    if (closed_) event_free(closed_);
    bufferevent_free(bev_);
}

void Transport::on_read(bufferevent*, void* self)
{
    auto& t = *static_cast<Transport*>(self);
    const std::size_t size = t.input_size();
    t.received_ += size - t.seen_input_;
    t.seen_input_ = size;
    if (t.tls_) t.take_pending();
    t.owner_.wake();
}

void Transport::on_write(bufferevent* bev, void* self)
{
    auto& t = *static_cast<Transport*>(self);
    if (t.tls_) t.flush_tls();
    else if (t.queued() == 0) bufferevent_disable(bev, EV_WRITE);
    t.owner_.wake();
}

void Transport::on_event(bufferevent* bev, short what, void* self)
{
    auto& t = *static_cast<Transport*>(self);
    if (what & BEV_EVENT_EOF) t.end();
    else t.fail();
    if (t.tls_ && t.failed_) t.tls_->note_error();
    // A peer that said close_notify may still listen, but libevent stops writing, too.
    if (t.tls_ && t.ended_ && t.queued() > 0) bufferevent_enable(bev, EV_WRITE);
    t.owner_.wake();
}

void Transport::on_closed(int, short, void* self)
{
    auto& t = *static_cast<Transport*>(self);
    t.leaving_ = true;  // not the end: what it sent before may still be in the socket
    t.owner_.wake();
}

void Transport::fail() { failed_ = true; }
void Transport::end() { ended_ = true; }

std::size_t Transport::input_size() const
{
    return evbuffer_get_length(bufferevent_get_input(bev_));
}

std::string_view Transport::input_at(std::size_t offset) const
{
    evbuffer* in = bufferevent_get_input(bev_);
    if (offset >= evbuffer_get_length(in)) return {};
    evbuffer_ptr start;
    evbuffer_ptr* from = nullptr;
    if (offset > 0) {
        if (evbuffer_ptr_set(in, &start, offset, EVBUFFER_PTR_SET) != 0) return {};
        from = &start;
    }
    evbuffer_iovec part;
    if (evbuffer_peek(in, -1, from, &part, 1) < 1) return {};
    return {static_cast<const char*>(part.iov_base), part.iov_len};
}

void Transport::take(char* to, std::size_t size)
{
    evbuffer_remove(bufferevent_get_input(bev_), to, size);
    seen_input_ -= size;
}

void Transport::drop(std::size_t size)
{
    evbuffer_drain(bufferevent_get_input(bev_), size);
    seen_input_ -= size;
}

std::size_t Transport::take_into(Buffer& out, std::size_t max)
{
    const int moved = evbuffer_remove_buffer(bufferevent_get_input(bev_), out.raw(), max);
    if (moved <= 0) return 0;
    seen_input_ -= static_cast<std::size_t>(moved);
    return static_cast<std::size_t>(moved);
}

// libevent reads 4 KiB at a time, each after an FIONREAD: bodies come this way instead.
std::size_t Transport::read_into(Buffer& out, std::size_t max)
{
    if (failed_ || ended_ || max == 0) return 0;
    if (tls_) return read_into_tls(out, max);
    evbuffer_iovec room[2];
    const int parts = evbuffer_reserve_space(out.raw(), static_cast<ev_ssize_t>(max), room, 2);
    if (parts <= 0) std::abort();
    std::size_t space = 0;
    for (int i = 0; i < parts; ++i) {
        room[i].iov_len = std::min(room[i].iov_len, max - space);
        space += room[i].iov_len;
    }
    const ssize_t got = readv(fd_, reinterpret_cast<const iovec*>(room), parts);
    if (got <= 0) {
        if (got == 0) end();
        else if (!would_block(errno) && errno != EINTR) fail();
        return 0;
    }
    std::size_t left = static_cast<std::size_t>(got);
    for (int i = 0; i < parts; ++i) {
        room[i].iov_len = std::min(room[i].iov_len, left);
        left -= room[i].iov_len;
    }
    evbuffer_commit_space(out.raw(), room, parts);
    received_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
}

void Transport::read_now()
{
    if (failed_ || ended_) return;
    if (tls_) {
        read_record();
        return;
    }
    char bytes[4096];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0) {
        evbuffer* in = bufferevent_get_input(bev_);
        evbuffer_unfreeze(in, 0);
        evbuffer_add(in, bytes, static_cast<std::size_t>(got));
        evbuffer_freeze(in, 0);
        received_ += static_cast<std::uint64_t>(got);
        seen_input_ += static_cast<std::size_t>(got);
    } else if (got == 0) {
        end();
    } else if (!would_block(errno) && errno != EINTR) {
        fail();
    }
}

void Transport::want_input(bool wanted)
{
    // What OpenSSL holds already makes no socket readable.
    if (tls_ && wanted && take_pending()) owner_.wake();
    if (wanted == reading_ || ended_ || failed_) return;
    reading_ = wanted;
    if (wanted) {
        if (closed_) event_del(closed_);
        bufferevent_enable(bev_, EV_READ);
        return;
    }
    bufferevent_disable(bev_, EV_READ);
    if (!loop_.reports_close()) return;
    if (!closed_) {
        closed_ = event_new(loop_.base(), fd_, EV_CLOSED, on_closed, this);
        if (!closed_) std::abort();
    }
    event_add(closed_, nullptr);
}

evbuffer* Transport::output() const { return bufferevent_get_output(bev_); }
std::size_t Transport::queued() const
{
    const std::size_t size = evbuffer_get_length(output());
    return tls_ ? size + tls_->waiting_size() + tls_->unsent() : size;
}

bool Transport::is_full() const { return evbuffer_get_length(output()) > 0; }

void Transport::send(std::string_view bytes, bool more)
{
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    send({&part, 1}, more);
}

void Transport::send(std::span<iovec> parts, bool more)
{
    if (tls_) return send_tls(parts, more);
    std::size_t total = 0;
    for (const iovec& part : parts) total += part.iov_len;
    std::size_t sent = 0;
    if (queued() == 0 && !failed_) {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(parts.size());
        const ssize_t n = sendmsg(fd_, &message, send_flags | (more ? net::more_follows : 0));
        if (n >= 0) sent = static_cast<std::size_t>(n);
        else if (!would_block(errno) && errno != EINTR) fail();
    }
    handed_ += total;
    if (sent == total || failed_) return;
    for (const iovec& part : parts) {
        if (sent >= part.iov_len) {
            sent -= part.iov_len;
            continue;
        }
        evbuffer_add_reference(output(), static_cast<const char*>(part.iov_base) + sent,
                               part.iov_len - sent, nullptr, nullptr);
        sent = 0;
    }
    want_writable();
}

// EV_WRITE is off while we queue: libevent would arm it although the socket is writable.
void Transport::queue(Buffer& bytes)
{
    handed_ += bytes.size();
    if (!tls_) bufferevent_disable(bev_, EV_WRITE);
    if (evbuffer_add_buffer(tls_ ? tls_->need_waiting() : output(), bytes.raw()) != 0) std::abort();
}

void Transport::queue(std::string_view bytes)
{
    handed_ += bytes.size();
    if (!tls_) bufferevent_disable(bev_, EV_WRITE);
    evbuffer* to = tls_ ? tls_->need_waiting() : output();
    if (evbuffer_add(to, bytes.data(), bytes.size()) != 0) std::abort();
}

void Transport::flush()
{
    if (tls_) return flush_tls();
    evbuffer* out = output();
    if (evbuffer_get_length(out) == 0 || failed_) return;
    bufferevent_disable(bev_, EV_WRITE);
    evbuffer_unfreeze(out, 1);
    const int n = evbuffer_write(out, fd_);
    const int error = errno;
    evbuffer_freeze(out, 1);
    if (n < 0 && !would_block(error) && error != EINTR) return fail();
    if (queued() > 0) want_writable();
}

Transport::FileSent Transport::send_file(Body& body, std::size_t max)
{
    if (tls_) return send_file_tls(body, max);
    const FileRange& range = *body.file();
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(range.length, max));
    const ssize_t n = net::send_file(fd_, range.fd, range.offset, count);
    if (n > 0) {
        handed_ += static_cast<std::uint64_t>(n);
        body.sent(static_cast<std::uint64_t>(n));
        return FileSent::some;
    }
    if (n == 0) return FileSent::truncated;
    if (would_block(errno) || errno == EINTR) {
        want_writable();
        return FileSent::later;
    }
    fail();
    return FileSent::failed;
}

void Transport::want_writable() { bufferevent_enable(bev_, EV_WRITE); }

std::uint64_t Transport::acknowledged() const
{
    // A Unix-domain socket counts its own overhead, too.
    return sent() - std::min<std::uint64_t>(sent(), net::unacknowledged(fd_).value_or(0));
}

void Transport::shutdown_write()
{
    if (tls_ && !failed_) tls_->say_goodbye();
    ::shutdown(fd_, SHUT_WR);
}

void Transport::make_close_abortive()
{
    abortive_ = true;
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace ostler
