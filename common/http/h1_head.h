// h1_head.h - the head of an HTTP/1 request: from bytes to values (RFC 9112 sections 2 to 6).
//
// Two pure steps.  HeadScanner looks at bytes as they come, in any pieces, and finds where the
// head ends or that it never can; parse_head() then reads the whole head in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/message.h"

namespace ostler {

/// In bytes; a line is counted without its CRLF.
struct HeadLimits {
    std::size_t request_line = 8 * 1024;   ///< more: 414
    std::size_t field_line = 8 * 1024;     ///< more: 431
    std::size_t all_fields = 32 * 1024;    ///< more: 431
    std::size_t field_count = 100;         ///< more: 431
};

/// What went wrong, for the client and for the log.
struct HeadError {
    Code status = Code::bad_request;
    const char* why = "";   ///< constant text, lower case: "bare LF in the head"
};

/// Finds the end of a head.  The result depends on the bytes alone, not on how they were cut.
class HeadScanner {
 public:
    enum class Found : unsigned char { more, complete, bad };

    explicit HeadScanner(const HeadLimits& limits) : limits_(&limits) {}

    /// Goes on with the next bytes of the stream.  After complete or bad it must be reset().
    Found feed(std::string_view piece);

    /// After complete: bytes from the first one fed to the end of the empty line, the one
    /// ignored empty line before the request line included.
    std::size_t length() const { return length_; }
    /// After bad.
    const HeadError& error() const { return error_; }
    /// True before the first byte that counts, the one ignored empty line aside: an idle
    /// connection, not a request begun.
    bool untouched() const { return line_ == 0 && !in_fields_; }
    void reset() { *this = HeadScanner(*limits_); }

 private:
    std::size_t line_room() const;
    Found begin_line(char c);
    Found end_line();
    void watch_version(std::string_view text);
    Found too_long();
    Found fail(Code status, const char* why);

    const HeadLimits* limits_;
    std::size_t length_ = 0;     // bytes taken
    std::size_t line_ = 0;       // bytes of the current line
    std::size_t fields_ = 0;     // bytes of all field lines so far
    std::size_t count_ = 0;      // field lines so far
    unsigned char version_ = 0;  // bytes of " HTTP/1.1" the request line ends with so far
    bool in_fields_ = false;     // the request line is complete
    bool after_cr_ = false;
    bool skipped_empty_ = false; // the one empty line before the request line
    HeadError error_;
};

/// How the message goes on after its head.
struct Framing {
    bool chunked = false;
    std::optional<std::uint64_t> content_length;  ///< as sent; 0 is possible
    bool keep_alive = true;        ///< what the client asks for, version included
    bool echo_keep_alive = false;  ///< HTTP/1.0 with keep-alive: the answer says so, too
    bool expect_continue = false;
};

/// Parses a complete head as found by HeadScanner.  Views in `request` point into `head` or
/// into `arena`; `head` must live as long as the arena's content.  Fills every member of
/// `request` that comes from the head, `body` and `peer` excepted.  Nothing: it is good.
/// On an error, what was understood before it is filled in, for the log.
std::optional<HeadError> parse_head(std::string_view head, const HeadLimits& limits, Arena& arena,
                                    Request& request, Framing& framing);

}  // namespace ostler
