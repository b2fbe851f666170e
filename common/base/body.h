// body.h - message content, in either direction, as something to pull bytes from.
//
// The consumer asks, the producer answers with what it has.  Back-pressure needs no
// protocol of its own: who has no room does not pull.  A transformation (compression,
// chunking) is a Body that pulls from another Body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/buffer.h"
#include "common/base/loop.h"

namespace ostler {

/// An open file and the part of it to send.  The descriptor belongs to the Body.
struct FileRange {
    int fd = -1;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// How a pull ended.
enum class Pull : unsigned char {
    more,  ///< bytes were appended; ask again when there is room
    end,   ///< the message is complete (bytes may have been appended, too)
    wait,  ///< nothing now; the waker will be woken
    fail,  ///< the message can never be completed: abort, do not pretend it ended
};

class Body {
 public:
    virtual ~Body() = default;

    /// Appends at most `max` bytes to `out`.
    virtual Pull pull(Buffer& out, std::size_t max) = 0;

    /// Length in bytes of everything not pulled yet, when known: becomes Content-Length.
    virtual std::optional<std::uint64_t> size() const { return std::nullopt; }

    /// Non-null when all that is left is this file range.  A plain-text transport hands
    /// it to sendfile(2), then calls sent(); everyone else just pulls.
    virtual const FileRange* file() const { return nullptr; }

    /// The transport has sent `count` bytes of file() by itself: the range shrinks.
    virtual void sent(std::uint64_t /*count*/) {}

    /// Null unless all that is left is these bytes in memory, which stay valid and
    /// unchanged for as long as the Body lives.  A transport may then send them without
    /// pulling; it never pulls afterwards.
    virtual const std::string_view* bytes() const { return nullptr; }

    /// True when it wants to be pulled until it says `end` also after the last byte of a known
    /// size: the exchange then lasts until then, for what is logged, while the client has it all.
    virtual bool has_epilogue() const { return false; }

    /// Who to wake after Pull::wait.  A filter forwards this to the body it pulls from.
    virtual void set_waker(Waker* waker) { waker_ = waker; }

 protected:
    void wake_consumer()
    {
        if (waker_) waker_->wake();
    }

 private:
    Waker* waker_ = nullptr;
};

/// A body that changes the bytes of another one.
class Filter : public Body {
 public:
    explicit Filter(Body& inner) : inner_(inner) {}
    void set_waker(Waker* waker) override { inner_.set_waker(waker); }

 protected:
    Body& inner_;
};

/// A body that is already in memory.  `bytes` must outlive it (the arena, a constant).
class BytesBody final : public Body {
 public:
    explicit BytesBody(std::string_view bytes) : bytes_(bytes) {}

    Pull pull(Buffer& out, std::size_t max) override
    {
        const std::string_view part = bytes_.substr(0, max);
        out.append(part);
        bytes_.remove_prefix(part.size());
        return bytes_.empty() ? Pull::end : Pull::more;
    }
    std::optional<std::uint64_t> size() const override { return bytes_.size(); }
    const std::string_view* bytes() const override { return &bytes_; }

 private:
    std::string_view bytes_;
};

}  // namespace ostler
