// fuzz_h1_head.cc - request heads: the scanner cut in pieces, and what parse_head() promises.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/http/chars.h"
#include "common/http/h1_head.h"
#include "test/fuzz/pieces.h"

using namespace ostler;
using Found = HeadScanner::Found;

namespace {

/// Reads every byte: the address sanitizer sees a view that points elsewhere.
void touch(std::string_view view)
{
    static volatile char sink;
    for (const char c : view) sink = c;
}

void check_path(std::string_view path)
{
    CHECK_THAT(path.starts_with('/'));
    CHECK_THAT(path.find("//") == path.npos);
    for (const char c : path) CHECK_THAT(!is_control(c));
    for (std::size_t at = 0; at != path.npos; at = path.find('/', at + 1)) {
        const std::string_view segment = path.substr(at + 1, path.find('/', at + 1) - at - 1);
        CHECK_THAT(segment != "." && segment != "..");
    }
}

void check_request(const Request& r, const Framing& framing)
{
    CHECK_THAT(is_token(r.method_name));
    CHECK_THAT(r.method != Method::unknown && r.method != Method::connect);
    if (r.path == "*")
        CHECK_THAT(r.method == Method::options);
    else
        check_path(r.path);
    CHECK_THAT(r.target.find_first_of(" \t#") == r.target.npos);
    CHECK_THAT(!r.raw_path.empty() && r.raw_path.find('?') == r.raw_path.npos);
    CHECK_THAT(r.has_query || r.query.empty());
    CHECK_THAT(r.minor_version == 0 || r.minor_version == 1);
    CHECK_THAT(r.minor_version == 0 || !r.host.empty());
    for (const char c : r.host) CHECK_THAT(c == lower(c) && c != '@' && c != '/' && c > ' ');

    const std::size_t lengths = r.fields.count(FieldId::content_length);
    const std::size_t codings = r.fields.count(FieldId::transfer_encoding);
    CHECK_THAT(r.fields.count(FieldId::host) <= 1 && lengths + codings <= 1);
    CHECK_THAT(framing.chunked == (codings == 1));
    CHECK_THAT(framing.content_length.has_value() == (lengths == 1));
    CHECK_THAT(framing.content_length == r.content_length);
    CHECK_THAT(!framing.echo_keep_alive || (framing.keep_alive && r.minor_version == 0));
    for (const Field& field : r.fields) {
        CHECK_THAT(is_token(field.name) && is_field_value(field.value));
        CHECK_THAT(field.value == trim(field.value));
        CHECK_THAT(field.id == field_id(field.name));
    }
}

struct Parsed {
    explicit Parsed(std::string_view head) : request(arena)
    {
        error = parse_head(head, limits, arena, request, framing);
        for (const std::string_view view :
             {request.method_name, request.target, request.scheme, request.host, request.path,
              request.raw_path, request.query})
            touch(view);
        for (const Field& field : request.fields) touch(field.name), touch(field.value);
        if (!error)
            check_request(request, framing);
        else
            CHECK_THAT(is_error(error->status) && *error->why);
    }
    const HeadLimits limits;
    Arena arena;
    Request request;
    Framing framing;
    std::optional<HeadError> error;
};

/// The scanner fed by `cut` must say what `whole` said.
template <class Cut> void check_cut(const HeadScanner& whole, Found found, Cut cut)
{
    const HeadLimits limits;
    HeadScanner scanner(limits);
    Found said = Found::more;
    while (!cut.empty() && said == Found::more) said = scanner.feed(cut.next());
    CHECK_THAT(said == found);
    if (found == Found::complete) CHECK_THAT(scanner.length() == whole.length());
    if (found != Found::bad) return;
    CHECK_THAT(scanner.error().status == whole.error().status);
    CHECK_THAT(std::string_view(scanner.error().why) == whole.error().why);
}

void check_scanner(std::string_view input)
{
    const HeadLimits limits;
    HeadScanner whole(limits);
    const Found found = whole.feed(input);
    check_cut(whole, found, fuzz::Pieces(input));
    check_cut(whole, found, fuzz::Bytes(input));
    if (found != Found::complete) {
        // Whoever parses the bytes nevertheless is told so.
        CHECK_THAT(Parsed(input).error);
        return;
    }
    CHECK_THAT(whole.length() <= input.size());
    // A copy of just the head, so that reading beyond it is seen.
    const std::string head(input.substr(0, whole.length()));
    const Parsed parsed(head);
    if (parsed.error) {
        CHECK_THAT(parsed.error->status != Code::uri_too_long);
        CHECK_THAT(parsed.error->status != Code::request_header_fields_too_large);
    }
    // The scanner ends a head where the parser does.
    if (head.size() < input.size()) CHECK_THAT(Parsed(input).error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    check_scanner({reinterpret_cast<const char*>(data), size});
    return 0;
}
