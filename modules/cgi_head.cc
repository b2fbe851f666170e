// cgi_head.cc - line by line, strictly: what is not a header section is an error of the script.
#include "modules/cgi_head.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t culprit_size = 80;

/// For one hop only (RFC 9110 section 7.6.1), or the server's business.
bool is_dropped(std::string_view name)
{
    for (const std::string_view known :
         {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
          "proxy-connection", "te", "trailer", "upgrade"})
        if (same_ignoring_case(name, known)) return true;
    return false;
}

/// Three digits from 200 to 599, then nothing or a space.
std::optional<Code> parse_status(std::string_view value)
{
    if (value.size() < 3 || (value.size() > 3 && value[3] != ' ')) return std::nullopt;
    if (!is_digit(value[0]) || !is_digit(value[1]) || !is_digit(value[2])) return std::nullopt;
    const int n = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    if (n < 200 || n > 599) return std::nullopt;
    return static_cast<Code>(n);
}

}  // namespace

CgiHeadParser::State CgiHeadParser::fail(const char* why)
{
    why_ = why;
    return State::invalid;
}

CgiHeadParser::State CgiHeadParser::feed(std::string_view bytes)
{
    used_ = 0;
    for (;;) {
        const std::string_view rest = bytes.substr(used_);
        const std::size_t end = rest.find('\n');
        const std::size_t size = end == rest.npos ? rest.size() : end + 1;
        if (bytes_ + size > most_bytes) return fail("the header section is larger than 32 KiB");
        if (end == rest.npos) return State::more;
        used_ += size;
        bytes_ += size;
        std::string_view line = rest.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) return finish();
        const State state = take_line(line);
        if (state == State::invalid) culprit_ = arena_.copy(line.substr(0, culprit_size));
        if (state != State::more) return state;
    }
}

CgiHeadParser::State CgiHeadParser::take_line(std::string_view line)
{
    if (status_line_) return take_status_line(line);
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon)))
        return fail("a line of the header section is not \"name: value\"");
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return fail("a field has a control character in its value");
    if (++count_ > most_fields) return fail("the header section has more than 100 fields");
    return take_field(line.substr(0, colon), arena_.copy(value));
}

CgiHeadParser::State CgiHeadParser::take_status_line(std::string_view line)
{
    status_line_ = false;
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7]) || line[8] != ' ')
        return fail("the output of an nph- script does not begin with an HTTP status line");
    return take_status(line.substr(9));
}

CgiHeadParser::State CgiHeadParser::take_field(std::string_view name, std::string_view value)
{
    const FieldId id = field_id(name);
    const auto keep = [&](const std::string_view*& place) {
        if (place) return false;
        place = arena_.make<std::string_view>(value);
        return true;
    };
    switch (id) {
    case FieldId::content_length: return take_length(value);
    case FieldId::transfer_encoding: return fail("a script must not send Transfer-Encoding");
    case FieldId::location:
        return keep(head_.location) ? State::more : fail("there are two Location fields");
    case FieldId::content_type:
        if (!keep(head_.content_type)) return fail("there are two Content-Type fields");
        break;
    default: break;  // known by its name, or a field like any other
    }
    if (same_ignoring_case(name, "status") && !nph_) return take_status(value);
    if (same_ignoring_case(name, "x-sendfile"))
        return keep(head_.sendfile) ? State::more : fail("there are two X-Sendfile fields");
    if (is_dropped(name)) return State::more;
    head_.fields.add(id == FieldId::other ? arena_.copy(name) : field_name(id), value, id);
    return State::more;
}

CgiHeadParser::State CgiHeadParser::take_status(std::string_view value)
{
    if (head_.status) return fail("there are two Status fields");
    head_.status = parse_status(value);
    return head_.status ? State::more : fail("the status is not a number from 200 to 599");
}

CgiHeadParser::State CgiHeadParser::take_length(std::string_view value)
{
    if (head_.content_length) return fail("there are two Content-Length fields");
    std::uint64_t n = 0;
    if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), is_digit))
        return fail("Content-Length is not a number");
    for (const char c : value) n = n * 10 + static_cast<std::uint64_t>(c - '0');
    head_.content_length = n;
    return State::more;
}

// RFC 3875 section 6.3: at least one field is for the gateway; without one it is chance that the
// first lines look like fields.
CgiHeadParser::State CgiHeadParser::finish()
{
    if (status_line_)
        return fail("the output of an nph- script does not begin with an HTTP status line");
    if (nph_ || head_.status || head_.content_type || head_.location || head_.sendfile)
        return State::complete;
    return fail(count_ == 0 ? "the output begins with an empty line: the header section is missing"
                            : "the header section has no Content-Type, Location or Status field");
}

const char* CgiHeadParser::why_ended() const
{
    return bytes_ == 0 ? "it ended without an answer"
                       : "it ended before the empty line that ends the header section";
}

}  // namespace ostler
