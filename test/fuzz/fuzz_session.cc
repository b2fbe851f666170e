// fuzz_session.cc - values of a session: what is read is written and read again; wishes in response
// fields never stay there.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/text.h"
#include "modules/session_fields.h"
#include "modules/session_values.h"

using namespace ostler;

namespace {

void check_values(std::string_view input)
{
    std::size_t skipped = 0;
    const SessionValues values = decode_session_values(input, &skipped);
    CHECK_THAT(values.size() <= most_session_values);
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK_THAT(is_session_name(values[i].first));
        CHECK_THAT(i == 0 || values[i - 1].first < values[i].first);
    }
    const std::string text = encode_session_values(values);
    CHECK_THAT(text.size() == encoded_session_size(values));
    CHECK_THAT(is_field_value(text) && text.find(' ') == text.npos);
    CHECK_THAT(decode_session_values(text, &skipped) == values && skipped == 0);
    const std::string json = session_values_to_json(values);
    CHECK_THAT(json.front() == '{' && json.back() == '}');
    CHECK_THAT(is_field_value(json) && json.find('\t') == json.npos);

    const SessionValues half(values.begin(),
                             values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    SessionValues merged = half;
    apply_session_changes(merged, session_differences(half, values));
    CHECK_THAT(merged == values);
}

void check_fields(std::string_view input)
{
    Arena arena;
    Fields fields(arena);
    std::size_t others = 0;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        const std::string_view line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        const std::size_t colon = std::min(line.find(':'), line.size());
        fields.add(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    }
    for (const Field& f : fields) {
        const bool wish = same_ignoring_case(f.name.substr(0, 10), "X-Session-") ||
                          same_ignoring_case(f.name, "X-Replace-Session");
        others += !wish;
    }
    const SessionWishes wishes = take_session_wishes(fields);
    CHECK_THAT(fields.size() >= others);
    CHECK_THAT(!fields.find("X-Session-Set") && !fields.find("X-Replace-Session"));
    for (const SessionChange& change : wishes.changes) CHECK_THAT(is_session_name(change.name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_values(input);
    check_fields(input);
    private_cache_control(input);
    return 0;
}
