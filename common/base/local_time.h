// local_time.h - the texts of a point in local time, as logs want them.
#pragma once

#include <cstdint>
#include <string_view>

namespace ostler {

/// One second as text, whatever the locale.
struct LocalTime {
    std::int64_t second = -1;
    char date_time[20] = {};  ///< "2026-11-22 17:03:09"
    char ncsa[27] = {};       ///< "22/Nov/2026:17:03:09 +0100"
    char syslog[16] = {};     ///< "Nov 22 17:03:09"
    char zone[7] = {};        ///< "+01:00"

    std::string_view date() const { return {date_time, 10}; }
    std::string_view clock() const { return {date_time + 11, 8}; }
};

/// `second` counts from 1970; years 0 to 9999.  The last few seconds asked for are kept, so that
/// asking for them again costs nothing; the reference is valid until the next call.
const LocalTime& local_time(std::int64_t second);

}  // namespace ostler
