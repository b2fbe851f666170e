// accesslog_terminal.cc - a line a request for a person at a terminal (`ostler serve`).
#include <string_view>

#include "common/base/local_time.h"
#include "common/base/log_line.h"
#include "common/exchange.h"
#include "modules/accesslog.h"

namespace ostler {

namespace {

using std::string_view;

constexpr string_view reset = "\x1b[0m";
constexpr string_view faint = "\x1b[2m";

/// Green what went well, cyan redirects, yellow the client's mistakes, red ours.
string_view colour_of(int status)
{
    switch (status / 100) {
    case 2: return "\x1b[32m";
    case 3: return "\x1b[36m";
    case 4: return "\x1b[33m";
    default: return "\x1b[1;31m";
    }
}

/// One decimal below 10, none above: "3.4", "120".
void put_scaled(LogLine& line, std::uint64_t value, std::uint64_t unit)
{
    std::uint64_t tenths = (value * 10 + unit / 2) / unit;
    if (value / unit >= 10) {
        line.put((value + unit / 2) / unit);
        return;
    }
    line.put(tenths / 10);
    line.put('.');
    line.put(tenths % 10);
}

void put_size(LogLine& line, std::uint64_t bytes)
{
    constexpr string_view names[] = {" KiB", " MiB", " GiB"};
    if (bytes < 1024) {
        line.put(bytes);
        return line.put(" B");
    }
    std::size_t i = 0;
    std::uint64_t unit = 1024;
    while (i < 2 && bytes / unit >= 1024) {
        unit *= 1024;
        ++i;
    }
    put_scaled(line, bytes, unit);
    line.put(names[i]);
}

void put_duration(LogLine& line, std::int64_t us)
{
    const auto n = static_cast<std::uint64_t>(us < 0 ? 0 : us);
    const bool is_long = n >= 1'000'000;
    put_scaled(line, n, is_long ? 1'000'000 : 1000);
    line.put(is_long ? " s" : " ms");
}

class Terminal final : public AccessFormat {
 public:
    explicit Terminal(bool colour) : colour_(colour) {}

    void write(LogLine& line, const Exchange& x) const override
    {
        const int status = access_status(x);
        paint(line, faint);
        line.put(local_time(x.traffic.started_us / 1'000'000).clock());
        paint(line, reset);
        line.put(' ');
        put_request(line, x);
        line.put(' ');
        paint(line, colour_of(status));
        line.put(status);
        paint(line, reset);
        line.put(' ');
        put_size(line, x.traffic.sent_body);
        line.put(' ');
        put_duration(line, x.traffic.duration_us);
        if (!x.traffic.complete) line.put(" incomplete");
    }

 private:
    void paint(LogLine& line, string_view code) const
    {
        if (colour_) line.put(code);
    }
    static void put_request(LogLine& line, const Exchange& x)
    {
        constexpr std::size_t column = 4;  // GET, HEAD and POST: paths stand below each other
        if (!has_request_line(x)) return line.put("-    -");
        const string_view method = x.request.method_name;
        line.put_text(method, access_value_size);
        for (std::size_t n = method.size(); n < column; ++n) line.put(' ');
        line.put(' ');
        line.put_text(x.request.target, access_value_size);
    }

    bool colour_;
};

}  // namespace

std::shared_ptr<const AccessFormat> make_terminal_format(bool colour)
{
    return std::make_shared<Terminal>(colour);
}

}  // namespace ostler
