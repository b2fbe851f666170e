// fuzz_range.cc - Range, the preconditions, If-Range and Accept-Encoding on any bytes.
//
// The input is lines: the first is the size of the representation, the others are fields.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/http/accept_encoding.h"
#include "common/http/conditional.h"
#include "common/http/range.h"

using namespace ostler;

namespace {

std::string_view take_line(std::string_view& text)
{
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

void check_range(std::string_view value, std::uint64_t size)
{
    const RangeRequest r = parse_range(value, size);
    CHECK_THAT((r.kind == RangeRequest::Kind::parts) == (r.count > 0));
    CHECK_THAT(r.count <= RangeRequest::max_ranges);
    for (std::size_t i = 0; i < r.count; ++i) {
        const ByteRange& a = r.ranges[i];
        CHECK_THAT(a.length > 0 && a.first < size && a.length <= size - a.first);
        for (std::size_t j = 0; j < i; ++j) {
            const ByteRange& b = r.ranges[j];
            CHECK_THAT(a.last() < b.first || b.last() < a.first);
        }
        char out[content_range_size];
        CHECK_THAT(write_content_range(a, size, out) <= sizeof out);
    }
}

void check_coding(std::string_view value)
{
    const AcceptedCodings accepted(&value);
    for (unsigned available = 0; available < 1u << coding_count; ++available) {
        const auto coding = accepted.choose(available);
        if (!coding) continue;
        CHECK_THAT(*coding == Coding::identity || (available & coding_bit(*coding)));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length)
{
    std::string_view text(reinterpret_cast<const char*>(data), length);
    const std::string_view first = take_line(text);
    std::uint64_t size = 0;
    std::from_chars(first.data(), first.data() + first.size(), size);

    Arena arena;
    Fields fields(arena);
    while (!text.empty() && fields.size() < 100) {
        const std::string_view line = take_line(text);
        const std::size_t colon = line.find(':');
        if (colon == line.npos) continue;
        fields.add(line.substr(0, colon), line.substr(colon + 1));
    }
    if (const std::string_view* value = fields.find(FieldId::range)) check_range(*value, size);
    if (const std::string_view* value = fields.find(FieldId::accept_encoding)) check_coding(*value);
    const Validators validators{"\"1-2-3\"", 784111777, 784111999};
    for (const Method method : {Method::get, Method::put}) {
        const Precondition p = evaluate_preconditions(fields, method, validators);
        CHECK_THAT(method == Method::get || p != Precondition::not_modified);
    }
    (void)if_range_holds(fields, validators);
    return 0;
}
