// tls_wire.h - OpenSSL's end of one connection: what the transport asks of it beside its
// bufferevent.
//
// libevent's TLS bufferevent makes the handshake, waits, reads when the socket is readable and
// writes again what a full socket refused.  What is done at once is done here, on the same SSL.
// That is safe as long as the two never write different bytes: a write that OpenSSL could not
// finish must be repeated with the same bytes, so they are all that ever stands in the
// bufferevent's output, and nothing is written here until they have left it.
#pragma once

#include <cstddef>

#include "server/tls_bio.h"

struct bufferevent;
struct event_base;
struct evbuffer;
struct ssl_st;

namespace ostler {

class TlsWire {
 public:
    /// Most bytes of one TLS record; no write is larger.
    static constexpr std::size_t record_size = 16 * 1024;

    /// Takes over `ssl`, which is in accept state, and `fd`; both end with the bufferevent.
    TlsWire(event_base* base, int fd, ssl_st* ssl);
    TlsWire(const TlsWire&) = delete;
    TlsWire& operator=(const TlsWire&) = delete;
    ~TlsWire();

    /// Made here, freed by the transport.
    bufferevent* bev() const { return bev_; }
    ssl_st* ssl() const { return ssl_; }

    /// True when the handshake is over.
    bool is_open() const;

    enum class Io : unsigned char {
        done,
        later,   ///< not now; a write has to be repeated with the same bytes
        ended,   ///< the peer closed in order
        failed,  ///< nothing more goes either way
    };
    /// Reads up to `size` bytes, of one record.
    Io read(char* to, std::size_t size, std::size_t& got);
    /// Writes all `size` bytes, at most record_size, as one record.  `more`: the next call is for
    /// another one, at once, and the two may leave together.
    Io write(const char* bytes, std::size_t size, bool more = false);
    /// Bytes of records that OpenSSL takes for sent and the socket did not take.
    std::size_t unsent() const { return socket_->unsent(); }
    /// True when bytes of the peer are here that make no socket readable.
    bool has_pending() const;
    /// Tells the peer that this was all (close_notify); does not wait for the answer.
    void say_goodbye();

    /// Why the handshake or the connection broke; a constant.
    enum class Fault : unsigned char { none, plain_http, other };
    /// After the bufferevent reported an error.
    Fault fault() const { return fault_; }
    const char* reason() const { return reason_; }
    void note_error();

    /// Bytes that wait behind the bufferevent's output; null until there were some.
    evbuffer* waiting() const { return waiting_; }
    /// Made on first use.
    evbuffer* need_waiting();
    std::size_t waiting_size() const;

 private:
    Io judge(int returned);

    ssl_st* ssl_;
    TlsSocket* socket_ = nullptr;  // the BIO's
    bufferevent* bev_;
    evbuffer* waiting_ = nullptr;
    const char* reason_ = "";
    Fault fault_ = Fault::none;
    bool goodbye_said_ = false;
};

}  // namespace ostler
