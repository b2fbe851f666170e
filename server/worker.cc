// worker.cc - one process, one loop: listeners, connections, and the master's orders.
#include "server/worker.h"

#include <event2/event.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "common/base/board.h"
#include "common/base/fd.h"
#include "common/base/log.h"
#include "common/base/log_sink.h"
#include "common/base/loop.h"
#include "common/base/platform.h"
#include "server/channel.h"
#include "server/clients.h"
#include "server/listener.h"
#include "server/tls_update.h"

namespace ostler {

namespace {

constexpr Milliseconds alive_interval{1000};

class Worker final : Waker, Job {
 public:
    explicit Worker(const WorkerStart& start)
        : start_(start), loop_(start.configuration->server.event_backend),
          clients_(loop_, *start.configuration),
          orders_(loop_, start.channel, Watch::For::readable, *this), pulse_note_(*this),
          pulse_(loop_, pulse_note_), limit_note_(*this), limit_(loop_, limit_note_)
    {
    }

    int serve()
    {
        LogSink::start(loop_);
        Board::set_publisher([](void* of) { static_cast<Worker*>(of)->publish(); }, this);
        start_.configuration->start(loop_);
        for (const ListenSocket& socket : start_.sockets)
            listeners_.push_back(std::make_unique<Listener>(clients_, socket));
        orders_.arm();
        pulse_.set(alive_interval);
        send_message(start_.channel, {Order::ready});
        while (!ended_) {
            loop_.turn();
            if (winding_down_ && clients_.count() == 0) break;
        }
        clients_.close_all();
        publish();
        Board::set_publisher(nullptr, nullptr);
        LogSink::flush_all();
        return 0;
    }

 private:
    void wake() override { loop_.post(*this); }

    void run() override
    {
        Message message;
        Fd fd;
        for (;;) {
            switch (receive_message(start_.channel, message, fd)) {
            case Received::none: return orders_.arm();
            case Received::closed:
                // The master is gone: nobody would restart or stop us any more.
                log_error("worker: the master is gone: finishing");
                return wind_down(true, start_.configuration->server.stop_timeout);
            case Received::message: obey(message, fd); break;
            }
        }
    }
    void obey(const Message& message, Fd& fd)
    {
        switch (message.order) {
        case Order::drain: return wind_down(false, Milliseconds(message.value));
        case Order::finish: return wind_down(true, Milliseconds(message.value));
        case Order::stop: ended_ = true; return;
        case Order::reopen_log:
            if (fd && message.value < LogSink::count())
                LogSink::at(message.value).replace_fd(fd.release());
            return;
        case Order::tls: return update_tls(fd);
        case Order::ready:
        case Order::alive: return;  // ours to send
        }
    }

    void update_tls(const Fd& pipe)
    {
        std::string why;
        Tls* tls = start_.configuration->tls.get();
        if (tls && pipe && !apply_update(*tls, pipe.get(), why))
            log_error("worker: tls: a change was not taken: ", why);
    }

    void wind_down(bool close_idle, Milliseconds limit)
    {
        winding_down_ = true;
        for (const auto& listener : listeners_) listener->stop();
        clients_.wind_down(close_idle);
        if (limit > Milliseconds(0)) limit_.set(limit);
        pulse();  // the master waits for nobody to accept under the old configuration
    }

    void pulse()
    {
        Message m{Order::alive, winding_down_ ? 1U : 0U};
        m.connections = static_cast<std::uint32_t>(clients_.count());
        m.longest_turn_us = static_cast<std::uint32_t>(std::min<std::int64_t>(
            loop_.take_longest_turn().count(), std::numeric_limits<std::uint32_t>::max()));
        longest_turn_us_ = std::max(longest_turn_us_, m.longest_turn_us);
        publish();
        m.requests = clients_.requests;
        send_message(start_.channel, m);
        pulse_.set(alive_interval);
    }

    void publish() { clients_.publish(longest_turn_us_); }

    struct PulseNote final : Waker {
        explicit PulseNote(Worker& w) : worker(w) {}
        void wake() override { worker.pulse(); }  // touches no exchange
        Worker& worker;
    };
    struct LimitNote final : Waker {
        explicit LimitNote(Worker& w) : worker(w) {}
        void wake() override
        {
            log_warn("worker: ", worker.clients_.count(),
                     " connections did not finish in time: closed");
            worker.ended_ = true;
        }
        Worker& worker;
    };

    const WorkerStart& start_;
    Loop loop_;
    Clients clients_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    Watch orders_;
    PulseNote pulse_note_;
    Timer pulse_;
    LimitNote limit_note_;
    Timer limit_;
    std::uint32_t longest_turn_us_ = 0;
    bool winding_down_ = false;
    bool ended_ = false;
};

}  // namespace

int run_worker(const WorkerStart& start)
{
    keep_freed_memory();
    Worker worker(start);
    return worker.serve();
}

}  // namespace ostler
