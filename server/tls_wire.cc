// tls_wire.cc - reads and writes on the SSL under a bufferevent.
#include "server/tls_wire.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>

namespace ostler {

// BUFFEREVENT_SSL_OPEN before the handshake: SSL_read() makes it on its way to the first byte
// (which a client of TLS 1.3 sends together with the end of the handshake), and libevent waits
// for what it asks for.  BUFFEREVENT_SSL_ACCEPTING would clear the SSL, arm two events, and
// report an end that nobody waits for.
TlsWire::TlsWire(event_base* base, int fd, ssl_st* ssl) : ssl_(ssl)
{
    // One read(2) for a record's header and its bytes.  has_pending() is the price: a record
    // that came along with another makes no socket readable.
    SSL_set_read_ahead(ssl, 1);
    BIO* bio = make_tls_bio(fd, socket_);
    SSL_set_bio(ssl, bio, bio);
    bev_ =
        bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_OPEN, BEV_OPT_CLOSE_ON_FREE);
    if (!bev_) std::abort();
}

TlsWire::~TlsWire()
{
    if (waiting_) evbuffer_free(waiting_);
}

bool TlsWire::is_open() const { return SSL_is_init_finished(ssl_) == 1; }

TlsWire::Io TlsWire::judge(int returned)
{
    switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Io::later;
    case SSL_ERROR_ZERO_RETURN: return Io::ended;
    default: break;
    }
    const unsigned long code = ERR_peek_error();
    if (const char* reason = code ? ERR_reason_error_string(code) : nullptr) reason_ = reason;
    fault_ = Fault::other;
    return Io::failed;
}

TlsWire::Io TlsWire::read(char* to, std::size_t size, std::size_t& got)
{
    ERR_clear_error();
    const int n = SSL_read_ex(ssl_, to, size, &got);
    if (n > 0) return Io::done;
    got = 0;
    return judge(n);
}

TlsWire::Io TlsWire::write(const char* bytes, std::size_t size, bool more)
{
    ERR_clear_error();
    std::size_t written = 0;
    socket_->hold = more;
    const int n = SSL_write_ex(ssl_, bytes, size, &written);
    socket_->hold = false;
    if (n <= 0 || !more) socket_->keep_held();
    return n > 0 ? Io::done : judge(n);
}

bool TlsWire::has_pending() const { return SSL_has_pending(ssl_) == 1; }

void TlsWire::say_goodbye()
{
    if (goodbye_said_ || !is_open() || fault_ != Fault::none) return;
    goodbye_said_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_);
}

void TlsWire::note_error()
{
    if (fault_ != Fault::none) return;
    fault_ = Fault::other;
    // libevent took the errors off OpenSSL's queue.
    while (const unsigned long code = bufferevent_get_openssl_error(bev_)) {
        if (const char* reason = ERR_reason_error_string(code)) reason_ = reason;
        if (ERR_GET_LIB(code) != ERR_LIB_SSL) continue;
        const int why = ERR_GET_REASON(code);
        if (why == SSL_R_HTTP_REQUEST || why == SSL_R_HTTPS_PROXY_REQUEST)
            fault_ = Fault::plain_http;
    }
}

evbuffer* TlsWire::need_waiting()
{
    if (!waiting_) waiting_ = evbuffer_new();
    if (!waiting_) std::abort();
    return waiting_;
}

std::size_t TlsWire::waiting_size() const { return waiting_ ? evbuffer_get_length(waiting_) : 0; }

}  // namespace ostler
