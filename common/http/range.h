// range.h - byte ranges (RFC 9110 section 14).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ostler {

/// Part of a representation; never empty when it comes from parse_range.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t length = 0;
    std::uint64_t last() const { return first + length - 1; }
    bool operator==(const ByteRange&) const = default;
};

/// What a Range field asks of a representation of known size.
struct RangeRequest {
    static constexpr std::size_t max_ranges = 16;
    enum class Kind : unsigned char {
        whole,          ///< ignore the field: 200
        parts,          ///< 206: one range, or several as multipart/byteranges
        unsatisfiable,  ///< 416
    };
    Kind kind = Kind::whole;
    std::size_t count = 0;
    std::array<ByteRange, max_ranges> ranges{};

    std::span<const ByteRange> parts() const { return {ranges.data(), count}; }
};

/// Evaluates the value of a Range field.  Ranges that touch or overlap become one, at the place
/// of the first; the others keep their order.  Another unit, bad syntax, more than 16 ranges, or
/// several that ask for as much as the whole: Kind::whole.
RangeRequest parse_range(std::string_view value, std::uint64_t size);

/// Room for the longest Content-Range value.
constexpr std::size_t content_range_size = 72;
/// Writes "bytes 0-499/1234" to `out`; returns its length.
std::size_t write_content_range(ByteRange range, std::uint64_t size, char* out);
/// Writes "bytes */1234", the value for 416; returns its length.
std::size_t write_unsatisfied_range(std::uint64_t size, char* out);

}  // namespace ostler
