// transport.h - one client's connection as bytes: a bufferevent, and the shortcuts around it.
//
// The callbacks only note what happened and wake the owner, which looks from a Job.  EV_WRITE
// is off unless something waits to be written: what the socket takes at once is written at
// once, without a turn through the event loop.  Over TLS the same, one branch aside: see
// transport_tls.cc and tls_wire.h.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/base/body.h"
#include "common/base/buffer.h"
#include "common/base/loop.h"
#include "server/tls_wire.h"

struct bufferevent;
struct evbuffer;
struct event;
struct ssl_st;

namespace ostler {

class Transport {
 public:
    /// Takes over the connected, non-blocking socket `fd` and, for TLS, `tls` in accept state: the
    /// handshake is made once input is wanted.  `owner` is woken by everything but its end.
    Transport(Loop& loop, int fd, Waker& owner, ssl_st* tls = nullptr);
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    ~Transport();

    // --- what was noted -------------------------------------------------------------

    bool failed() const { return failed_; }  ///< reset or broken: nothing more goes either way
    bool ended() const { return ended_; }    ///< the peer's last byte was read; it may still listen
    /// The peer sends no more and may have left; bytes of it may still be unread.
    bool leaving() const { return leaving_ || ended_; }

    // --- TLS --------------------------------------------------------------------------

    /// OpenSSL's object, for what was negotiated; null without TLS.
    ssl_st* tls() const { return tls_ ? tls_->ssl() : nullptr; }
    /// True until the handshake is over.
    bool is_handshaking() const { return tls_ && !tls_->is_open(); }
    /// Why TLS failed, a constant; empty when the socket did, or nothing has.
    std::string_view tls_fault() const { return tls_ ? tls_->reason() : ""; }
    /// True when the handshake failed because the client speaks HTTP without TLS.
    bool got_plain_http() const { return tls_ && tls_->fault() == TlsWire::Fault::plain_http; }
    /// Goes on without TLS, after got_plain_http().  False: no descriptor was left for it.
    [[nodiscard]] bool become_plain();

    // --- input ------------------------------------------------------------------------

    std::size_t input_size() const;
    /// The contiguous bytes that start at `offset`; empty when there are none.
    std::string_view input_at(std::size_t offset) const;
    /// Copies the first `size` bytes to `to` and removes them; they must be there.
    void take(char* to, std::size_t size);
    /// Removes the first `size` bytes.
    void drop(std::size_t size);
    /// Moves up to `max` bytes to `out` without copying; returns how many.
    std::size_t take_into(Buffer& out, std::size_t max);
    /// Reads from the socket into `out`, past the input, which must be empty; up to `max`.
    /// Returns how many; 0 when there is nothing now (or the end, see ended() and failed()).
    std::size_t read_into(Buffer& out, std::size_t max);
    /// Reads once into the input, without waiting for the event loop.
    void read_now();
    /// Whether the peer's bytes are wanted.  When they are not, its leaving is still noticed
    /// where the backend can (EV_CLOSED).
    void want_input(bool wanted);

    // --- output -----------------------------------------------------------------------

    /// Sends what the socket takes now; the rest is queued by reference: the bytes must live
    /// until queued() is 0.  `more` tells the kernel that more follows at once.
    void send(std::span<iovec> parts, bool more = false);
    void send(std::string_view bytes, bool more = false);
    /// Appends to the queue without writing: moves `bytes`, or copies them.
    void queue(Buffer& bytes);
    void queue(std::string_view bytes);
    /// Writes what the socket takes of the queue; waits for it to take the rest.
    void flush();
    /// Bytes queued here, not yet taken by the kernel.
    std::size_t queued() const;
    /// True while the socket takes no more; the owner is woken when it does again.
    bool is_full() const;
    enum class FileSent : unsigned char { some, later, truncated, failed };
    /// Sends a part of body.file(), at most `max` bytes, and tells `body`.  `later`: the socket
    /// is full; the owner is woken when it no longer is.  The queue must be empty, but for what
    /// was sent with `more`.
    FileSent send_file(Body& body, std::size_t max);
    /// Bytes given to send(), queue() and send_file() so far.
    std::uint64_t handed() const { return handed_; }
    /// Bytes the kernel took so far.
    std::uint64_t sent() const { return handed_ - queued(); }
    /// Bytes the peer is known to have; falls back to sent().
    std::uint64_t acknowledged() const;
    /// Bytes that came in so far.
    std::uint64_t received() const { return received_; }

    void shutdown_write();
    /// Closing will tell the peer that what it got is not all (RST).
    void make_close_abortive();

 private:
    static void on_read(bufferevent*, void* self);
    static void on_write(bufferevent*, void* self);
    static void on_event(bufferevent*, short what, void* self);
    static void on_closed(int, short, void* self);
    void open_plain();
    void fail();
    void end();
    void want_writable();
    evbuffer* output() const;

    // transport_tls.cc
    void open_tls(ssl_st* ssl);
    bool take_pending();
    bool read_record();
    std::size_t read_into_tls(Buffer& out, std::size_t max);
    void send_tls(std::span<iovec> parts, bool more);
    bool write_record(const char* bytes, std::size_t size, bool more);
    void wait_behind(std::string_view bytes, bool copy);
    void flush_tls();
    FileSent send_file_tls(Body& body, std::size_t max);

    Loop& loop_;
    Waker& owner_;
    bufferevent* bev_ = nullptr;
    std::unique_ptr<TlsWire> tls_;  // null without TLS
    event* closed_ = nullptr;       // EV_CLOSED while input is not wanted; made on first need
    int fd_;
    std::uint64_t handed_ = 0;  // bytes given to send() and the queue
    std::uint64_t received_ = 0;
    std::size_t seen_input_ = 0;  // input bytes already counted in received_
    bool failed_ = false;
    bool ended_ = false;
    bool leaving_ = false;
    bool reading_ = false;
    bool abortive_ = false;
};

}  // namespace ostler
