// content.h - hooks and bodies for tests of a whole connection, and requests with content.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/exchange.h"

namespace ostler::test {

// --- requests --------------------------------------------------------------------------------

inline std::string post(std::string_view fields, std::string_view content = {})
{
    return cat("POST /p HTTP/1.1\r\nHost: a\r\n", fields, "\r\n", content);
}
inline std::string counted(std::string_view content)
{
    return post(cat("Content-Length: ", content.size(), "\r\n"), content);
}
inline std::string in_chunks(std::string_view content, std::size_t size)
{
    std::string s;
    for (; !content.empty(); content.remove_prefix(std::min(size, content.size()))) {
        const std::string_view part = content.substr(0, size);
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, part.size(), 16).ptr;
        append(s, std::string_view(digits, static_cast<std::size_t>(end - digits)), "\r\n", part,
               "\r\n");
    }
    return s + "0\r\n\r\n";
}
inline std::string chunked(std::string_view content, std::size_t size)
{
    return post("Transfer-Encoding: chunked\r\n", in_chunks(content, size));
}
/// Content whose every byte tells where it belongs.
inline std::string pattern(std::size_t size)
{
    std::string s;
    for (std::size_t i = 0; s.size() < size; ++i) append(s, i, ',');
    s.resize(size);
    return s;
}

// --- answers ---------------------------------------------------------------------------------

/// A hook that answers with `text`.
inline std::function<Step(Exchange&)> say(std::string_view text)
{
    return [text](Exchange& x) {
        x.response.body = x.arena.make<BytesBody>(text);
        return x.reply(Code::ok);
    };
}

/// A body that the test feeds: pulls take what was put in, and wait when there is nothing.
class FedBody final : public Body {
 public:
    Pull pull(Buffer& out, std::size_t max) override
    {
        ++pulls;
        out.append(text.substr(0, max));
        text.erase(0, std::min(max, text.size()));
        if (!text.empty()) return Pull::more;
        if (fails) return Pull::fail;
        return ended ? Pull::end : Pull::wait;
    }
    std::optional<std::uint64_t> size() const override { return length; }

    void feed(std::string_view more)
    {
        text += more;
        wake_consumer();
    }
    void end()
    {
        ended = true;
        wake_consumer();
    }
    void fail()
    {
        fails = true;
        wake_consumer();
    }
    std::string text;
    std::optional<std::uint64_t> length;
    bool ended = false, fails = false;
    int pulls = 0;
};

/// Collects a request's content, `step` bytes a pull, then calls `then`; attached to an exchange.
class Collector final : Job, Waker {
 public:
    Collector(Exchange& x, std::size_t step, std::function<Step(Exchange&, Collector&)> then)
        : x_(x), step_(step), then_(std::move(then))
    {
        x.request.body->set_waker(this);
        x.loop.post(*this);
    }
    std::string text;
    bool failed = false;
    std::size_t largest = 0;  ///< of one pull

 private:
    void wake() override { x_.loop.post(*this); }
    void run() override
    {
        for (;;) {
            Buffer part;
            const Pull got = x_.request.body->pull(part, step_);
            largest = std::max(largest, part.size());
            text += part.take();
            if (got == Pull::more) continue;
            if (got == Pull::wait) return;
            failed = got == Pull::fail;
            return x_.resume(then_(x_, *this));
        }
    }
    Exchange& x_;
    std::size_t step_;
    std::function<Step(Exchange&, Collector&)> then_;
};

/// A hook that collects the whole content and answers with it, or with body_error.
inline std::function<Step(Exchange&)> echo(std::size_t step = 4096)
{
    return [step](Exchange& x) {
        if (!x.request.body) return x.reply(Code::no_content);
        x.attach<Collector>(x, step, [](Exchange& e, Collector& c) {
            if (c.failed) return e.reply(e.body_error);
            e.response.body = e.arena.make<BytesBody>(e.arena.copy(c.text));
            return e.reply(Code::ok);
        });
        return Step::wait;
    };
}

/// Answers with `body`, which the test owns and feeds.
inline std::function<Step(Exchange&)> answer_with(Body& body, Code status = Code::ok)
{
    return [&body, status](Exchange& x) {
        x.response.body = &body;
        return x.reply(status);
    };
}

/// `size` bytes, `piece` a pull, never known in advance; counts what was asked of it.
class EndlessBody final : public Body {
 public:
    explicit EndlessBody(std::uint64_t size) : left_(size) {}
    Pull pull(Buffer& out, std::size_t max) override
    {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, max));
        out.append(std::string(n, 'x'));
        left_ -= n;
        pulled += n;
        largest = std::max(largest, n);
        return left_ == 0 ? Pull::end : Pull::more;
    }
    std::uint64_t pulled = 0;
    std::size_t largest = 0;

 private:
    std::uint64_t left_;
};

// --- modules that wait -----------------------------------------------------------------------

/// A module that says when the content is to be pulled, and how much of it.
struct Puller final : Waker {
    std::function<Step(Exchange&)> hook()
    {
        return [this](Exchange& e) {
            x = &e;
            e.request.body->set_waker(this);
            return Step::wait;
        };
    }
    void wake() override { ++wakes; }
    Pull pull(std::size_t max)
    {
        Buffer part;
        const Pull got = x->request.body->pull(part, max);
        CHECK(part.size() <= max);
        text += part.take();
        return got;
    }
    void answer(Code status = Code::no_content)
    {
        x->reply(status);
        x->resume(Step::done);
    }
    Exchange* x = nullptr;
    std::string text;
    int wakes = 0;
};

/// Counts its own life: proof that a cancelled exchange let go.
struct Held {
    explicit Held(int& n) : alive(n) { ++alive; }
    ~Held() { --alive; }
    int& alive;
};

/// A module that waits until the test says resume.
struct Suspended {
    std::function<Step(Exchange&)> hook()
    {
        return [this](Exchange& e) {
            x = &e;
            e.attach<Held>(alive);
            return Step::wait;
        };
    }
    Exchange* x = nullptr;
    int alive = 0;
};

}  // namespace ostler::test
