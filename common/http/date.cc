// date.cc - HTTP dates without locale, time zone or strptime.
#include "common/http/date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::array<std::string_view, 7> long_day_names = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t first_second = -62'167'219'200;  // 0000-01-01 00:00:00
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31 23:59:59

using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Moment {
    int year = 0, month = 0, day = 0;  // month 1 to 12
    std::int64_t of_day = 0;           // seconds since midnight
};

std::int64_t to_seconds(const Moment& m)
{
    const sys_days days = std::chrono::year(m.year) /
                          std::chrono::month(static_cast<unsigned>(m.month)) /
                          std::chrono::day(static_cast<unsigned>(m.day));
    return std::int64_t{days.time_since_epoch().count()} * day_seconds + m.of_day;
}

Moment to_moment(std::int64_t seconds)
{
    seconds = std::clamp(seconds, first_second, last_second);
    const std::int64_t days = (seconds - first_second) / day_seconds + first_second / day_seconds;
    const year_month_day date{sys_days{std::chrono::days{static_cast<int>(days)}}};
    return {int{date.year()}, static_cast<int>(unsigned{date.month()}),
            static_cast<int>(unsigned{date.day()}), seconds - days * day_seconds};
}

void put_two(char* out, std::int64_t n)
{
    out[0] = static_cast<char>('0' + n / 10);
    out[1] = static_cast<char>('0' + n % 10);
}

/// Takes a date apart from the left.  After a mismatch everything fails.
class Reader {
 public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool literal(std::string_view text)
    {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    /// Exactly `digits` digits, between `min` and `max`.
    bool number(std::size_t digits, int min, int max, int& value)
    {
        if (rest_.size() < digits) return false;
        value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!is_digit(rest_[i])) return false;
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value >= min && value <= max;
    }
    /// One of `names`, which are three letters each; `value` counts from 1.
    bool name(std::string_view names, int& value)
    {
        if (rest_.size() < 3) return false;
        for (std::size_t i = 0; i < names.size(); i += 3) {
            if (rest_.substr(0, 3) != names.substr(i, 3)) continue;
            rest_.remove_prefix(3);
            value = static_cast<int>(i / 3) + 1;
            return true;
        }
        return false;
    }
    bool long_day_name()
    {
        return std::any_of(long_day_names.begin(), long_day_names.end(),
                           [this](std::string_view day) { return literal(day); });
    }
    /// "08:49:37"; 60 is a leap second (RFC 9110 section 5.6.7).
    bool time(std::int64_t& of_day)
    {
        int hour = 0, minute = 0, second = 0;
        const bool good = number(2, 0, 23, hour) && literal(":") && number(2, 0, 59, minute) &&
                          literal(":") && number(2, 0, 60, second);
        of_day = hour * 3600 + minute * 60 + second;
        return good;
    }

 private:
    std::string_view rest_;
};

bool exists(const Moment& m)
{
    return (std::chrono::year(m.year) / std::chrono::month(static_cast<unsigned>(m.month)) /
            std::chrono::day(static_cast<unsigned>(m.day)))
        .ok();
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
bool read_imf_fixdate(Reader r, Moment& m)
{
    int weekday = 0;
    return r.name(day_names, weekday) && r.literal(", ") && r.number(2, 1, 31, m.day) &&
           r.literal(" ") && r.name(month_names, m.month) && r.literal(" ") &&
           r.number(4, 0, 9999, m.year) && r.literal(" ") && r.time(m.of_day) &&
           r.literal(" GMT") && r.at_end();
}

// "Sunday, 06-Nov-94 08:49:37 GMT"; the year is left as two digits.
bool read_rfc850(Reader r, Moment& m)
{
    return r.long_day_name() && r.literal(", ") && r.number(2, 1, 31, m.day) && r.literal("-") &&
           r.name(month_names, m.month) && r.literal("-") && r.number(2, 0, 99, m.year) &&
           r.literal(" ") && r.time(m.of_day) && r.literal(" GMT") && r.at_end();
}

// "Sun Nov  6 08:49:37 1994"
bool read_asctime(Reader r, Moment& m)
{
    int weekday = 0;
    return r.name(day_names, weekday) && r.literal(" ") && r.name(month_names, m.month) &&
           r.literal(" ") &&
           (r.literal(" ") ? r.number(1, 1, 9, m.day) : r.number(2, 1, 31, m.day)) &&
           r.literal(" ") && r.time(m.of_day) && r.literal(" ") && r.number(4, 0, 9999, m.year) &&
           r.at_end();
}

/// The latest year with these two digits that is not more than 50 years after `now`.
void complete_year(Moment& m, std::int64_t now)
{
    Moment limit = to_moment(now);
    limit.year = std::min(limit.year + 50, 9999);
    m.year += limit.year / 100 * 100;
    const auto rank = [](const Moment& x) {
        return ((x.year * 12 + x.month) * std::int64_t{31} + x.day) * (day_seconds + 1) + x.of_day;
    };
    if (rank(m) > rank(limit)) m.year -= 100;
}

}  // namespace

void format_http_date(std::int64_t seconds, char* out)
{
    const Moment m = to_moment(seconds);
    const std::int64_t days = (to_seconds(m) - m.of_day) / day_seconds;
    const auto weekday = static_cast<std::size_t>(((days + 4) % 7 + 7) % 7);  // 1970: a Thursday
    std::memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", http_date_size);
    std::memcpy(out, day_names.data() + weekday * 3, 3);
    put_two(out + 5, m.day);
    std::memcpy(out + 8, month_names.data() + (m.month - 1) * 3, 3);
    put_two(out + 12, m.year / 100);
    put_two(out + 14, m.year % 100);
    put_two(out + 17, m.of_day / 3600);
    put_two(out + 20, m.of_day / 60 % 60);
    put_two(out + 23, m.of_day % 60);
}

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now)
{
    Moment m;
    const Reader r(text);
    if (!read_imf_fixdate(r, m) && !read_asctime(r, m)) {
        if (!read_rfc850(r, m)) return std::nullopt;
        complete_year(m, now);
    }
    if (!exists(m)) return std::nullopt;
    return to_seconds(m);
}

}  // namespace ostler
