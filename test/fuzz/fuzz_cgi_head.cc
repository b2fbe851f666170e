// fuzz_cgi_head.cc - header sections of scripts: whole and cut in pieces, and what may come of them.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "modules/cgi_head.h"
#include "test/fuzz/pieces.h"

using namespace ostler;
using State = CgiHeadParser::State;

namespace {

void check_head(const CgiHead& head, bool nph)
{
    CHECK_THAT(head.fields.size() <= CgiHeadParser::most_fields);
    CHECK_THAT(!head.status || (to_int(*head.status) >= 200 && to_int(*head.status) <= 599));
    CHECK_THAT(nph || head.status || head.content_type || head.location || head.sendfile);
    for (const std::string_view* value : {head.content_type, head.location, head.sendfile})
        CHECK_THAT(!value || is_field_value(*value));
    for (const Field& field : head.fields) {
        CHECK_THAT(is_token(field.name) && is_field_value(field.value));
        CHECK_THAT(field.id == field_id(field.name));
        CHECK_THAT(field.id != FieldId::content_length && field.id != FieldId::connection);
        CHECK_THAT(field.id != FieldId::transfer_encoding && field.id != FieldId::location);
    }
}

struct Outcome {
    State state = State::more;
    std::size_t used = 0;
    std::string why;
    bool operator==(const Outcome&) const = default;
};

/// Feeds `text` as a script would write it: what is not used yet comes again, with more behind it.
template <class Cut> Outcome parse(std::string_view text, bool nph, Cut next_piece)
{
    Arena arena;
    CgiHeadParser parser(arena, nph);
    Outcome out;
    std::size_t end = 0;
    while (end < text.size() && out.state == State::more) {
        end += std::min<std::size_t>(next_piece(), text.size() - end);
        out.state = parser.feed(text.substr(out.used, end - out.used));
        CHECK_THAT(parser.used() <= end - out.used);
        out.used += parser.used();
    }
    if (out.state == State::complete) check_head(parser.head(), nph);
    if (out.state == State::invalid) {
        out.why = parser.why();
        CHECK_THAT(!out.why.empty());
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2) return 0;
    const bool nph = data[0] & 1;
    const unsigned step = 1u + data[1] % 64;
    const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
    const Outcome whole = parse(text, nph, [&] { return text.size(); });
    Outcome cut = parse(text, nph, [&] { return step; });
    // Where a section grows too large, the cuts decide how many of its lines were taken before.
    if (whole.state == State::invalid && cut.state == State::invalid) cut.used = whole.used;
    CHECK_THAT(whole == cut);
    return 0;
}
