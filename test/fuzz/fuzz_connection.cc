// fuzz_connection.cc - a whole HTTP/1 connection: a scripted client against a small fixed site.
//
// The input is what the client sends.  The byte 0xff begins a command, the byte after it says
// which one (enum Command); everything else goes over the socket as it is.  Whatever happens:
// what comes back is a sequence of whole responses, in order, the last one perhaps cut; every
// exchange is logged once and ends; no connection is left.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "common/base/fd.h"
#include "common/base/log_sink.h"
#include "server/clients.h"
#include "server/config.h"
#include "server/h1.h"
#include "test/support/reply.h"

using namespace ostler;
using test::Reply;
using test::ReplyReader;

namespace {

enum Command : char {
    turn = 'N',         // the loop gets a turn: what was sent so far is one piece
    half_close = 'E',
    reset = 'R',
    second = 'T',       // a second passes
    long_time = 'I',    // more than a minute passes
    stop_reading = 'S',
    read_again = 'G',
    resume = 'M',       // the module that waits goes on
    wind_down = 'W',
};

// --- the site ----------------------------------------------------------------------------------

/// Everything one run can observe.
struct Run {
    int alive = 0;                      // attached objects
    unsigned answered = 0;              // by the module
    Exchange* waiting = nullptr;
    std::vector<std::string> methods;   // of the exchanges, in the order they ended
    std::vector<Traffic> traffic;
};
Run* seen = nullptr;

struct Held {
    explicit Held(Exchange& x) : exchange(x) { ++seen->alive; }
    ~Held()
    {
        --seen->alive;
        if (seen->waiting == &exchange) seen->waiting = nullptr;
    }
    Exchange& exchange;
};

/// Content of no known length that ends, or fails, after `size` bytes.
class Generated final : public Body {
 public:
    Generated(int size, Pull end) : left_(static_cast<std::size_t>(size)), end_(end) {}
    Pull pull(Buffer& out, std::size_t max) override
    {
        const std::size_t n = std::min(max, left_);
        out.append(std::string(n, 'g'));
        left_ -= n;
        return left_ == 0 ? end_ : Pull::more;
    }

 private:
    std::size_t left_;
    Pull end_;
};

/// Pulls everything, then answers with it.
class Echo final : Job, Waker {
 public:
    explicit Echo(Exchange& x) : x_(x) { ++seen->alive; }
    ~Echo() { --seen->alive; }
    Step begin()
    {
        x_.request.body->set_waker(this);
        x_.loop.post(*this);
        return Step::wait;
    }

 private:
    void wake() override { x_.loop.post(*this); }
    void run() override
    {
        Buffer part;
        Pull got;
        while ((got = x_.request.body->pull(part, 100)) == Pull::more) {}
        text_ += part.take();
        if (got == Pull::wait) return;
        if (got == Pull::fail) return x_.resume(x_.reply(x_.body_error));
        x_.response.fields.add("X-Size", x_.arena.copy(std::to_string(text_.size())));
        x_.response.body = x_.arena.make<BytesBody>(x_.arena.copy(text_));
        x_.resume(x_.reply(Code::ok));
    }
    Exchange& x_;
    std::string text_;
};

Step content(Exchange& x, const int&)
{
    static const std::string large(300'000, 'b');
    const std::string_view path = x.request.path;
    x.attach<Held>(x);
    x.response.fields.add("X-Number", x.arena.copy(std::to_string(seen->answered++)));
    if (path == "/echo" && x.request.body) return x.attach<Echo>(x).begin();
    if (path == "/stream" && x.request.body) {
        x.response.body = x.request.body;
        return x.reply(Code::ok);
    }
    if (path == "/wait") {
        seen->waiting = &x;
        return Step::wait;
    }
    if (path == "/gone") return x.reply(Code::not_found);
    if (path == "/204") return x.reply(Code::no_content);
    if (path == "/304") return x.reply(Code::not_modified);
    if (path == "/close") x.response.close = true;
    if (path == "/large") x.response.body = x.arena.make<BytesBody>(large);
    else if (path == "/long") x.response.body = x.arena.make<Generated>(400'000, Pull::end);
    else if (path == "/cut") x.response.body = x.arena.make<Generated>(70'000, Pull::fail);
    else x.response.body = x.arena.make<BytesBody>(path);
    return x.reply(Code::ok);
}

void log(const Exchange& x, const int&)
{
    seen->methods.emplace_back(x.request.method_name);
    seen->traffic.push_back(x.traffic);
}

class FixedSite final : public Configuration, public Router {
 public:
    FixedSite()
    {
        http.max_body = site_http_.max_body = 5000;
        pipeline_.request = {&content_, 1};
        pipeline_.log = {&log_, 1};
        pipeline_.http = &site_http_;
        pipeline_.location = "/";
    }
    const Router& router() const override { return *this; }
    const Pipeline& route(const Request&) const override { return pipeline_; }
    bool open(const RunAs&) override { return true; }
    void start(Loop&) override {}
    std::string print() const override { return {}; }

 private:
    HttpConf site_http_;
    int conf_ = 0;
    Pipeline::Bound<RequestHook> content_{on<content>, &conf_, nullptr};
    Pipeline::Bound<LogHook> log_{on<log>, &conf_, nullptr};
    Pipeline pipeline_;
};

// --- the client ----------------------------------------------------------------------------------

class Remote {
 public:
    explicit Remote(int fd) : fd_(fd) {}

    /// False when the socket takes no more now.
    bool send(std::string_view& bytes)
    {
        const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), 0);
        if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
        else if (errno != EAGAIN) bytes = {};  // nobody listens any more
        return bytes.empty();
    }
    void read()
    {
        char bytes[65536];
        while (reading && fd_ && !over()) {
            const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
            if (n > 0) got.append(bytes, static_cast<std::size_t>(n));
            else if (n == 0) ended = true;
            else if (errno == EAGAIN) return;
            else broken = true;
        }
    }
    void half_close() const { ::shutdown(fd_.get(), SHUT_WR); }
    void leave() { fd_.reset(); }
    bool over() const { return ended || broken; }

    std::string got;
    bool reading = true, ended = false, broken = false;

 private:
    Fd fd_;
};

struct Scene {
    explicit Scene(std::string_view backend) : loop(backend), clients(loop, site)
    {
        int ends[2];
        CHECK_THAT(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        for (const int end : ends) ::fcntl(end, F_SETFL, O_NONBLOCK);
        client = std::make_unique<Remote>(ends[1]);
        Arrival arrival;
        arrival.fd = ends[0];
        auto* h1 = new H1(clients, arrival);
        clients.add(*h1);
        h1->begin();
    }
    void turns(int n)
    {
        for (int i = 0; i < n; ++i) {
            loop.turn(false);
            client->read();
        }
    }
    void pass(Milliseconds time)
    {
        turns(2);
        loop.skip(time);
        turns(3);
    }
    void obey(char command)
    {
        switch (command) {
        case turn: return turns(2);
        case half_close: return client->half_close();
        case reset: return client->leave();
        case second: return pass(Milliseconds(1000));
        case long_time: return pass(Milliseconds(70'000));
        case stop_reading: client->reading = false; return;
        case read_again: client->reading = true; return turns(2);
        case wind_down: return clients.wind_down(false);
        case resume:
            if (Exchange* x = std::exchange(seen->waiting, nullptr))
                x->resume(x->reply(Code::no_content));
            return turns(2);
        default: return;
        }
    }
    void send(std::string_view bytes)
    {
        for (int i = 0; i < 100 && !bytes.empty(); ++i)
            if (!client->send(bytes)) turns(1);
    }

    FixedSite site;
    Loop loop;
    Clients clients;
    std::unique_ptr<Remote> client;
};

void play(Scene& scene, std::string_view script)
{
    while (!script.empty()) {
        const std::size_t plain = std::min(script.find('\xff'), script.size());
        if (plain > 0) scene.send(script.substr(0, plain));
        script.remove_prefix(plain);
        if (script.size() >= 2) scene.obey(script[1]);
        script.remove_prefix(std::min<std::size_t>(2, script.size()));
    }
    scene.turns(10);
}

// --- what must hold --------------------------------------------------------------------------------

void check_reply(const Reply& r, std::string_view method)
{
    if (const auto size = r.get("X-Size"); size && r.complete && method != "HEAD")
        CHECK_THAT(*size == std::to_string(r.body.size()));
    if (r.status < 400 && r.get("X-Number"))
        CHECK_THAT(r.get("Server") && r.get("Date"));
}

void check(const Remote& client)
{
    ReplyReader reader;
    const auto replies = reader.read(client.got, seen->methods, client.ended);
    if (!reader.error().empty()) std::fprintf(stderr, "not HTTP: %s\n", reader.error().c_str());
    CHECK_THAT(reader.error().empty());
    CHECK_THAT(replies.size() <= seen->methods.size());
    long last = -1;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        check_reply(replies[i], seen->methods[i]);
        if (const auto number = replies[i].get("X-Number")) {
            CHECK_THAT(std::stol(*number) > last);
            last = std::stol(*number);
        }
    }
    if (!client.over()) return;
    // The client read to the end: it has what the log says was sent.
    std::uint64_t sent = 0;
    for (std::size_t i = 0; i < seen->traffic.size(); ++i) {
        sent += seen->traffic[i].sent;
        if (!seen->traffic[i].complete) continue;
        CHECK_THAT(i < replies.size() && replies[i].complete);
    }
    CHECK_THAT(sent == client.got.size());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***)
{
    std::string error;
    LogSink* const nowhere = LogSink::open("/dev/null", error);
    CHECK_THAT(nowhere != nullptr);
    set_error_log(*nowhere, Level::info);
    std::signal(SIGPIPE, SIG_IGN);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Run observed;
    seen = &observed;
    Scene scene(size % 2 ? "select" : "");
    play(scene, {reinterpret_cast<const char*>(data), size});

    // The client leaves, in one way or another, and time passes: nothing may be left.
    scene.client->reading = true;
    scene.turns(10);
    if (size % 3 == 0) scene.client->leave();
    else if (size % 3 == 1) scene.client->half_close();
    for (int i = 0; i < 20 && scene.clients.count() > 0; ++i) {
        scene.pass(Milliseconds(20'000));
        if (i == 10) scene.client->leave();  // a module that is never resumed
    }
    CHECK_THAT(scene.clients.count() == 0);
    CHECK_THAT(observed.alive == 0);
    scene.turns(3);
    check(*scene.client);
    seen = nullptr;
    return 0;
}
