// fuzz_handover.cc - what a master finds in its environment: read, written, read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "server/handover.h"

using namespace ostler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length)
{
    const auto read = parse_handover({reinterpret_cast<const char*>(data), length});
    if (!read) return 0;
    const std::string text = format_handover(*read);
    const auto again = parse_handover(text);
    CHECK_THAT(again && format_handover(*again) == text);
    for (const int fd : read->fds()) CHECK_THAT(fd > 2);
    return 0;
}
