// h1_watch.cc - the client while an exchange is under way: what it sends, takes, and that it left.
#include <algorithm>
#include <utility>

#include "server/h1.h"

namespace ostler {

namespace {

constexpr std::size_t most_unread_input = 64 * 1024;  // pipelined bytes kept while answering
constexpr Milliseconds half_close_time{3000};

}  // namespace

// The answer takes longer than this turn: the client may send, stall or leave meanwhile.
void H1::watch_client()
{
    const bool body_waits = body_in_ && body_in_->waiting();
    if (body_waits && (transport_.input_size() > 0 || transport_.ended())) body_in_->notify();
    if (transport_.input_size() > most_unread_input) transport_.want_input(false);
    else if (!body_in_ || body_in_->complete()) transport_.want_input(true);
    count_client_time();
    if (transport_.leaving() && !half_closed_) {
        // It may have left or only be done talking: an answer that makes progress goes on.
        half_closed_ = true;
        progress_noted_ = false;
        timer_.cancel();
    }
    clients_turn_ = half_closed_ || answer_waits() || (body_in_ && body_in_->waiting());
    if (!clients_turn_) return;
    if (!progress_noted_) note_progress();
    if (!timer_.is_set()) timer_.set(std::max(Milliseconds(0), patience() - client_time_));
}

/// True when there is more to send and the socket does not take it.
bool H1::answer_waits() const
{
    return responding_ && (transport_.queued() > 0 || (body_out_ && body_out_->file()));
}

/// How long the client may have the turn before its progress is looked at.
Milliseconds H1::patience() const
{
    const HttpConf& http = *x_->pipeline().http;
    if (half_closed_) return half_close_time;
    return answer_waits() ? http.send_timeout : http.body_timeout;
}

// A module that takes its time must not use up the client's.
void H1::count_client_time()
{
    const Milliseconds now = clients_.loop.now();
    if (clients_turn_) client_time_ += now - counted_at_;
    counted_at_ = now;
}

/// From here on progress and the client's time are counted anew.
void H1::note_progress()
{
    progress_noted_ = true;
    progress_out_ = transport_.acknowledged();
    progress_in_ = transport_.received();
    client_time_ = Milliseconds(0);
    counted_at_ = clients_.loop.now();
}

/// Enough bytes in the direction we wait for since note_progress()?
bool H1::made_progress() const
{
    const HttpConf& http = *x_->pipeline().http;
    const auto enough = [](std::uint64_t moved, std::uint64_t rate, Milliseconds time) {
        const std::uint64_t least = rate * static_cast<std::uint64_t>(time.count()) / 1000;
        return moved >= std::max<std::uint64_t>(least, 1);
    };
    const std::uint64_t acknowledged = transport_.acknowledged();
    const std::uint64_t out = acknowledged - std::min(acknowledged, progress_out_);
    if (half_closed_) return responding_ && out > 0;
    if (answer_waits()) return enough(out, http.send_rate, http.send_timeout);
    if (body_in_ && body_in_->waiting())
        return enough(transport_.received() - progress_in_, http.body_rate, http.body_timeout);
    return true;  // we wait for a module, and modules have limits of their own
}

// What is still waited for is found by watch_client(), which sets the timer anew.
H1::Life H1::on_busy_timeout()
{
    count_client_time();
    if (client_time_ < patience()) return Life::goes_on;
    if (made_progress()) {
        note_progress();
        return Life::goes_on;
    }
    if (!half_closed_ && !answer_waits()) {
        body_in_->abort(Code::request_timeout);
        return Life::goes_on;
    }
    x_->log(Level::info, half_closed_ ? "http: the client left before its answer was complete"
                                      : "http: the client takes the answer too slowly: closed");
    if (!half_closed_) transport_.make_close_abortive();
    return Life::over;
}

}  // namespace ostler
