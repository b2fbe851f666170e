// session_redis_link.h - the connection of one worker to a Redis: made, introduced, made again.
//
// The transport is a bufferevent of libevent, by TLS or not; the protocol is hiredis's, which
// formats commands and takes replies apart.  Its asynchronous half is not used: in 0.14, which
// Debian 12 has, it cannot speak TLS, cannot be put on a connection that is already there, and
// bounds no reply.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/fd.h"
#include "common/base/loop.h"
#include "modules/session_redis_reply.h"
#include "modules/session_redis_settings.h"

struct bufferevent;

namespace ostler {

/// Callbacks of libevent only note what happened; a Job acts.
class RedisLink final : Job, Waker {
 public:
    class Owner {
     public:
        /// Commands may be sent now.
        virtual void link_ready() = 0;
        /// The reply to the oldest command without one.  It may call fail().
        virtual void link_replied(const RedisValue& reply) = 0;
        /// The connection is gone, or could not be made: no reply comes to what was sent.
        virtual void link_lost(const std::string& why) = 0;

     protected:
        ~Owner() = default;
    };

    /// Nothing is tried before open().  `timeout` is for making a connection.
    RedisLink(Loop& loop, std::shared_ptr<const RedisSettings> settings,
              std::chrono::milliseconds timeout, Owner& owner);
    ~RedisLink();

    void open();
    bool is_ready() const { return state_ == State::ready; }
    /// True between two attempts: there is nothing to wait for.
    bool is_down() const { return state_ == State::down; }
    /// Why the last connection ended; empty when none did.
    const std::string& why() const { return why_; }

    /// Sends EVALSHA of the script with these arguments, the key first.  Only when is_ready().
    void send_script(const std::vector<std::string>& arguments);
    /// Sends SCRIPT LOAD, whose reply the owner gets like any other.
    void send_load();
    /// Bytes that have not left yet.
    std::size_t unsent() const;
    /// Ends the connection and makes another one after a while.
    void fail(std::string why);

    /// Loop::now() in milliseconds as Redis's clock shows it, rather too early than too late.
    std::int64_t redis_time(Milliseconds now) const { return now.count() + offset_ms_; }
    /// Clocks drift: once in a while it is to be asked anew.
    bool is_time_old() const { return loop_.now() - time_asked_ > Milliseconds(30'000); }
    /// Sends TIME; the owner gets the reply, and hands it to take_time().
    void send_time();
    /// False when it is no answer to TIME.
    bool take_time(const RedisValue& reply);

 private:
    enum class State : unsigned char { down, connecting, introducing, ready };
    enum class Introduction : unsigned char { auth, select, time, load };

    struct Connected final : Waker {
        explicit Connected(RedisLink& l) : link(l) {}
        void wake() override { link.connected_ = true, link.loop_.post(link); }
        RedisLink& link;
    };

    void run() override;
    void wake() override { timed_out_ = true, loop_.post(*this); }
    void connect();
    void begin();
    void introduce();
    void on_reply(const RedisValue& reply);
    void take_introduction(const RedisValue& reply);
    void read();
    void clear();
    void send(const std::vector<std::string>& arguments);
    std::string failure() const;
    static void on_read(bufferevent*, void* self);
    static void on_event(bufferevent*, short what, void* self);

    Loop& loop_;
    const std::shared_ptr<const RedisSettings> settings_;
    const std::chrono::milliseconds timeout_;
    Owner& owner_;
    Timer timer_{loop_, *this};  // down: when to try again; else: until it must be ready
    State state_ = State::down;
    Fd socket_;  // while it is being connected
    Connected connected_note_{*this};
    std::optional<Watch> writable_;
    bufferevent* stream_ = nullptr;
    std::unique_ptr<RedisReplies> replies_;
    std::deque<Introduction> introduction_;
    std::string script_sha_;
    std::string why_;
    std::size_t address_ = 0;  // the next one to try
    std::chrono::milliseconds pause_{0};
    std::int64_t offset_ms_ = 0;
    Milliseconds time_asked_{0};
    // Noted by callbacks.
    bool timed_out_ = false;
    bool connected_ = false;  // the socket, or TLS
    bool ended_ = false;
    int error_ = 0;  // errno when it ended
};

}  // namespace ostler
