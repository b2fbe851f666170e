// chunked.h - the chunked transfer coding of a request (RFC 9112 section 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ostler {

/// Decodes a chunked body that arrives in any pieces.  Holds no bytes: it tells the caller
/// which of the caller's bytes are content.
class ChunkedDecoder {
 public:
    enum class Next : unsigned char {
        more,  ///< everything given was used; needs bytes
        data,  ///< `content` is a part of the body
        end,   ///< the body and its trailer section are complete; the rest is the next request
        bad,   ///< not chunked coding as the RFC has it: 400 and close
    };
    struct Step {
        Next next = Next::more;
        std::size_t used = 0;      ///< bytes of the input consumed by this step, content included
        std::string_view content;  ///< with Next::data; part of the input
    };

    /// Looks at `input`, the bytes not consumed yet, and takes one step.
    Step step(std::string_view input);
    /// After bad: constant text for the log.
    const char* why() const { return why_; }

 private:
    enum class State : unsigned char {
        // the line before a chunk
        size,
        extension,
        size_lf,
        // the chunk
        data,
        data_cr,
        data_lf,
        // after the last chunk
        trailer,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        // for good
        done,
        failed
    };
    State take(char c);
    State take_size(char c);
    State take_extension(char c);
    State take_trailer(char c);
    State fail(const char* why);

    State state_ = State::size;
    unsigned digits_ = 0;             // of the chunk size
    std::uint64_t left_ = 0;          // bytes of the current chunk still to come
    std::size_t extension_line_ = 0;  // bytes of the extension of this chunk
    std::size_t extension_all_ = 0;   // ... of all chunks
    std::size_t trailer_all_ = 0;     // bytes of the trailer section, line ends included
    const char* why_ = "";
};

}  // namespace ostler
