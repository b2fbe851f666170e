// local_time.cc - broken-down local time, formatted once a second.
#include "common/base/local_time.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace ostler {

namespace {

constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// What a month can be, for the compiler's check of snprintf() sizes as well.
unsigned bounded(int n, unsigned below) { return n < 0 ? 0 : static_cast<unsigned>(n) % below; }

void format(std::int64_t second, LocalTime& to)
{
    const auto t = static_cast<std::time_t>(second);
    std::tm tm{};
    if (!localtime_r(&t, &tm)) tm = {};
    const unsigned year = bounded(tm.tm_year + 1900, 10'000);
    const unsigned month = bounded(tm.tm_mon, 12);
    const unsigned day = bounded(tm.tm_mday, 32);
    const unsigned hour = bounded(tm.tm_hour, 24);
    const unsigned minute = bounded(tm.tm_min, 60);
    const unsigned sec = bounded(tm.tm_sec, 61);
    const auto offset = static_cast<int>(tm.tm_gmtoff / 60);
    const char sign = offset < 0 ? '-' : '+';
    const unsigned zone_hours = bounded(std::abs(offset) / 60, 24);
    const unsigned zone_minutes = bounded(std::abs(offset) % 60, 60);

    std::snprintf(to.date_time, sizeof to.date_time, "%04u-%02u-%02u %02u:%02u:%02u", year,
                  month + 1, day, hour, minute, sec);
    std::snprintf(to.ncsa, sizeof to.ncsa, "%02u/%s/%04u:%02u:%02u:%02u %c%02u%02u", day,
                  months[month], year, hour, minute, sec, sign, zone_hours, zone_minutes);
    std::snprintf(to.syslog, sizeof to.syslog, "%s %2u %02u:%02u:%02u", months[month], day, hour,
                  minute, sec);
    std::snprintf(to.zone, sizeof to.zone, "%c%02u:%02u", sign, zone_hours, zone_minutes);
    to.second = second;
}

}  // namespace

const LocalTime& local_time(std::int64_t second)
{
    // Requests end out of order: those of neighbouring seconds must not evict each other.
    static LocalTime kept[4];
    LocalTime& slot = kept[second & 3];
    if (slot.second != second) format(second, slot);
    return slot;
}

}  // namespace ostler
