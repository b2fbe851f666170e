// log_line.cc - escaping, bounded.
#include "common/base/log_line.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/base/local_time.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

constexpr unsigned char byte(char c) { return static_cast<unsigned char>(c); }

using Plain = std::array<bool, 256>;

/// The bytes that mean themselves everywhere: visible ASCII and space, without `but`.
constexpr Plain plain_without(std::string_view but)
{
    Plain plain{};
    for (std::size_t c = 0x20; c < 0x7f; ++c)
        plain[c] = but.find(static_cast<char>(c)) == std::string_view::npos;
    return plain;
}
constexpr Plain plain_text = plain_without("");
constexpr Plain plain_quoted = plain_without("\"\\");

/// One step of escaping: `used` bytes of the input become `text`.
struct Piece {
    std::size_t used = 0;
    std::string_view text;
};

std::string_view hex_escape(char c, char (&out)[8], std::string_view prefix)
{
    std::memcpy(out, prefix.data(), prefix.size());
    out[prefix.size()] = hex_digits[byte(c) >> 4];
    out[prefix.size() + 1] = hex_digits[byte(c) & 15];
    return {out, prefix.size() + 2};
}

std::size_t plain_run(const Plain& plain, std::string_view text)
{
    std::size_t n = 0;
    while (n < text.size() && plain[byte(text[n])]) ++n;
    return n;
}

/// U+0080 to U+009F are controls, too: terminals obey them.
bool is_c1_control(std::string_view sequence)
{
    return sequence.size() == 2 && byte(sequence[0]) == 0xc2 && byte(sequence[1]) < 0xa0;
}

Piece next_text(std::string_view text, char (&out)[8])
{
    if (const std::size_t n = plain_run(plain_text, text)) return {n, text.substr(0, n)};
    const std::string_view sequence = text.substr(0, utf8_length(text));
    if (sequence.size() > 1 && !is_c1_control(sequence)) return {sequence.size(), sequence};
    return {1, hex_escape(text[0], out, "\\x")};
}

Piece next_ascii(std::string_view text, char (&out)[8])
{
    if (const std::size_t n = plain_run(plain_quoted, text)) return {n, text.substr(0, n)};
    return {1, hex_escape(text[0], out, "\\x")};
}

Piece next_json(std::string_view text, char (&out)[8])
{
    if (const std::size_t n = plain_run(plain_quoted, text)) return {n, text.substr(0, n)};
    const char c = text[0];
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = c;
        return {1, {out, 2}};
    }
    if (byte(c) < 0x80) return {1, hex_escape(c, out, "\\u00")};
    const std::size_t n = utf8_length(text);
    if (n == 0) return {1, hex_escape(c, out, "\\\\x")};
    if (is_c1_control(text.substr(0, n))) return {2, hex_escape(text[1], out, "\\u00")};
    return {n, text.substr(0, n)};
}

}  // namespace

std::size_t utf8_length(std::string_view text)
{
    if (text.empty()) return 0;
    const unsigned char first = byte(text[0]);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    const std::size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < n) return 0;
    // The second byte is what rules out overlong forms, surrogates and what is above U+10FFFF.
    const unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(text[1]) < low || byte(text[1]) > high) return 0;
    for (std::size_t i = 2; i < n; ++i)
        if ((byte(text[i]) & 0xc0) != 0x80) return 0;
    return n;
}

std::string_view error_text(int error_number)
{
    static std::string text;
    text = std::strerror(error_number);
    if (!text.empty()) text[0] = lower(text[0]);
    return text;
}

template <class Next> void LogLine::put_escaped(std::string_view text, std::size_t max, Next next)
{
    constexpr std::string_view mark = "...";
    const std::size_t limit = std::min(max, room());
    const std::size_t start = size();
    std::size_t last_good = start;  // where the mark still fits
    char memory[8];
    while (!text.empty()) {
        Piece piece = next(text, memory);
        const std::size_t left = limit - (size() - start);
        if (piece.text.size() > left) {
            // A plain run may be cut anywhere, an escape or a sequence only before it.
            const bool is_run = piece.text.data() == text.data() && byte(text[0]) < 0x80;
            if (is_run && left > mark.size()) {
                put(piece.text.substr(0, left - mark.size()));
                last_good = size();
            }
            cut(last_good);
            if (limit >= mark.size()) put(mark);
            return;
        }
        put(piece.text);
        text.remove_prefix(piece.used);
        if (limit - (size() - start) >= mark.size()) last_good = size();
    }
}

void LogLine::put_text(std::string_view text, std::size_t max)
{
    put_escaped(text, max, next_text);
}

void LogLine::put_ascii(std::string_view text, std::size_t max)
{
    put_escaped(text, max, next_ascii);
}

void LogLine::put_json(std::string_view text, std::size_t max)
{
    put_escaped(text, max, next_json);
}

void LogLine::put_iso_time(std::int64_t microseconds)
{
    const LocalTime& time = local_time(microseconds / 1'000'000);
    put(time.date());
    put('T');
    put(time.clock());
    put('.');
    put_padded(static_cast<unsigned>(microseconds / 1000 % 1000), 3);
    put(std::string_view(time.zone, 6));
}

void LogLine::put_padded(unsigned number, int width)
{
    char digits[12];
    for (int i = width; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
    put(std::string_view(digits, static_cast<std::size_t>(width)));
}

}  // namespace ostler
