// chunked.cc - decodes the chunked transfer coding.
#include "common/http/chunked.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/http/chars.h"

namespace ostler {

namespace {

constexpr unsigned max_digits = 16;
constexpr std::uint64_t max_chunk = (std::uint64_t{1} << 63) - 1;
constexpr std::size_t max_extension_line = 1024;
constexpr std::size_t max_extensions = 16 * 1024;
constexpr std::size_t max_trailer = 8 * 1024;

bool is_text(char c) { return c == '\t' || !is_control(c); }

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::step(std::string_view input)
{
    for (std::size_t used = 0;;) {
        if (state_ == State::done) return {Next::end, used, {}};
        if (state_ == State::failed) return {Next::bad, used, {}};
        if (used == input.size()) return {Next::more, used, {}};
        if (state_ == State::data) {
            const auto size = std::min<std::uint64_t>(left_, input.size() - used);
            const std::string_view content = input.substr(used, static_cast<std::size_t>(size));
            left_ -= size;
            if (left_ == 0) state_ = State::data_cr;
            return {Next::data, used + content.size(), content};
        }
        const State next = take(input[used]);
        // The byte that is wrong is not consumed.
        if (next != State::failed) ++used;
        state_ = next;
    }
}

// One byte that is not content.
ChunkedDecoder::State ChunkedDecoder::take(char c)
{
    switch (state_) {
    case State::size: return take_size(c);
    case State::extension: return take_extension(c);
    case State::size_lf:
        if (c != '\n') return fail("CR without LF after a chunk size");
        extension_line_ = 0;
        digits_ = 0;
        return left_ == 0 ? State::trailer : State::data;
    case State::data_cr: return c == '\r' ? State::data_lf : fail("no CRLF after a chunk");
    case State::data_lf: return c == '\n' ? State::size : fail("no CRLF after a chunk");
    case State::trailer:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf: return take_trailer(c);
    case State::end_lf:
        return c == '\n' ? State::done : fail("CR without LF after the trailer section");
    case State::data:
    case State::done:
    case State::failed: break;
    }
    return State::failed;
}

ChunkedDecoder::State ChunkedDecoder::take_size(char c)
{
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (digits_ == max_digits) return fail("a chunk size of more than 16 digits");
        if (left_ > max_chunk >> 4) return fail("a chunk size of 2^63 or more");
        left_ = left_ << 4 | static_cast<unsigned>(digit);
        ++digits_;
        return State::size;
    }
    if (digits_ == 0) return fail("no chunk size");
    if (c == '\r') return State::size_lf;
    if (c == ';') return take_extension(c);
    return fail("a chunk size that is not hexadecimal");
}

ChunkedDecoder::State ChunkedDecoder::take_extension(char c)
{
    if (c == '\r') return State::size_lf;
    if (!is_text(c)) return fail("control byte in a chunk extension");
    if (++extension_line_ > max_extension_line) return fail("a chunk extension is too long");
    if (++extension_all_ > max_extensions) return fail("chunk extensions are too long");
    return State::extension;
}

ChunkedDecoder::State ChunkedDecoder::take_trailer(char c)
{
    if (state_ == State::trailer && c == '\r') return State::end_lf;
    if (++trailer_all_ > max_trailer) return fail("the trailer section is too long");
    switch (state_) {
    case State::trailer:
        return is_tchar(c) ? State::trailer_name : fail("bad name of a trailer field");
    case State::trailer_name:
        if (is_tchar(c)) return State::trailer_name;
        return c == ':' ? State::trailer_value : fail("bad name of a trailer field");
    case State::trailer_value:
        if (c == '\r') return State::trailer_lf;
        return is_text(c) ? State::trailer_value : fail("control byte in a trailer field");
    case State::trailer_lf:
        return c == '\n' ? State::trailer : fail("CR without LF in the trailer section");
    default: return State::failed;
    }
}

ChunkedDecoder::State ChunkedDecoder::fail(const char* why)
{
    why_ = why;
    return State::failed;
}

}  // namespace ostler
