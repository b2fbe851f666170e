// accesslog.h - settings of the access log in one scope.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/http/status.h"

namespace ostler {

class Exchange;
class LogLine;
class LogSink;

/// A format, compiled: writes the line of one exchange, without newline.
class AccessFormat {
 public:
    virtual ~AccessFormat() = default;
    virtual void write(LogLine& line, const Exchange& exchange) const = 0;
};

/// Which requests get no line.
struct AccessSkip {
    std::vector<std::string> paths;  ///< prefixes of the normalised path
    std::vector<int> statuses;       ///< 304, or 2 for all of 2xx
    bool empty() const { return paths.empty() && statuses.empty(); }
    bool matches(const Exchange& exchange) const;
};

struct AccesslogConf {
    std::string file = "off";
    std::string format = "combined";
    std::vector<std::string> cookies;              ///< shown by the format; others are redacted
    std::shared_ptr<const AccessFormat> compiled;  ///< null: combined
    AccessSkip skip;
    LogSink* sink = nullptr;  ///< null: off; set by open()
};

/// The longest line, newline included; longer ones are cut where no value is torn apart.
constexpr std::size_t access_line_size = 48 * 1024;
/// The most one value may take of it, escapes included: a request target is at most as long.
constexpr std::size_t access_value_size = 8 * 1024;

/// A name (combined, json …) or a format string as a format; null, and `error` says what is wrong
/// and at which column, when it is neither.  `colour`: the format "terminal" may use it.
/// `cookies`: whose values may be written; %{NAME}C of another says only that it was sent.
std::shared_ptr<const AccessFormat>
compile_access_format(const std::string& format, bool colour, std::string& error,
                      const std::vector<std::string>& cookies = {});

/// What the client got; 499 when it left before the first byte of an answer.
int access_status(const Exchange& exchange);

/// True when a request line was understood: there is something to log of it.
bool has_request_line(const Exchange& exchange);

// The formats that are no strings of directives.
std::shared_ptr<const AccessFormat> make_json_format();
std::shared_ptr<const AccessFormat> make_terminal_format(bool colour);

}  // namespace ostler
