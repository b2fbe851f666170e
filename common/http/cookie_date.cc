// cookie_date.cc - the algorithm of RFC 6265bis section 5.1.1, which takes nearly anything.
#include "common/http/cookie_date.h"

#include <chrono>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view month_names = "janfebmaraprmayjunjulaugsepoctnovdec";

bool is_delimiter(char c)
{
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// `least` to `most` digits at the start of `text`, then no digit; takes them off.
bool take_number(std::string_view& text, std::size_t least, std::size_t most, int& value)
{
    std::size_t digits = 0;
    int number = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        if (digits == most) return false;
        number = number * 10 + (text[digits] - '0');
    }
    if (digits < least) return false;
    text.remove_prefix(digits);
    value = number;
    return true;
}

bool take_colon(std::string_view& text)
{
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
    return true;
}

class CookieDate {
 public:
    /// The first token that fits is the time, and so on.
    void take(std::string_view token)
    {
        if (!has_time_ && take_time(token)) return;
        std::string_view rest = token;
        if (!has_day_ && take_number(rest, 1, 2, day_)) {
            has_day_ = true;
            return;
        }
        if (month_ == 0 && take_month(token)) return;
        rest = token;
        if (!has_year_ && take_number(rest, 2, 4, year_)) has_year_ = true;
    }

    std::optional<std::int64_t> seconds() const
    {
        if (!has_time_ || !has_day_ || month_ == 0 || !has_year_) return std::nullopt;
        int year = year_;
        if (year >= 70 && year <= 99) year += 1900;
        if (year >= 0 && year <= 69) year += 2000;
        constexpr int first_year = 1601;
        if (year < first_year || hour_ > 23 || minute_ > 59 || second_ > 59) return std::nullopt;
        const std::chrono::year_month_day date = std::chrono::year(year) /
                                                 std::chrono::month(month_) /
                                                 std::chrono::day(static_cast<unsigned>(day_));
        if (!date.ok()) return std::nullopt;
        const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
        return days * 86'400 + hour_ * 3600 + minute_ * 60 + second_;
    }

 private:
    bool take_time(std::string_view token)
    {
        int hour = 0, minute = 0, second = 0;
        if (!take_number(token, 1, 2, hour) || !take_colon(token) ||
            !take_number(token, 1, 2, minute) || !take_colon(token) ||
            !take_number(token, 1, 2, second))
            return false;
        hour_ = hour;
        minute_ = minute;
        second_ = second;
        return has_time_ = true;
    }

    bool take_month(std::string_view token)
    {
        if (token.size() < 3) return false;
        for (unsigned m = 0; m < 12; ++m) {
            if (!same_ignoring_case(token.substr(0, 3), month_names.substr(std::size_t{m} * 3, 3)))
                continue;
            month_ = m + 1;
            return true;
        }
        return false;
    }

    int hour_ = 0, minute_ = 0, second_ = 0, day_ = 0, year_ = 0;
    unsigned month_ = 0;  // 0: none yet
    bool has_time_ = false, has_day_ = false, has_year_ = false;
};

}  // namespace

std::optional<std::int64_t> parse_cookie_date(std::string_view text)
{
    CookieDate date;
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size() && !is_delimiter(text[size])) ++size;
        if (size > 0) date.take(text.substr(0, size));
        text.remove_prefix(size < text.size() ? size + 1 : size);
    }
    return date.seconds();
}

}  // namespace ostler
