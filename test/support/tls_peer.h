// tls_peer.h - the client's end of a TLS connection, for tests that turn the loop themselves.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "test/server/tls_fixture.h"
#include "test/support/connection.h"

namespace ostler::test {

using ContextOwner = std::unique_ptr<SSL_CTX, FreeSsl>;

/// A server's context with a certificate of its own making, set up as ostler's are.
inline ContextOwner make_server_context()
{
    const Made made = make_cert({});
    ContextOwner context(SSL_CTX_new(TLS_server_method()));
    REQUIRE(SSL_CTX_use_certificate(context.get(), made.x.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context.get(), made.key.get()) == 1);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    return context;
}

/// What an owner of a Transport passes to it.
inline SSL* accepting(SSL_CTX* context)
{
    SSL* ssl = SSL_new(context);
    SSL_set_accept_state(ssl);
    return ssl;
}

/// Never blocks, like TestClient.
class TlsPeer {
 public:
    explicit TlsPeer(int fd, int version = TLS1_3_VERSION, const char* name = nullptr) : fd_(fd)
    {
        make_nonblocking(fd);
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_max_proto_version(context_.get(), version);
        SSL_CTX_set_mode(context_.get(),
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), fd);
        SSL_set_connect_state(ssl_.get());
        if (name) SSL_set_tlsext_host_name(ssl_.get(), name);
        SSL_set_msg_callback(ssl_.get(), on_message);
        SSL_set_msg_callback_arg(ssl_.get(), this);
    }
    SSL* ssl() const { return ssl_.get(); }
    int fd() const { return fd_.get(); }

    /// Goes on with the handshake; true once it is over.
    bool handshake()
    {
        ERR_clear_error();
        const int n = SSL_do_handshake(ssl());
        if (n <= 0) judge(n);
        return n == 1;
    }
    /// Gives the kernel what it takes of `bytes`; returns how much that was.
    std::size_t send(std::string_view bytes)
    {
        ERR_clear_error();
        std::size_t sent = 0;
        if (!bytes.empty() && SSL_write_ex(ssl(), bytes.data(), bytes.size(), &sent) != 1) {
            const int e = SSL_get_error(ssl(), 0);
            if (e != SSL_ERROR_WANT_WRITE && e != SSL_ERROR_WANT_READ) send_failed = true;
            return 0;
        }
        return sent;
    }
    /// Takes up to `max` bytes that came; returns everything that came so far.
    const std::string& read(std::size_t max = static_cast<std::size_t>(-1))
    {
        char bytes[65536];
        while (max > 0 && !is_done()) {
            ERR_clear_error();
            std::size_t n = 0;
            const int result = SSL_read_ex(ssl(), bytes, std::min(max, sizeof bytes), &n);
            if (result != 1) {
                judge(result);
                break;
            }
            got.append(bytes, n);
            max -= n;
        }
        return got;
    }
    bool is_over()
    {
        read();
        return is_done();
    }
    bool is_done() const { return ended || was_cut || was_reset || failed; }
    /// close_notify: nothing more from here, but still listening.
    void half_close() { SSL_shutdown(ssl()); }
    /// FIN without close_notify.
    void cut() { ::shutdown(fd(), SHUT_WR); }
    void close() { fd_.reset(); }
    void reset()
    {
        const linger now{1, 0};
        setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }

    std::string got;
    std::size_t records = 0;  ///< that came with bytes of ours; TLS 1.3 only
    std::string why;          ///< after failed
    bool ended = false;       ///< close_notify came
    bool was_cut = false;     ///< FIN without it
    bool was_reset = false;
    bool failed = false;  ///< an alert, or nonsense
    bool send_failed = false;

 private:
    void judge(int returned)
    {
        switch (SSL_get_error(ssl(), returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return;
        case SSL_ERROR_ZERO_RETURN: ended = true; return;
        case SSL_ERROR_SYSCALL: was_reset = true; return;
        default: break;
        }
        const unsigned long code = ERR_peek_error();
        if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            was_cut = true;
            return;
        }
        failed = true;
        if (const char* reason = ERR_reason_error_string(code)) why = reason;
    }
    static void on_message(int write, int, int type, const void* bytes, std::size_t size, SSL*,
                           void* self)
    {
        const auto* b = static_cast<const unsigned char*>(bytes);
        if (!write && type == SSL3_RT_INNER_CONTENT_TYPE && size == 1 &&
            b[0] == SSL3_RT_APPLICATION_DATA)
            ++static_cast<TlsPeer*>(self)->records;
    }

    Fd fd_;
    ContextOwner context_;
    SslPtr ssl_;
};

}  // namespace ostler::test
