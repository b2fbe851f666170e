// h1.cc - the life of a connection: idle, head, exchange, drain, linger.
#include "server/h1.h"

#include <algorithm>
#include <cstring>

#include "server/h1_write.h"
#include "server/tls.h"

namespace ostler {

namespace {

constexpr int most_at_once = 16;                     // pipelined requests before others get a turn
constexpr Milliseconds hurried_patience{500};        // for a first request, before a stop
constexpr std::string_view tls_record = "\x16\x03";  // how a TLS client's first bytes begin

}  // namespace

H1::H1(Clients& clients, const Arrival& arrival)
    : clients_(clients), tls_(arrival.tls),
      transport_(clients.loop, arrival.fd, *this, arrival.tls ? arrival.tls->accept() : nullptr),
      timer_(clients.loop, timer_note_), scanner_(clients.head_limits()),
      winding_down_(clients.winding_down()), port_(arrival.port), local_port_(arrival.local_port),
      loopback_(arrival.loopback),
      address_size_(static_cast<unsigned char>(std::min(arrival.address_size, sizeof address_))),
      local_address_(arrival.local_address)
{
    std::memcpy(address_, arrival.address, address_size_);
}

H1::~H1()
{
    if (!slot_) return;
    if (state_ == State::busy) finish_exchange(false);
    release_exchange();
}

void H1::begin()
{
    clients_.set_idle(*this);
    if (tls_) return begin_tls();
    timer_.set(clients_.configuration.http.head_timeout);
    transport_.read_now();
    if (transport_.input_size() > 0 || transport_.ended() || transport_.failed())
        wake();
    else
        transport_.want_input(true);
}

bool H1::close_if_idle()
{
    if (state_ == State::busy || state_ == State::drain) return false;
    if (state_ == State::idle || (state_ == State::handshake && !transport_.is_handshaking())) {
        transport_.read_now();
        if (transport_.input_size() > scanner_.length()) {
            wake();  // a request is here, not looked at yet
            return false;
        }
    }
    // Before a stop: who has just come, and was accepted, has its first request on the way, or
    // the handshake before it.
    if (winding_down_ && has_yet_to_ask() && !hurried_) {
        hurried_ = true;
        timer_.set(hurried_patience);
        return false;
    }
    clients_.remove(*this);
    return true;
}

/// True before the first byte of the first request.
bool H1::has_yet_to_ask() const
{
    return requests_ == 0 && (state_ == State::handshake || state_ == State::idle);
}

void H1::wind_down() { winding_down_ = true; }

void H1::run()
{
    acting_ = true;
    const Life life = act();
    acting_ = false;
    if (life == Life::over) clients_.remove(*this);
}

H1::Life H1::act()
{
    if (transport_.failed() && state_ != State::handshake) return Life::over;
    if (std::exchange(timed_out_, false) && on_timeout() == Life::over) return Life::over;
    Life life = Life::goes_on;
    switch (state_) {
    case State::handshake: life = shake_hands(); break;
    case State::idle:
    case State::head: break;
    case State::busy: life = go_on(); break;
    case State::drain: life = drain_request(); break;
    case State::linger: life = linger(); break;
    }
    if (life == Life::over) return life;
    return state_ == State::idle || state_ == State::head ? read_head() : life;
}

// --- the head ---------------------------------------------------------------------------

H1::Life H1::read_head()
{
    for (int i = 0; i < most_at_once; ++i) {
        const HeadScanner::Found found = scan();
        if (found == HeadScanner::Found::more) {
            if (transport_.ended() && transport_.input_size() == scanner_.length())
                return Life::over;
            wait_for_request();
            return Life::goes_on;
        }
        const Life life =
            found == HeadScanner::Found::complete ? start_exchange() : refuse(scanner_.error());
        if (life == Life::over || state_ != State::idle) return life;
    }
    wake();  // others first
    return Life::goes_on;
}

HeadScanner::Found H1::scan()
{
    for (;;) {
        const std::string_view piece = transport_.input_at(scanner_.length());
        if (piece.empty()) return HeadScanner::Found::more;
        const HeadScanner::Found found = scanner_.feed(piece);
        if (state_ == State::idle && (found != HeadScanner::Found::more || !scanner_.untouched())) {
            state_ = State::head;
            head_started_us_ = clients_.loop.wall_microseconds();
            head_began_ = clients_.loop.now();
            clients_.set_busy(*this);
        }
        if (found != HeadScanner::Found::more) return found;
    }
}

// Idle or in the middle of a head: which deadline holds depends on where it began.
void H1::wait_for_request()
{
    const HttpConf& http = clients_.configuration.http;
    transport_.want_input(true);
    if (state_ == State::idle) {
        clients_.set_idle(*this);
        timer_.set(hurried_         ? hurried_patience
                   : requests_ == 0 ? http.head_timeout
                                    : http.idle_timeout);
        return;
    }
    // An absolute deadline: one byte a second does not move it.
    const Milliseconds spent = clients_.loop.now() - head_began_;
    timer_.set(std::max(Milliseconds(0), http.head_timeout - spent));
}

/// Begins an exchange with the first `head_size` bytes of the input; returns them.
std::string_view H1::open_exchange(std::size_t head_size)
{
    timer_.cancel();
    state_ = State::busy;
    received_before_ = transport_.received() - transport_.input_size();
    sent_before_ = transport_.sent();
    slot_ = clients_.take_slot();
    x_ = &slot_->make(clients_.loop, slot_->arena, clients_.router, *this);
    body_in_ = nullptr;
    body_out_ = nullptr;
    chunk_ = nullptr;
    responding_ = aborted_ = chunked_out_ = closes_to_end_ = half_closed_ = clients_turn_ = false;
    progress_noted_ = false;
    framing_ = Framing{};
    ++requests_;

    x_->request.peer = {
        {address_, address_size_}, port_, local_address_, local_port_, false, loopback_};
    if (tls_) describe_peer();
    x_->request.id = clients_.make_request_id(static_cast<char*>(x_->arena.allocate(12, 1)));
    x_->traffic.started_us = head_started_us_;
    auto* head = static_cast<char*>(x_->arena.allocate(head_size, 1));
    transport_.take(head, head_size);
    scanner_.reset();
    return {head, head_size};
}

H1::Life H1::start_exchange()
{
    const std::string_view head = open_exchange(scanner_.length());
    if (const auto error =
            parse_head(head, clients_.head_limits(), x_->arena, x_->request, framing_)) {
        answer_refusal(*error);
        return go_on();
    }
    if (tls_ && is_misdirected()) {
        answer_refusal({Code::misdirected_request, "the certificate is not for this host"});
        return go_on();
    }
    if (framing_.chunked || framing_.content_length.value_or(0) > 0) {
        body_in_ = x_->arena.make<H1Body>(transport_, *x_, framing_, body_note_);
        // Content of GET and HEAD means nothing (RFC 9110 section 9.3.1): it is only taken.
        if (!x_->request.is_get_or_head()) x_->request.body = body_in_;
    }
    x_->start();
    return go_on();
}

/// The bytes that came can never become a request.
H1::Life H1::refuse(const HeadError& error)
{
    HeadError why = error;
    const std::string_view head = open_exchange(transport_.input_size());
    if (head.starts_with(tls_record))
        why.why = "a TLS handshake on a port without TLS: is `tls = true` missing in listen?";
    // For the logs: what was understood of it.
    parse_head(head, clients_.head_limits(), x_->arena, x_->request, framing_);
    answer_refusal(why);
    return go_on();
}

void H1::answer_refusal(const HeadError& error, std::string_view explanation)
{
    framing_ = Framing{};
    x_->refuse(error.status, explanation);
    x_->log(Level::info, "http: ", to_int(error.status), ": ", error.why);
}

// --- while an exchange is under way -------------------------------------------------------

H1::Life H1::go_on()
{
    if (responding_ && body_out_) send_body();
    if (aborted_) {
        // Where only the close ends the content, a clean one would pass for the end of it.
        if (closes_to_end_) transport_.make_close_abortive();
        return Life::over;
    }
    if (transport_.failed()) return Life::over;
    if (responding_ && !body_out_ && transport_.queued() == 0) return answer_is_out();
    watch_client();
    return Life::goes_on;
}

H1::Life H1::on_timeout()
{
    switch (state_) {
    case State::handshake: return on_handshake_timeout();
    case State::idle:
        // Nobody waits for an answer here, unless a request came at the same moment.
        return transport_.input_size() > scanner_.length() ? Life::goes_on : Life::over;
    case State::head: return refuse({Code::request_timeout, "the head took too long"});
    case State::busy: return on_busy_timeout();
    case State::drain:
    case State::linger: break;
    }
    return Life::over;
}

}  // namespace ostler
