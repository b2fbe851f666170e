// h1.h - one HTTP/1 connection: heads in, answers out, one exchange at a time (RFC 9112).
//
// Everything acts in run(), a Job; wakers and timers only note.  While an answer is pending,
// what the client sends next waits in the transport's input.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/exchange.h"
#include "common/http/h1_head.h"
#include "server/clients.h"
#include "server/h1_body.h"
#include "server/transport.h"

namespace ostler {

class Tls;

/// What an accept tells about a connection.
struct Arrival {
    int fd = -1;
    char address[64] = {};          ///< text of the peer's address
    std::size_t address_size = 0;
    std::uint16_t port = 0;
    std::string_view local_address; ///< of the listener; lives as long as the worker
    std::uint16_t local_port = 0;
    bool loopback = false;
    const Tls* tls = nullptr;       ///< null without TLS; lives as long as the worker
};

class H1 final : public Client, public Stream, Waker, Job {
 public:
    /// Takes over the socket; owned by `clients` (Clients::add).
    H1(Clients& clients, const Arrival& arrival);
    ~H1();

    /// The first look at the socket, right after accept: a request that is already here is
    /// answered without asking the event loop.
    void begin();

    bool close_if_idle() override;
    void wind_down() override;
    const Exchange* under_way() const override { return state_ == State::busy ? x_ : nullptr; }
    void respond(Exchange&) override;

 private:
    enum class State : unsigned char {
        handshake,  ///< TLS: nothing of a request can be here yet
        idle,       ///< between requests
        head,       ///< the first bytes of a head are here
        busy,       ///< an exchange is under way
        drain,      ///< answered; the rest of the request's body is taken and forgotten
        linger,     ///< our side is shut; reads so that the client gets the answer and no RST
    };
    /// Whether the connection object still exists.
    enum class Life : bool { over, goes_on };

    void wake() override { clients_.loop.post(*this); }
    void run() override;
    Life act();

    // h1_tls.cc: what only connections with TLS need
    void begin_tls();
    Life shake_hands();
    Life fail_handshake();
    Life on_handshake_timeout();
    void log_peer(std::string_view why) const;
    void describe_peer();
    bool is_misdirected() const;

    // h1.cc: requests in
    Life read_head();
    HeadScanner::Found scan();
    bool has_yet_to_ask() const;
    void wait_for_request();
    std::string_view open_exchange(std::size_t head_size);
    Life start_exchange();
    Life refuse(const HeadError&);
    void answer_refusal(const HeadError&, std::string_view explanation = {});
    Life go_on();
    Life on_timeout();

    // h1_watch.cc: the client while an exchange is under way
    void watch_client();
    bool answer_waits() const;
    Milliseconds patience() const;
    void count_client_time();
    void note_progress();
    bool made_progress() const;
    Life on_busy_timeout();

    // h1_respond.cc: answers out
    bool may_keep_alive() const;
    bool request_can_be_drained() const;
    void send_head(std::string_view head);
    bool sends_file() const;
    void send_body();
    void send_file_part();
    void pump();
    void end_body();
    void count_content(std::uint64_t bytes);
    void frame();
    void queue_framing(std::string_view);
    Life answer_is_out();
    void finish_exchange(bool complete);
    void release_exchange();
    Life drain_request();
    void next_request();
    Life start_linger();
    Life linger();

    /// The request's content is waited for, from outside act(): the client has to be watched.
    struct BodyNote final : Waker {
        explicit BodyNote(H1& h) : h1(h) {}
        void wake() override
        {
            if (!h1.acting_) h1.wake();
        }
        H1& h1;
    };
    struct TimerNote final : Waker {
        explicit TimerNote(H1& h) : h1(h) {}
        void wake() override
        {
            h1.timed_out_ = true;
            h1.wake();
        }
        H1& h1;
    };

    Clients& clients_;
    const Tls* tls_;                // null without TLS
    std::unique_ptr<TlsFacts> tls_facts_;  // from the first request on
    Transport transport_;
    TimerNote timer_note_{*this};
    BodyNote body_note_{*this};
    Timer timer_;
    HeadScanner scanner_;
    Framing framing_;

    Exchange* x_ = nullptr;
    ExchangeSlot* slot_ = nullptr;
    H1Body* body_in_ = nullptr;     // in the exchange's arena
    Body* body_out_ = nullptr;      // what is left to send of the response
    Buffer* chunk_ = nullptr;       // in the exchange's arena, for bodies that are pulled

    std::int64_t head_started_us_ = 0;   // wall clock, for the logs
    Milliseconds head_began_{0};         // the same moment, for the deadline
    std::uint64_t received_before_ = 0;  // transport counters at the start of the exchange
    std::uint64_t sent_before_ = 0;
    std::uint64_t answer_at_ = 0;        // ... at the start of the final response
    std::uint64_t head_size_ = 0;
    std::uint64_t framing_sent_ = 0;     // bytes of chunked framing
    std::uint64_t length_left_ = 0;      // content still to send by Content-Length
    std::uint64_t progress_out_ = 0;     // bytes acknowledged when progress was last noted
    std::uint64_t progress_in_ = 0;      // bytes received then
    Milliseconds client_time_{0};        // since then, without the time modules took
    Milliseconds counted_at_{0};         // when client_time_ was brought up to date
    std::size_t drain_budget_ = 0;
    int requests_ = 0;
    State state_ = State::idle;
    bool acting_ = false;           // inside act(): whoever is called need not wake us
    bool timed_out_ = false;
    bool responding_ = false;       // the head of the response was handed to the transport
    bool aborted_ = false;          // the response can never be completed
    bool chunked_out_ = false;
    bool closes_to_end_ = false;    // the content ends with the connection
    bool keep_alive_ = false;
    bool half_closed_ = false;      // the timer watches a client that may have left
    bool clients_turn_ = false;     // the exchange waits for the client, not for a module
    bool progress_noted_ = false;   // false: counting begins when the client has the turn again
    bool winding_down_ = false;
    bool hurried_ = false;          // a stop gives it a moment for its first request, no more

    std::uint16_t port_;
    std::uint16_t local_port_;
    bool loopback_;
    unsigned char address_size_;
    std::string_view local_address_;
    char address_[46];
};

}  // namespace ostler
