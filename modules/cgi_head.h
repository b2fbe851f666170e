// cgi_head.h - the header section of a script's output (RFC 3875 section 6.3), as a pure function
// on bytes that come in any pieces.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/fields.h"
#include "common/http/status.h"

namespace ostler {

/// What a header section says.  Views are in the arena that was given.
struct CgiHead {
    explicit CgiHead(Arena& arena) : fields(arena) {}

    /// Of the response: without those that are for the gateway or for one hop.
    Fields fields;
    std::optional<Code> status;
    std::optional<std::uint64_t> content_length;
    const std::string_view* content_type = nullptr;
    const std::string_view* location = nullptr;
    const std::string_view* sendfile = nullptr;  ///< X-Sendfile
};

class CgiHeadParser {
 public:
    enum class State : unsigned char { more, complete, invalid };
    static constexpr std::size_t most_bytes = 32 * 1024;
    static constexpr std::size_t most_fields = 100;

    /// `nph`: the output begins with the status line of an HTTP response.
    CgiHeadParser(Arena& arena, bool nph)
        : head_(arena), arena_(arena), status_line_(nph), nph_(nph)
    {
    }

    /// Looks at the output from the first byte that no call has used yet; uses whole lines only.
    /// The result depends on the bytes alone, not on how they were cut.
    State feed(std::string_view bytes);
    /// Bytes that the last feed() used.
    std::size_t used() const { return used_; }

    /// After complete.
    const CgiHead& head() const { return head_; }
    /// After invalid: constant text for the log.
    const char* why() const { return why_; }
    /// Why the output cannot be a response when it ends here.
    const char* why_ended() const;
    /// What the line was about that made it invalid; escaped by whoever logs it.
    std::string_view culprit() const { return culprit_; }

 private:
    State take_line(std::string_view line);
    State take_status_line(std::string_view line);
    State take_field(std::string_view name, std::string_view value);
    State take_status(std::string_view value);
    State take_length(std::string_view value);
    State finish();
    State fail(const char* why);

    CgiHead head_;
    Arena& arena_;
    std::size_t used_ = 0;
    std::size_t bytes_ = 0;  // of the lines so far
    std::size_t count_ = 0;  // fields so far
    const char* why_ = "";
    std::string_view culprit_;
    bool status_line_;  // comes next
    bool nph_;
};

}  // namespace ostler
