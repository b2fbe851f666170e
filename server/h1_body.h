// h1_body.h - the content of an HTTP/1 request, pulled from the connection.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/body.h"
#include "common/exchange.h"
#include "common/http/chunked.h"
#include "common/http/h1_head.h"
#include "server/transport.h"

namespace ostler {

/// Takes exactly the bytes of one message off the connection, whether a module pulls them or
/// the connection discards them.
class H1Body final : public Body {
 public:
    /// `connection` is woken when pull() has to wait.
    H1Body(Transport& transport, Exchange& exchange, const Framing& framing, Waker& connection);

    Pull pull(Buffer& out, std::size_t max) override;
    std::optional<std::uint64_t> size() const override { return chunked_ ? std::nullopt : std::optional(left_); }

    // --- for the connection ------------------------------------------------------------

    /// True when every byte of the message was taken.
    bool complete() const { return complete_; }
    /// True when pull() said wait: tell notify() when bytes came or the peer left.
    bool waiting() const { return waiting_; }
    void notify();
    /// Every further pull() fails; the exchange's body_error becomes `status`.
    void abort(Code status);
    /// True when the message can never be completed.
    bool failed() const { return failed_; }
    /// True while the client may wait for a 100 that was not sent.
    bool expects_continue() const { return expect_continue_ && transport_.input_size() == 0; }
    /// The final response is on its way: it is too late for a 100.
    void answer_began() { expect_continue_ = false; }
    /// Takes and forgets what has come; true when the message is complete.  `budget` shrinks by
    /// what was taken.
    bool discard(std::size_t& budget);

 private:
    Pull pull_counted(Buffer* out, std::size_t max);
    Pull pull_chunked(Buffer* out, std::size_t max);
    Pull starved();
    Pull fail(Code status, const char* why);

    Transport& transport_;
    Exchange& x_;
    Waker& connection_;
    ChunkedDecoder decoder_;
    std::uint64_t left_ = 0;      // counted: bytes to come
    std::uint64_t content_ = 0;   // chunked: bytes of content so far
    bool chunked_;
    bool expect_continue_;
    bool complete_ = false;
    bool waiting_ = false;
    bool failed_ = false;
};

}  // namespace ostler
