// h1_tls.cc - what only connections with TLS need: the handshake, its failures, and the wrong host.
#include "common/base/log.h"
#include "server/h1.h"
#include "server/tls.h"

namespace ostler {

void H1::begin_tls()
{
    state_ = State::handshake;
    // In all: one byte a second does not move it.
    timer_.set(clients_.configuration.http.handshake_timeout);
    transport_.want_input(true);
}

// The transport makes the handshake on its way to the first byte of a request, and wakes us for
// that, or when nothing will come.
H1::Life H1::shake_hands()
{
    if (transport_.failed()) return fail_handshake();
    if (transport_.is_handshaking()) return transport_.ended() ? Life::over : Life::goes_on;
    state_ = State::idle;
    return Life::goes_on;
}

H1::Life H1::fail_handshake()
{
    if (!transport_.got_plain_http() || !transport_.become_plain()) {
        if (!transport_.tls_fault().empty()) log_peer(transport_.tls_fault());
        return Life::over;
    }
    tls_ = nullptr;
    head_started_us_ = clients_.loop.wall_microseconds();
    clients_.set_busy(*this);
    open_exchange(0);  // OpenSSL has what came of the request
    answer_refusal({Code::bad_request, "plain HTTP on a port with TLS"},
                   "This port speaks HTTPS: the address has to begin with https:// here.");
    return go_on();
}

H1::Life H1::on_handshake_timeout()
{
    if (!transport_.is_handshaking()) {
        // A head has its own time; before a stop there is one moment for both.
        return hurried_ && transport_.input_size() == 0 ? Life::over : Life::goes_on;
    }
    if (!hurried_) log_peer("it took too long");
    return Life::over;
}

void H1::log_peer(std::string_view why) const
{
    if (log_enabled(Level::info))
        log_write(Level::info, cat("tls: no handshake: ", why),
                  {{address_, address_size_}, {}, {}});
}

/// What the exchange that begins is told about the connection.
void H1::describe_peer()
{
    if (!tls_facts_) tls_facts_ = std::make_unique<TlsFacts>(Tls::facts(transport_.tls()));
    x_->request.peer.tls = true;
    x_->request.peer.tls_facts = tls_facts_.get();
    x_->request.scheme = "https";
}

/// True when the request is for a host that this connection may not speak for.
bool H1::is_misdirected() const { return !tls_->covers(transport_.tls(), x_->request.host); }

}  // namespace ostler
