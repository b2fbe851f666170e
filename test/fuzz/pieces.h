// pieces.h - cuts an input into pieces, the same ones every time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ostler::fuzz {

/// Sizes from 1 to 16, sometimes more, that depend on the input alone: the input stays what a
/// client would send, and a crash can be repeated.
class Pieces {
 public:
    explicit Pieces(std::string_view input) : rest_(input)
    {
        for (const char c : input)
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    }

    bool empty() const { return rest_.empty(); }
    std::string_view next()
    {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        const auto dice = static_cast<std::size_t>(state_ >> 40);
        const std::size_t size = dice % 8 ? dice / 8 % 16 + 1 : dice / 8 % 4096 + 1;
        const std::string_view piece = rest_.substr(0, size);
        rest_.remove_prefix(piece.size());
        return piece;
    }

 private:
    std::string_view rest_;
    std::uint64_t state_ = 0xcbf29ce484222325u;
};

/// One byte at a time.
class Bytes {
 public:
    explicit Bytes(std::string_view input) : rest_(input) {}

    bool empty() const { return rest_.empty(); }
    std::string_view next()
    {
        const std::string_view piece = rest_.substr(0, 1);
        rest_.remove_prefix(1);
        return piece;
    }

 private:
    std::string_view rest_;
};

}  // namespace ostler::fuzz
