// json.cc - JSON text, piece by piece (RFC 8259).
#include "common/base/json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/base/log_line.h"
#include "common/base/text.h"

namespace ostler {

void append_json_text(std::string& out, std::string_view text)
{
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const std::size_t size = utf8_length(text);
        const auto c = static_cast<unsigned char>(text[0]);
        if (size == 0)
            out += "\\ufffd";
        else if (c == '"' || c == '\\')
            append(out, '\\', text[0]);
        else if (c < 0x20 || c == 0x7f)
            append(out, "\\u00", hex[c >> 4], hex[c & 15]);
        else
            out += text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    out += '"';
}

JsonWriter& JsonWriter::key(std::string_view name)
{
    separate();
    append_json_text(out_, name);
    out_ += ": ";
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text)
{
    separate();
    append_json_text(out_, text);
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(bool truth)
{
    separate();
    out_ += truth ? "true" : "false";
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(double number)
{
    separate();
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.6g", std::isfinite(number) ? number : 0.0);
    out_ += digits;
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::open(char bracket)
{
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket)
{
    out_ += bracket;
    comma_ = true;
    return *this;
}

void JsonWriter::separate()
{
    if (comma_) out_ += ", ";
    comma_ = false;
}

}  // namespace ostler
