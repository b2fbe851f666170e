// buffer.h - a byte queue: RAII over libevent's evbuffer, and nothing more.
#pragma once

#include <event2/buffer.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ostler {

/// Out of memory aborts, as everywhere.
class Buffer {
 public:
    Buffer() : buf_(evbuffer_new())
    {
        if (!buf_) std::abort();
    }

    std::size_t size() const { return evbuffer_get_length(buf_.get()); }
    bool empty() const { return size() == 0; }

    /// Copies `bytes` to the end.
    void append(std::string_view bytes)
    {
        if (evbuffer_add(buf_.get(), bytes.data(), bytes.size()) != 0) std::abort();
    }

    /// Links `bytes` without copying; they must outlive this buffer's content.
    void append_borrowed(std::string_view bytes)
    {
        if (evbuffer_add_reference(buf_.get(), bytes.data(), bytes.size(), nullptr, nullptr) != 0)
            std::abort();
    }

    /// Moves everything in `other` to the end of this one without copying.
    void append(Buffer& other)
    {
        if (evbuffer_add_buffer(buf_.get(), other.raw()) != 0) std::abort();
    }

    /// Moves the first `max` bytes of `other` (fewer when it has fewer) to the end of this
    /// one; returns how many.
    std::size_t append(Buffer& other, std::size_t max)
    {
        const int n = evbuffer_remove_buffer(other.raw(), buf_.get(), std::min(max, other.size()));
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }

    /// Room for `size` bytes at the end, contiguous, to be written to and then committed; nothing
    /// else may be done to the buffer in between.
    std::span<char> reserve(std::size_t size)
    {
        if (evbuffer_reserve_space(buf_.get(), static_cast<ev_ssize_t>(size), &room_, 1) != 1)
            std::abort();
        return {static_cast<char*>(room_.iov_base), size};
    }
    /// Makes the first `size` bytes of the reserved room part of the content.
    void commit(std::size_t size)
    {
        room_.iov_len = size;
        if (evbuffer_commit_space(buf_.get(), &room_, 1) != 0) std::abort();
    }

    /// Removes and returns up to `max` bytes.
    std::string take(std::size_t max = static_cast<std::size_t>(-1))
    {
        std::string s(std::min(max, size()), '\0');
        evbuffer_remove(buf_.get(), s.data(), s.size());
        return s;
    }

    /// Removes `count` bytes from the front.
    void drain(std::size_t count) { evbuffer_drain(buf_.get(), count); }

    /// All bytes as one contiguous view, valid until the buffer changes.
    std::string_view view()
    {
        if (empty()) return {};
        return {reinterpret_cast<const char*>(evbuffer_pullup(buf_.get(), -1)), size()};
    }

    evbuffer* raw() { return buf_.get(); }

 private:
    struct Free {
        void operator()(evbuffer* b) const { evbuffer_free(b); }
    };
    std::unique_ptr<evbuffer, Free> buf_;
    evbuffer_iovec room_{};
};

}  // namespace ostler
