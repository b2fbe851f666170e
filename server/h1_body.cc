// h1_body.cc - request content: counted or chunked, with its limit and its 100-continue.
#include "server/h1_body.h"

#include <algorithm>

namespace ostler {

H1Body::H1Body(Transport& transport, Exchange& exchange, const Framing& framing,
               Waker& connection)
    : transport_(transport), x_(exchange), connection_(connection),
      left_(framing.content_length.value_or(0)),
      chunked_(framing.chunked), expect_continue_(framing.expect_continue),
      complete_(!framing.chunked && left_ == 0)
{
}

Pull H1Body::pull(Buffer& out, std::size_t max)
{
    waiting_ = false;
    if (failed_) return Pull::fail;
    if (complete_) return Pull::end;
    if (expect_continue_ && transport_.input_size() == 0) {
        // Somebody is going to read it, and nothing has come yet (RFC 9110 section 10.1.1).
        transport_.send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    expect_continue_ = false;
    return chunked_ ? pull_chunked(&out, max) : pull_counted(&out, max);
}

bool H1Body::discard(std::size_t& budget)
{
    if (complete_ || failed_) return complete_;
    expect_continue_ = false;
    const auto taken = [this] { return transport_.received() - transport_.input_size(); };
    const std::uint64_t before = taken();
    if (chunked_) pull_chunked(nullptr, budget);
    else pull_counted(nullptr, budget);
    waiting_ = false;
    budget -= static_cast<std::size_t>(std::min<std::uint64_t>(budget, taken() - before));
    return complete_;
}

Pull H1Body::pull_counted(Buffer* out, std::size_t max)
{
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left_, max));
    std::size_t got = 0;
    if (const std::size_t here = std::min(want, transport_.input_size()); here > 0) {
        if (out) transport_.take_into(*out, here);
        else transport_.drop(here);
        got = here;
    } else if (out) {
        got = transport_.read_into(*out, want);
    }
    left_ -= got;
    if (left_ == 0) {
        complete_ = true;
        return Pull::end;
    }
    return got > 0 ? Pull::more : starved();
}

Pull H1Body::pull_chunked(Buffer* out, std::size_t max)
{
    std::size_t room = max;
    while (room > 0) {
        const std::string_view input = transport_.input_at(0).substr(0, room);
        const ChunkedDecoder::Step step = decoder_.step(input);
        switch (step.next) {
        case ChunkedDecoder::Next::bad:
            transport_.drop(step.used);
            return fail(Code::bad_request, decoder_.why());
        case ChunkedDecoder::Next::end:
            transport_.drop(step.used);
            complete_ = true;
            return Pull::end;
        case ChunkedDecoder::Next::data:
            content_ += step.content.size();
            if (out && content_ > x_.pipeline().http->max_body)
                return fail(Code::content_too_large, "the body is larger than http.max_body");
            if (out) out->append(step.content);
            room -= step.content.size();
            transport_.drop(step.used);
            break;
        case ChunkedDecoder::Next::more:
            transport_.drop(step.used);
            if (transport_.input_size() > 0) break;
            transport_.read_now();
            if (transport_.input_size() > 0) break;
            return room < max ? Pull::more : starved();
        }
    }
    return Pull::more;
}

// Nothing is here now.  Either it will come or it never will.
Pull H1Body::starved()
{
    if (transport_.failed() || transport_.ended())
        return fail(Code::bad_request, "the client left before the end of its body");
    transport_.want_input(true);
    waiting_ = true;
    connection_.wake();
    return Pull::wait;
}

Pull H1Body::fail(Code status, const char* why)
{
    failed_ = true;
    x_.body_error = status;
    x_.response.close = true;
    x_.log(Level::info, "http: ", to_int(status), ": ", why);
    return Pull::fail;
}

void H1Body::notify()
{
    if (!waiting_) return;
    waiting_ = false;
    wake_consumer();
}

void H1Body::abort(Code status)
{
    if (failed_ || complete_) return;
    const bool consumer_waits = waiting_;
    fail(status, "the body came too slowly");
    waiting_ = false;
    if (consumer_waits) wake_consumer();
}

}  // namespace ostler
