// autoindex_text.cc - escaping, sizes, dates, and keys to sort by.
#include "modules/autoindex_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

unsigned byte_at(std::string_view s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

/// One character of UTF-8: its code point and length; a length of 0 when there is none.
struct Character {
    std::uint32_t code = 0;
    std::size_t length = 0;
};

Character decode(std::string_view s)
{
    const unsigned first = byte_at(s, 0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || s.size() < length) return {};
    std::uint32_t code = first & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(s, i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte_at(s, i) & 0x3f);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
    return {code, length};
}

char* encode(char* to, std::uint32_t code)
{
    const auto put = [&](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
        return to;
    }
    if (code < 0x800) {
        put(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            put(0xe0 | code >> 12);
        } else {
            put(0xf0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3f));
        }
        put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
    return to;
}

char* copy(char* to, std::string_view text)
{
    text.copy(to, text.size());
    return to + text.size();
}

/// Line ends, and characters that reorder what stands beside them: a name must not pose as another.
bool misleads(std::uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200e || code == 0x200f || code == 0x061c || code == 0x2028 || code == 0x2029 ||
           code == 0xfeff || (code >= 0x80 && code < 0xa0);
}

/// Letters, digits and what else stands for itself everywhere.
constexpr std::array<bool, 256> make_plain(std::string_view others)
{
    std::array<bool, 256> is{};
    for (unsigned c = '0'; c <= '9'; ++c) is[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) is[c] = is[c - 32] = true;
    for (const char c : others) is[static_cast<unsigned char>(c)] = true;
    return is;
}
constexpr auto plain_text = make_plain(" !#$%()*+,-./:;=?@[]^_`{|}~");
constexpr auto unreserved = make_plain("-._~");

std::string_view html_entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
    }
}

std::string_view json_escape(char c)
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    default: return {};
    }
}

/// Writes what stands for the first character of `text`, which is not a plain one, and takes it.
template <class Escape> char* write_special(char* to, std::string_view& text, Escape escape)
{
    const Character c = decode(text);
    const std::string_view shown = text.substr(0, std::max<std::size_t>(c.length, 1));
    text.remove_prefix(shown.size());
    if (c.length == 0 || misleads(c.code)) return copy(to, replacement);
    if (c.code < 0x20) return encode(to, 0x2400 + c.code);
    if (c.code == 0x7f) return encode(to, 0x2421);
    const std::string_view e = escape(shown[0]);
    return copy(to, e.empty() ? shown : e);
}

template <class Escape> void append_escaped(std::string& to, std::string_view text, Escape escape)
{
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && plain_text[byte_at(text, plain)]) ++plain;
        to += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        char special[8];
        to.append(special, write_special(special, text, escape));
    }
}

char* write_two(char* to, unsigned n)
{
    to[0] = static_cast<char>('0' + n / 10 % 10);
    to[1] = static_cast<char>('0' + n % 10);
    return to + 2;
}

void write_day(char* to, std::int64_t days_since_1970)
{
    using namespace std::chrono;
    const year_month_day date{sys_days{days{days_since_1970}}};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    to = write_two(write_two(to, year / 100), year);
    *to++ = '-';
    to = write_two(to, static_cast<unsigned>(date.month()));
    *to++ = '-';
    write_two(to, static_cast<unsigned>(date.day()));
}

std::uint32_t fold(std::uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0xc0 && c <= 0xde) return c == 0xd7 ? c : c + 32;
    if (c >= 0x100 && c <= 0x17f) {
        if (c == 0x130 || c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17f) return c;
        if (c == 0x178) return 0xff;
        const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || c >= 0x179;
        return (c & 1) == (odd_is_upper ? 1u : 0u) ? c + 1 : c;
    }
    if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) return c + 32;
    if (c >= 0x400 && c <= 0x40f) return c + 80;
    if (c >= 0x410 && c <= 0x42f) return c + 32;
    return c;
}

/// The next character, folded, to `to`; returns how many bytes of `s` it was.  Never longer than
/// it was.
std::size_t write_folded(char*& to, std::string_view s)
{
    const Character c = byte_at(s, 0) < 0x80 ? Character{} : decode(s);
    if (c.length == 0) {
        *to++ = lower(s[0]);
        return 1;
    }
    to = encode(to, fold(c.code));
    return c.length;
}

}  // namespace

void append_html(std::string& to, std::string_view text) { append_escaped(to, text, html_entity); }
void append_json(std::string& to, std::string_view text) { append_escaped(to, text, json_escape); }

char* write_html(char* to, std::string_view text)
{
    while (!text.empty()) {
        std::size_t plain = 0;
        for (; plain < text.size() && plain_text[byte_at(text, plain)]; ++plain)
            *to++ = text[plain];
        text.remove_prefix(plain);
        if (!text.empty()) to = write_special(to, text, html_entity);
    }
    return to;
}

char* write_segment(char* to, std::string_view name)
{
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (unreserved[byte]) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = "0123456789ABCDEF"[byte >> 4];
        *to++ = "0123456789ABCDEF"[byte & 15];
    }
    return to;
}

void append_segment(std::string& to, std::string_view name)
{
    const std::size_t before = to.size();
    to.resize(before + name.size() * segment_room);
    to.resize(static_cast<std::size_t>(write_segment(to.data() + before, name) - to.data()));
}

std::string decode_query_value(std::string_view value)
{
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool escape = value[i] == '%' && i + 2 < value.size() &&
                            hex_value(value[i + 1]) >= 0 && hex_value(value[i + 2]) >= 0;
        if (escape) {
            out += static_cast<char>(hex_value(value[i + 1]) * 16 + hex_value(value[i + 2]));
            i += 2;
        } else {
            out += value[i] == '+' ? ' ' : value[i];
        }
    }
    return out;
}

char* write_size(char* to, std::uint64_t bytes)
{
    const auto number = [&](std::uint64_t n) { return std::to_chars(to, to + 20, n).ptr; };
    if (bytes < 1024) return copy(number(bytes), " B");
    constexpr std::string_view units[] = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    std::size_t unit = 0;
    std::uint64_t whole = bytes / 1024;
    std::uint64_t rest = bytes % 1024;
    while (whole >= 1024) {
        rest = whole % 1024 + (rest ? 1 : 0);
        whole /= 1024;
        ++unit;
    }
    const std::uint64_t tenths = whole * 10 + (rest * 10 + 1023) / 1024;
    if (tenths < 100) {
        to[0] = static_cast<char>('0' + tenths / 10);
        to[1] = '.';
        to[2] = static_cast<char>('0' + tenths % 10);
        return copy(to + 3, units[unit]);
    }
    if (tenths > 10230 && unit + 1 < std::size(units))
        return copy(copy(to, "1.0"), units[unit + 1]);
    return copy(number((tenths + 9) / 10), units[unit]);
}

void append_size(std::string& to, std::uint64_t bytes)
{
    char text[size_room];
    to.append(text, write_size(text, bytes));
}

char* DateText::write(char* to, std::int64_t seconds)
{
    constexpr std::int64_t first = -62167219200, last = 253402300799;  // the years 0 to 9999
    seconds = std::clamp(seconds, first, last);
    const std::int64_t day = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
    if (day != day_) write_day(text_, day);
    day_ = day;
    const auto rest = static_cast<unsigned>(seconds - day * 86400);
    to = copy(to, {text_, 10});
    *to++ = 'T';
    to = write_two(to, rest / 3600);
    *to++ = ':';
    to = write_two(to, rest / 60 % 60);
    *to++ = ':';
    to = write_two(to, rest % 60);
    *to++ = 'Z';
    return to;
}

std::string fold_case(std::string_view name)
{
    std::string out(name.size(), '\0');
    char* to = out.data();
    while (!name.empty()) name.remove_prefix(write_folded(to, name));
    out.resize(static_cast<std::size_t>(to - out.data()));
    return out;
}

char* write_sort_key(char* to, std::string_view name)
{
    while (!name.empty()) {
        if (!is_digit(name[0])) {
            name.remove_prefix(write_folded(to, name));
            continue;
        }
        // A number: '0' so that it stands among the digits, how long it is, what it is.
        std::size_t end = 0;
        while (end < name.size() && is_digit(name[end])) ++end;
        const std::size_t zeros = std::min(name.substr(0, end).find_first_not_of('0'), end);
        const std::string_view digits = name.substr(zeros, end - zeros);
        *to++ = '0';
        *to++ = static_cast<char>(std::min<std::size_t>(digits.size(), 255));
        to = copy(to, digits);
        name.remove_prefix(end);
    }
    return to;
}

}  // namespace ostler
