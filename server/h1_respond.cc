// h1_respond.cc - the second half of a connection: answers out, and what comes after them.
#include <algorithm>
#include <limits>

#include "common/base/board.h"
#include "server/h1.h"
#include "server/h1_write.h"

namespace ostler {

namespace {

constexpr std::size_t high_water = 128 * 1024;    // stop pulling above this much unsent output
constexpr std::size_t pull_size = 64 * 1024;
constexpr std::size_t file_segment = 512 * 1024;  // most of one sendfile: others get their turn
constexpr std::size_t most_drained = 64 * 1024;   // of a request's content nobody wanted
constexpr std::size_t most_lingered = 1024 * 1024;
constexpr std::uint64_t uncounted = std::numeric_limits<std::uint64_t>::max();
constexpr Milliseconds drain_time{5000};
constexpr Milliseconds linger_time{2000};

}  // namespace

// --- the head of the response -------------------------------------------------------------

bool H1::may_keep_alive() const
{
    // A client that is done talking still gets an answer to each request it sent before.
    const bool last_one = transport_.leaving() && transport_.input_size() == 0;
    return framing_.keep_alive && !x_->response.close && !winding_down_ && !last_one &&
           requests_ < clients_.configuration.http.keep_alive_requests && request_can_be_drained();
}

/// False when what is left of the request's content is not worth taking.
bool H1::request_can_be_drained() const
{
    if (!body_in_ || body_in_->complete()) return true;
    if (body_in_->expects_continue()) return false;  // it may come or not: nobody can tell
    return body_in_->size().value_or(0) <= most_drained;
}

void H1::respond(Exchange& x)
{
    const Response& response = x.response;
    const bool has_content = !forbids_content(response.status);
    const bool is_head = x.request.method == Method::head;
    HeadFacts facts;
    facts.date = clients_.date();
    facts.server = clients_.configuration.server.software;
    if (has_content) {
        facts.length = response.body ? response.body->size() : response.content_length;
        if (!response.body && !facts.length && !is_head) facts.length = 0;
        chunked_out_ = response.body && !facts.length && x.request.minor_version >= 1 && !is_head;
        facts.chunked = chunked_out_;
    }
    const bool delimited_by_close = has_content && !is_head && !facts.length && !chunked_out_;
    keep_alive_ = may_keep_alive() && !delimited_by_close;
    if (!keep_alive_) {
        facts.connection = "close";
        x_->response.close = true;  // for the log
    } else if (framing_.echo_keep_alive) {
        facts.connection = "keep-alive";
    }

    const WrittenHead head = write_head(x.arena, response, facts);
    if (head.refused)
        x.log(Level::error, "http: response field \"", head.refused->name,
              "\" left out: its name or value has bytes that are not allowed there");
    body_out_ = has_content && !is_head ? response.body : nullptr;
    closes_to_end_ = delimited_by_close;
    length_left_ = facts.length.value_or(uncounted);
    responding_ = true;
    progress_noted_ = false;  // the client has not had a chance to take any of it
    if (body_in_) body_in_->answer_began();
    answer_at_ = transport_.handed();
    head_size_ = head.bytes.size();
    framing_sent_ = 0;
    send_head(head.bytes);
    // The exchange goes on from go_on(), never from inside this call.
    if (!acting_) wake();
}

/// Hands the head to the transport, together with as much of the body as fits one write.
void H1::send_head(std::string_view head)
{
    if (!body_out_) return transport_.send(head);
    if (const std::string_view* bytes = body_out_->bytes()) {
        iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                          {const_cast<char*>(bytes->data()), bytes->size()}};
        body_out_ = nullptr;
        return transport_.send(parts);
    }
    if (sends_file()) return transport_.send(head, body_out_->file()->length > 0);
    transport_.queue(head);
    body_out_->set_waker(this);
}

// --- the body -------------------------------------------------------------------------------

bool H1::sends_file() const
{
    return body_out_->file() && !chunked_out_;
}

void H1::send_body()
{
    if (!sends_file()) return pump();
    if (!transport_.is_full()) send_file_part();
}

// From the page cache to the socket, one bounded segment a turn.
void H1::send_file_part()
{
    if (body_out_->file()->length == 0) return end_body();
    const std::uint64_t before = transport_.handed();
    switch (transport_.send_file(*body_out_, std::min<std::uint64_t>(length_left_, file_segment))) {
    case Transport::FileSent::some:
        count_content(transport_.handed() - before);
        if (length_left_ == 0 || body_out_->file()->length == 0) end_body();
        else wake();
        return;
    case Transport::FileSent::later:
    case Transport::FileSent::failed: return;
    case Transport::FileSent::truncated:
        x_->log(Level::warn, "http: ", x_->request.path,
                ": the file became shorter while it was sent: connection closed");
        aborted_ = true;
        return;
    }
}

// Pulls until enough is queued, the body ends or it has to wait, then writes once.
void H1::pump()
{
    if (!chunk_) chunk_ = x_->arena.make<Buffer>();
    bool waits = false;
    while (body_out_ && !aborted_ && !waits && transport_.queued() < high_water) {
        const Pull got = body_out_->pull(*chunk_, std::min<std::uint64_t>(length_left_, pull_size));
        frame();
        if (got == Pull::wait) waits = true;
        if (got == Pull::fail) {
            x_->log(Level::info, "http: ", x_->request.path, ": the answer could not be completed");
            aborted_ = true;
        } else if (got == Pull::end || (length_left_ == 0 && !body_out_->has_epilogue())) {
            end_body();
        }
    }
    transport_.flush();
    // The socket took everything and the body has more: in the next turn, after the others.
    if (body_out_ && !waits && transport_.queued() == 0) wake();
}

/// The body is complete, or all that was announced of it is sent.
void H1::end_body()
{
    if (length_left_ != uncounted && length_left_ > 0) {
        x_->log(Level::error, "http: ", x_->request.path, ": content ended ", length_left_,
                " bytes before its Content-Length: connection closed");
        aborted_ = true;
        return;
    }
    if (chunked_out_) queue_framing("0\r\n\r\n");
    body_out_ = nullptr;
}

void H1::count_content(std::uint64_t bytes)
{
    if (length_left_ != uncounted) length_left_ -= bytes;
}

/// Moves the chunk that was pulled to the wire.
void H1::frame()
{
    const std::size_t size = chunk_->size();
    if (size == 0) return;
    count_content(size);
    if (!chunked_out_) return transport_.queue(*chunk_);
    char digits[20];
    char* end = digits + sizeof digits;
    char* at = end;
    *--at = '\n';
    *--at = '\r';
    for (std::size_t n = size; n > 0; n >>= 4) *--at = "0123456789abcdef"[n & 15];
    queue_framing({at, static_cast<std::size_t>(end - at)});
    transport_.queue(*chunk_);
    queue_framing("\r\n");
}

void H1::queue_framing(std::string_view bytes)
{
    framing_sent_ += bytes.size();
    transport_.queue(bytes);
}

// --- after the answer -------------------------------------------------------------------------

H1::Life H1::answer_is_out()
{
    finish_exchange(true);
    const bool all_taken = !body_in_ || body_in_->complete();
    if (!keep_alive_) {
        // Bytes left unread would turn the close into a reset that eats the answer: only of a
        // client that asked for the close is known that it sends no more.
        if (!framing_.keep_alive && all_taken && transport_.input_size() == 0) {
            release_exchange();  // it is logged: the destructor must not do it again
            return Life::over;
        }
        return start_linger();
    }
    if (!all_taken) {
        if (body_in_->failed()) return start_linger();
        state_ = State::drain;
        drain_budget_ = most_drained;
        timer_.set(drain_time);
        return drain_request();
    }
    next_request();
    return Life::goes_on;
}

/// Logs the exchange; its memory stays until release_exchange(), for what is left of the body.
void H1::finish_exchange(bool complete)
{
    Traffic& t = x_->traffic;
    t.complete = complete;
    t.received = transport_.received() - transport_.input_size() - received_before_;
    t.sent = transport_.sent() - sent_before_;
    const std::uint64_t overhead = answer_at_ + head_size_ + framing_sent_;
    t.sent_body = responding_ && transport_.sent() > overhead ? transport_.sent() - overhead : 0;
    t.duration_us = Loop::wall_clock_microseconds() - t.started_us;
    ++clients_.requests;
    if (x_->routed())
        Board::count(x_->pipeline().cells, static_cast<unsigned>(to_int(x_->response.status)), t.sent,
                     static_cast<std::uint64_t>(t.duration_us));
    x_->finish();
}

void H1::release_exchange()
{
    body_in_ = nullptr;
    body_out_ = nullptr;
    x_ = nullptr;
    clients_.return_slot(std::exchange(slot_, nullptr));
}

H1::Life H1::drain_request()
{
    if (body_in_->discard(drain_budget_)) {
        next_request();
        return Life::goes_on;
    }
    if (body_in_->failed() || drain_budget_ == 0) return start_linger();
    transport_.want_input(true);
    return Life::goes_on;
}

void H1::next_request()
{
    release_exchange();
    timer_.cancel();
    state_ = State::idle;
}

// The client must be able to read the answer although we do not read its request: our side is
// shut, and what still comes is thrown away for a while (RFC 9112 section 9.6).
H1::Life H1::start_linger()
{
    release_exchange();
    state_ = State::linger;
    drain_budget_ = most_lingered;
    transport_.shutdown_write();
    transport_.want_input(true);
    timer_.set(linger_time);
    return linger();
}

H1::Life H1::linger()
{
    const std::size_t size = transport_.input_size();
    transport_.drop(size);
    drain_budget_ -= std::min(size, drain_budget_);
    return transport_.ended() || drain_budget_ == 0 ? Life::over : Life::goes_on;
}

}  // namespace ostler
