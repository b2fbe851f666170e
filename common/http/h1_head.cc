// h1_head.cc - finds and parses the head of an HTTP/1 request.
//
// Each fault is reported at the first byte that makes it certain, so that a client that does
// not speak HTTP/1 gets its answer at once, and cutting the stream elsewhere changes nothing.
#include "common/http/h1_head.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/http/chars.h"
#include "common/http/uri.h"

namespace ostler {

// --- HeadScanner -------------------------------------------------------------------

namespace {

// " HTTP/" DIGIT "." DIGIT; without it at the end of a request line it may be HTTP/0.9,
// where nothing would follow.
constexpr std::string_view version_form = " HTTP/0.0";

bool fits_version(char c, std::size_t at)
{
    return version_form[at] == '0' ? is_digit(c) : version_form[at] == c;
}

}  // namespace

HeadScanner::Found HeadScanner::feed(std::string_view piece)
{
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (at != end) {
        if (after_cr_) {
            ++length_;
            if (*at++ != '\n') return fail(Code::bad_request, "CR without LF in the head");
            after_cr_ = false;
            const Found found = end_line();
            if (found != Found::more) return found;
            continue;
        }
        if (line_ == 0 && *at != '\r') {
            const Found found = begin_line(*at);
            if (found != Found::more) return found;
        }
        // One byte more than may come is enough to know.
        const std::size_t room = line_room();
        const auto left = static_cast<std::size_t>(end - at);
        const char* const stop = find_control(at, at + std::min(left, room + 1));
        const auto run = static_cast<std::size_t>(stop - at);
        if (run > room) return too_long();
        if (!in_fields_) watch_version({at, run});
        line_ += run;
        length_ += run;
        at = stop;
        if (at == end) break;

        const char c = *at++;
        ++length_;
        if (c == '\r') {
            after_cr_ = true;
        } else if (c == '\t' && in_fields_) {
            if (run == room) return too_long();
            ++line_;
        } else {
            return fail(Code::bad_request,
                        c == '\n' ? "bare LF in the head" : "control byte in the head");
        }
    }
    return Found::more;
}

/// The most bytes this line may still have.
std::size_t HeadScanner::line_room() const
{
    if (!in_fields_) return limits_->request_line - line_;
    return std::min(limits_->field_line - line_, limits_->all_fields - fields_ - line_);
}

HeadScanner::Found HeadScanner::too_long()
{
    if (!in_fields_) return fail(Code::uri_too_long, "the request line is too long");
    return fail(Code::request_header_fields_too_large, line_room() == limits_->field_line - line_
                                                           ? "a field line is too long"
                                                           : "the fields are too long");
}

/// The first byte of a line that is not empty.
HeadScanner::Found HeadScanner::begin_line(char c)
{
    if (!in_fields_) {
        if (!is_tchar(c) && !is_control(c)) return fail(Code::bad_request, "no method");
        return Found::more;
    }
    if (count_ == limits_->field_count)
        return fail(Code::request_header_fields_too_large, "too many fields");
    ++count_;
    return Found::more;
}

HeadScanner::Found HeadScanner::end_line()
{
    if (line_ == 0) {
        if (in_fields_) return Found::complete;
        if (skipped_empty_) return fail(Code::bad_request, "empty lines instead of a request");
        skipped_empty_ = true;
        return Found::more;
    }
    if (in_fields_) {
        fields_ += line_;
    } else {
        if (version_ != version_form.size())
            return fail(Code::bad_request, "no HTTP version in the request line");
        in_fields_ = true;
    }
    line_ = 0;
    return Found::more;
}

/// Keeps how much of version_form the request line so far ends with.
void HeadScanner::watch_version(std::string_view text)
{
    if (text.size() > version_form.size()) {
        text.remove_prefix(text.size() - version_form.size());
        version_ = 0;
    }
    for (const char c : text) {
        if (version_ < version_form.size() && fits_version(c, version_))
            ++version_;
        else
            version_ = c == ' ' ? 1 : 0;
    }
}

HeadScanner::Found HeadScanner::fail(Code status, const char* why)
{
    error_ = {status, why};
    return Found::bad;
}

// --- parse_head --------------------------------------------------------------------

namespace {

constexpr std::uint64_t max_content_length = (std::uint64_t{1} << 63) - 1;

using Fault = std::optional<HeadError>;
bool is_space(char c) { return c == ' ' || c == '\t'; }
Fault bad(const char* why) { return HeadError{Code::bad_request, why}; }

class Parser {
 public:
    Parser(std::string_view head, const HeadLimits& limits, Arena& arena, Request& request,
           Framing& framing)
        : rest_(head), limits_(limits), arena_(arena), request_(request), framing_(framing)
    {
    }
    Fault run();

 private:
    Fault take_line(std::string_view& line);
    Fault request_line();
    Fault version(std::string_view text);
    Fault fields();
    Fault field(std::string_view line);
    Fault transfer();
    Fault content_length();
    Fault expectation();
    void persistence();
    Fault host();
    Fault target();
    Fault absolute_form(std::size_t authority_at);
    Fault authority_form();
    void split_query(std::string_view path_and_query);
    Fault path();

    std::string_view rest_;  // not parsed yet
    const HeadLimits& limits_;
    Arena& arena_;
    Request& request_;
    Framing& framing_;
};

// What is needed to answer at all comes first, the path last: a 404 for an encoded slash
// knows framing and persistence.
Fault Parser::run()
{
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(2);
    if (Fault f = request_line()) return f;
    if (Fault f = fields()) return f;
    persistence();
    if (Fault f = transfer()) return f;
    if (Fault f = host()) return f;
    if (Fault f = target()) return f;
    if (Fault f = expectation()) return f;
    return path();
}

/// The next line without its CRLF; it has no controls but HTAB.
Fault Parser::take_line(std::string_view& line)
{
    const char* const end = rest_.data() + rest_.size();
    const char* stop = find_control(rest_.data(), end);
    while (stop != end && *stop == '\t') stop = find_control(stop + 1, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return bad("a line of the head does not end with CRLF");
    const auto size = static_cast<std::size_t>(stop - rest_.data());
    line = rest_.substr(0, size);
    rest_.remove_prefix(size + 2);
    return {};
}

Fault Parser::request_line()
{
    std::string_view line;
    if (Fault f = take_line(line)) return f;
    if (line.size() > limits_.request_line)
        return HeadError{Code::uri_too_long, "the request line is too long"};
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || first == last) return bad("not a request line");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (!is_token(method)) return bad("the method is not a token");
    request_.method = to_method(method);
    request_.method_name = method;
    if (target.empty() || std::any_of(target.begin(), target.end(), is_space))
        return bad("space in the request line");
    request_.target = target;
    if (Fault f = version(line.substr(last + 1))) return f;
    if (request_.method == Method::unknown)
        return HeadError{Code::not_implemented, "unknown method"};
    return {};
}

// RFC 9112 section 2.3.
Fault Parser::version(std::string_view text)
{
    if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7]))
        return bad("no HTTP version in the request line");
    if (text.substr(5) == "0.9") return bad("HTTP/0.9");
    if (text[5] != '1')
        return HeadError{Code::http_version_not_supported, "not a version of HTTP/1"};
    request_.minor_version = text[7] == '0' ? 0 : 1;
    return {};
}

Fault Parser::fields()
{
    std::size_t size = 0;
    for (;;) {
        std::string_view line;
        if (Fault f = take_line(line)) return f;
        if (line.empty()) break;
        size += line.size();
        if (line.size() > limits_.field_line || size > limits_.all_fields ||
            request_.fields.size() == limits_.field_count)
            return HeadError{Code::request_header_fields_too_large, "too many or too long fields"};
        if (Fault f = field(line)) return f;
    }
    return rest_.empty() ? Fault{} : bad("bytes after the head");
}

// RFC 9112 section 5.  Controls were seen by take_line().
Fault Parser::field(std::string_view line)
{
    std::size_t colon = 0;
    while (colon < line.size() && is_tchar(line[colon])) ++colon;
    if (colon == 0) return bad(is_space(line[0]) ? "a folded field line" : "bad field name");
    if (colon == line.size() || line[colon] != ':') return bad("bad field name");
    request_.fields.add(line.substr(0, colon), trim(line.substr(colon + 1)));
    return {};
}

// RFC 9112 section 6.3, without its lenience.
Fault Parser::transfer()
{
    const Fields& fields = request_.fields;
    const std::string_view* coding = fields.find(FieldId::transfer_encoding);
    if (!coding) return content_length();
    if (fields.count(FieldId::transfer_encoding) > 1) return bad("two Transfer-Encoding fields");
    if (request_.minor_version == 0) return bad("Transfer-Encoding in HTTP/1.0");
    if (fields.find(FieldId::content_length)) return bad("Transfer-Encoding and Content-Length");
    if (!same_ignoring_case(*coding, "chunked"))
        return HeadError{Code::not_implemented, "a transfer coding other than chunked"};
    framing_.chunked = true;
    return {};
}

Fault Parser::content_length()
{
    const std::string_view* text = request_.fields.find(FieldId::content_length);
    if (!text) return {};
    if (request_.fields.count(FieldId::content_length) > 1) return bad("two Content-Length fields");
    if (text->empty()) return bad("bad Content-Length");
    std::uint64_t value = 0;
    for (const char c : *text) {
        if (!is_digit(c)) return bad("bad Content-Length");
        const auto digit = static_cast<unsigned>(c - '0');
        if (value > (max_content_length - digit) / 10) return bad("Content-Length of 2^63 or more");
        value = value * 10 + digit;
    }
    framing_.content_length = value;
    request_.content_length = value;
    return {};
}

// RFC 9110 section 10.1.1; HTTP/1.0 does not know 100.
Fault Parser::expectation()
{
    for (const Field& field : request_.fields) {
        if (field.id != FieldId::expect) continue;
        if (!same_ignoring_case(field.value, "100-continue"))
            return HeadError{Code::expectation_failed, "an expectation other than 100-continue"};
        framing_.expect_continue = request_.minor_version > 0 &&
                                   (framing_.chunked || framing_.content_length.value_or(0) > 0);
    }
    return {};
}

// RFC 9112 section 9.3.
void Parser::persistence()
{
    bool close = false, keep_alive = false;
    for (const Field& field : request_.fields) {
        if (field.id != FieldId::connection) continue;
        close = close || has_token(field.value, "close");
        keep_alive = keep_alive || has_token(field.value, "keep-alive");
    }
    const bool old = request_.minor_version == 0;
    framing_.keep_alive = !close && (keep_alive || !old);
    framing_.echo_keep_alive = old && framing_.keep_alive;
}

// RFC 9112 section 3.2.  It must be valid even where an absolute-form overrules it.
Fault Parser::host()
{
    const std::string_view* text = request_.fields.find(FieldId::host);
    if (!text) return request_.minor_version == 0 ? Fault{} : bad("no Host");
    if (request_.fields.count(FieldId::host) > 1) return bad("two Host fields");
    const auto authority = parse_authority(*text, arena_);
    if (!authority) return bad("bad Host");
    request_.host = authority->host;
    request_.port = authority->port;
    return {};
}

// RFC 9112 section 3.2: the four forms.
Fault Parser::target()
{
    const std::string_view target = request_.target;
    if (target.find('#') != target.npos) return bad("a fragment in the target");
    if (request_.method == Method::connect) return authority_form();
    if (target[0] == '/') {
        split_query(target);
        return {};
    }
    if (target == "*") {
        if (request_.method != Method::options) return bad("* is a target for OPTIONS only");
        request_.raw_path = request_.path = target;
        return {};
    }
    for (const std::string_view scheme : {"http://", "https://"})
        if (same_ignoring_case(target.substr(0, scheme.size()), scheme))
            return absolute_form(scheme.size());
    return bad("neither a path nor an http or https URI");
}

Fault Parser::absolute_form(std::size_t authority_at)
{
    std::string_view rest = request_.target.substr(authority_at);
    const std::size_t size = std::min(rest.find_first_of("/?"), rest.size());
    const auto authority = parse_authority(rest.substr(0, size), arena_);
    if (!authority) return bad("bad authority in the target");
    request_.host = authority->host;
    request_.port = authority->port;
    rest.remove_prefix(size);
    split_query(rest);
    if (!request_.raw_path.empty()) return {};
    // RFC 9112 section 3.2.4: without path and query OPTIONS means the server.
    const bool server = request_.method == Method::options && !request_.has_query;
    request_.raw_path = server ? "*" : "/";
    if (server) request_.path = "*";
    return {};
}

// No tunnels here (RFC 9110 section 9.3.6): what is well-formed gets another answer, that is all.
Fault Parser::authority_form()
{
    const auto authority = parse_authority(request_.target, arena_);
    if (!authority || authority->port == 0) return bad("bad target for CONNECT");
    request_.host = authority->host;
    request_.port = authority->port;
    return HeadError{Code::method_not_allowed, "CONNECT"};
}

void Parser::split_query(std::string_view path_and_query)
{
    const std::size_t mark = path_and_query.find('?');
    request_.raw_path = path_and_query.substr(0, mark);
    request_.has_query = mark != path_and_query.npos;
    if (request_.has_query) request_.query = path_and_query.substr(mark + 1);
}

Fault Parser::path()
{
    if (request_.raw_path == "*") return {};
    const Code code = normalise_path(request_.raw_path, arena_, request_.path);
    if (code == Code::ok) return {};
    return HeadError{code, code == Code::not_found ? "an encoded slash in the path" : "bad path"};
}

}  // namespace

std::optional<HeadError> parse_head(std::string_view head, const HeadLimits& limits, Arena& arena,
                                    Request& request, Framing& framing)
{
    return Parser(head, limits, arena, request, framing).run();
}

}  // namespace ostler
