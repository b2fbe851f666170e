// line.h - one connection as bytes: a Transport at one end, the test at the other.
#pragma once

#include <fcntl.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "common/base/text.h"
#include "server/transport.h"
#include "test/support/connection.h"
#include "test/support/scratch.h"

namespace ostler::test {

/// `Client` is the test's end: TestClient, TlsPeer.  Whoever derives from it connects the two.
template <class Client> class BasicLine : Waker {
 public:
    BasicLine(const BasicLine&) = delete;
    BasicLine& operator=(const BasicLine&) = delete;

    /// Turns the loop until `done()`; false when that never comes.
    bool until(const std::function<bool()>& done)
    {
        for (int i = 0; i < 20'000; ++i) {
            if (done()) return true;
            tick_.set(Milliseconds(2));
            loop.turn();
        }
        return false;
    }
    void turns(int n)
    {
        for (int i = 0; i < n; ++i) {
            tick_.set(Milliseconds(1));
            loop.turn();
        }
    }
    std::string all_input() const
    {
        std::string s;
        while (s.size() < t->input_size()) s += t->input_at(s.size());
        return s;
    }
    /// Fills the socket until it takes no more; returns what was handed to the transport.
    std::string fill()
    {
        static const std::string block(1 << 20, 'f');
        std::string handed;
        while (t->queued() == 0) {
            t->send(block);
            handed += block;
        }
        return handed;
    }

    Loop loop;
    std::unique_ptr<Transport> t;
    std::unique_ptr<Client> peer;
    int server_fd = -1;
    int wakes = 0;

 protected:
    BasicLine() : loop(event_backend()), tick_(loop, nobody_) { std::signal(SIGPIPE, SIG_IGN); }
    ~BasicLine() = default;
    Waker& owner() { return *this; }

 private:
    void wake() override { ++wakes; }
    struct Nobody final : Waker {
        void wake() override {}
    };
    Nobody nobody_;
    Timer tick_;
};

/// A file as the content of an answer.
struct OpenFile final : Body {
    OpenFile(const Scratch& folder, const std::string& content)
    {
        folder.write("file", content);
        fd = Fd(::open(folder.path("file").c_str(), O_RDWR));
        range = {fd.get(), 0, content.size()};
    }
    Pull pull(Buffer&, std::size_t) override { return Pull::fail; }
    const FileRange* file() const override { return &range; }
    void sent(std::uint64_t count) override
    {
        range.offset += count;
        range.length -= count;
    }
    Fd fd;
    FileRange range;
};

/// "0 1 2 3 ...", so that a piece in a wrong place is noticed.
inline std::string numbers(std::size_t size)
{
    std::string s;
    for (int i = 0; s.size() < size; ++i) append(s, i, ' ');
    s.resize(size);
    return s;
}

}  // namespace ostler::test
