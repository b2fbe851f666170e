// fuzz_date.cc - HTTP dates: what is read is written and read again.
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/http/date.h"

using namespace ostler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const std::int64_t now : {std::int64_t{0}, std::int64_t{1'767'225'600}, INT64_MAX}) {
        const auto seconds = parse_http_date(input, now);
        if (!seconds) continue;
        char text[http_date_size];
        format_http_date(*seconds, text);
        // The last second of 9999 may be a leap second, and is not representable.
        const auto again = parse_http_date({text, sizeof text}, now);
        CHECK_THAT(again && (*again == *seconds || *seconds == 253'402'300'800));
    }
    return 0;
}
