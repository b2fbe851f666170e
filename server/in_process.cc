// in_process.cc - a stream that keeps what it is given.
#include "server/in_process.h"

#include <algorithm>

#include "common/base/log_sink.h"
#include "common/base/text.h"
#include "common/http/date.h"
#include "common/http/h1_head.h"
#include "server/h1_write.h"

namespace ostler {

namespace {

constexpr std::size_t pull_size = 64 * 1024;

/// Takes an answer and pulls its content to the end.
class Keeper final : public Stream, Waker, Job {
 public:
    Keeper(Loop& loop, Answered& to, bool with_content)
        : loop_(loop), to_(to), with_content_(with_content)
    {
    }
    void respond(Exchange& x) override
    {
        to_.status = x.response.status;
        const bool has_content = !forbids_content(x.response.status) && x.response.body &&
                                 x.request.method != Method::head;
        body_ = has_content && with_content_ ? x.response.body : nullptr;
        responded_ = true;
        if (body_) body_->set_waker(this);
        loop_.post(*this);
    }
    bool responded() const { return responded_; }
    bool over() const { return over_; }

 private:
    void wake() override { loop_.post(*this); }
    void run() override
    {
        while (body_) {
            const Pull got = body_->pull(buffer_, pull_size);
            to_.content += buffer_.take();
            if (got == Pull::wait) return;
            to_.cut = to_.content.size() > InProcess::content_limit;
            if (got == Pull::more && !to_.cut) continue;
            to_.complete = got == Pull::end;
            over_ = true;
            return;
        }
        to_.complete = over_ = true;
    }

    Loop& loop_;
    Answered& to_;
    const bool with_content_;
    Body* body_ = nullptr;
    Buffer buffer_;
    bool responded_ = false;
    bool over_ = false;
};

/// The head as the client would send it.  What does not belong there is left for the parser to
/// find, as in the server.
std::string head_text(const Asked& asked)
{
    std::string text =
        cat(asked.method, ' ', asked.target, " HTTP/1.1\r\nHost: ", asked.host, "\r\n");
    for (const auto& [name, value] : asked.fields)
        if (!same_ignoring_case(name, "host")) append(text, name, ": ", value, "\r\n");
    if (!asked.content.empty()) append(text, "Content-Length: ", asked.content.size(), "\r\n");
    return text + "\r\n";
}

bool is_loopback(std::string_view address)
{
    return address.starts_with("127.") || address == "::1" || address == "unix";
}

void set_peer(Exchange& x, const Asked& asked)
{
    Peer& peer = x.request.peer;
    peer.address = asked.from;
    peer.port = 50000;
    peer.local_address = asked.from.find(':') == std::string::npos ? "127.0.0.1" : "::1";
    peer.local_port = asked.tls ? 443 : 80;
    peer.tls = asked.tls;
    peer.loopback = is_loopback(asked.from);
    x.request.scheme = asked.tls ? "https" : "http";
    x.request.id = "in-process";
}

/// Fields in the order in which they would be sent.
void keep_fields(Exchange& x, const ServerConf& server, Answered& to)
{
    HeadFacts facts;
    char date[http_date_size];
    format_http_date(x.loop.wall_seconds(), date);
    facts.date = {date, sizeof date};
    facts.server = server.software;
    const Response& r = x.response;
    if (!forbids_content(r.status)) {
        facts.length = r.body ? r.body->size() : r.content_length;
        const bool is_head = x.request.method == Method::head;
        if (!r.body && !facts.length && !is_head) facts.length = 0;
        facts.chunked = r.body && !facts.length && !is_head;
    }
    if (r.close) facts.connection = "close";
    std::string_view bytes = write_head(x.arena, r, facts).bytes;
    bytes.remove_prefix(std::min(bytes.find("\r\n") + 2, bytes.size()));
    for (std::size_t end = 0; (end = bytes.find("\r\n")) != bytes.npos && end > 0;) {
        const std::string_view line = bytes.substr(0, end);
        const std::size_t colon = line.find(':');
        to.fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
        bytes.remove_prefix(end + 2);
    }
}

}  // namespace

bool set_url(Asked& asked, std::string_view url)
{
    url = url.substr(0, url.find('#'));
    if (url.starts_with('/') || url == "*") {
        asked.target = url;
        return true;
    }
    const std::size_t colon = url.find("://");
    if (colon == url.npos) return false;
    const std::string_view scheme = url.substr(0, colon);
    if (!same_ignoring_case(scheme, "http") && !same_ignoring_case(scheme, "https")) return false;
    url.remove_prefix(colon + 3);
    const std::size_t end = std::min(url.find_first_of("/?"), url.size());
    if (end == 0) return false;
    asked.tls = same_ignoring_case(scheme, "https");
    asked.host = url.substr(0, end);
    url.remove_prefix(end);
    asked.target = cat(url.starts_with('/') ? "" : "/", url);
    return true;
}

InProcess::InProcess(Configuration& configuration)
    : configuration_(configuration), loop_(configuration.server.event_backend)
{
    configuration_.start(loop_);
}

Answered InProcess::ask(const Asked& asked)
{
    return ask(asked, configuration_.router(), nullptr, true, [](const Exchange&) {});
}

Answered InProcess::answer(const Asked& asked, const Router& router, Witness* witness,
                           bool with_content, const Caller& inspect)
{
    Answered to;
    Keeper keeper(loop_, to, with_content);
    Arena arena;
    Exchange x(loop_, arena, router, keeper);
    x.witness = witness;
    set_peer(x, asked);
    HeadLimits limits;
    limits.request_line = static_cast<std::size_t>(configuration_.http.request_line_size);
    limits.all_fields = static_cast<std::size_t>(configuration_.http.fields_size);
    const std::string text = head_text(asked);
    HeadScanner scanner(limits);
    Framing framing;
    std::optional<HeadError> error;
    if (scanner.feed(text) == HeadScanner::Found::bad)
        error = scanner.error();
    else if (scanner.length() != text.size())
        error = HeadError{Code::bad_request, "an empty line in the head"};
    const auto bad = parse_head(text, limits, arena, x.request, framing);
    if (!error) error = bad;
    if (error) {
        to.why = error->why;
        x.refuse(error->status);
    } else {
        if (!asked.content.empty() && !x.request.is_get_or_head())
            x.request.body = arena.make<BytesBody>(asked.content);
        x.start();
    }
    bool inspected = false;
    while (!keeper.over()) {
        if (keeper.responded() && !inspected) {
            inspected = true;
            keep_fields(x, configuration_.server, to);
            inspect.call(x);
        }
        if (!with_content && keeper.responded()) break;
        loop_.turn();
        LogSink::flush_all();
    }
    return to;
}

}  // namespace ostler
