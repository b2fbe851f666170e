// local_time_test.cc - times as text in zones east, west and in between.
#include "common/base/local_time.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace ostler;

namespace {

/// Another time zone for as long as it lives.  `second` of one row is not used by another: texts
/// are kept.
class Zone {
 public:
    explicit Zone(const char* name)
    {
        if (const char* before = std::getenv("TZ")) before_ = before;
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~Zone()
    {
        if (before_.empty())
            ::unsetenv("TZ");
        else
            ::setenv("TZ", before_.c_str(), 1);
        ::tzset();
    }

 private:
    std::string before_;
};

}  // namespace

TEST_CASE("a second in local time, in the four forms")
{
    struct Row {
        const char* zone;
        std::int64_t second;
        const char *date_time, *ncsa, *syslog, *offset;
    };
    const Row rows[] = {
        {"UTC0", 1795363389, "2026-11-22 16:03:09", "22/Nov/2026:16:03:09 +0000", "Nov 22 16:03:09",
         "+00:00"},
        {"CET-1", 1795363390, "2026-11-22 17:03:10", "22/Nov/2026:17:03:10 +0100",
         "Nov 22 17:03:10", "+01:00"},
        {"NST3:30", 1795363391, "2026-11-22 12:33:11", "22/Nov/2026:12:33:11 -0330",
         "Nov 22 12:33:11", "-03:30"},
        {"IST-5:30", 1795363392, "2026-11-22 21:33:12", "22/Nov/2026:21:33:12 +0530",
         "Nov 22 21:33:12", "+05:30"},
        {"UTC0", 0, "1970-01-01 00:00:00", "01/Jan/1970:00:00:00 +0000", "Jan  1 00:00:00",
         "+00:00"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.zone);
        const Zone zone(row.zone);
        const LocalTime& time = local_time(row.second);
        CHECK(std::string(time.date_time) == row.date_time);
        CHECK(std::string(time.ncsa) == row.ncsa);
        CHECK(std::string(time.syslog) == row.syslog);
        CHECK(std::string(time.zone) == row.offset);
        CHECK(std::string(time.date()) + " " + std::string(time.clock()) == row.date_time);
    }
}

TEST_CASE("neighbouring seconds are kept side by side")
{
    const LocalTime* const first = &local_time(5000);
    local_time(5001);
    CHECK(&local_time(5000) == first);
    CHECK(first->second == 5000);
}
