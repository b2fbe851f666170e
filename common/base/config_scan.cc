// config_scan.cc - the words of a configuration file and where they stand.
#include "common/base/config_scan.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

using Kind = ConfigToken::Kind;

constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool starts_name(char c) { return is_letter(c) || c == '*'; }
constexpr bool continues_name(char c)
{
    return starts_name(c) || is_digit(c) || c == '-' || c == '_';
}

std::size_t count_digits(std::string_view s, std::size_t from)
{
    std::size_t i = from;
    while (i < s.size() && is_digit(s[i])) ++i;
    return i - from;
}

/// Size of `[eE][-+]?[0-9]+` at `from`, or 0.
std::size_t exponent_size(std::string_view s, std::size_t from)
{
    if (from >= s.size() || lower(s[from]) != 'e') return 0;
    std::size_t i = from + 1;
    if (i < s.size() && (s[i] == '-' || s[i] == '+')) ++i;
    const std::size_t digits = count_digits(s, i);
    return digits ? i + digits - from : 0;
}

/// Size of the suffix of a 64-bit integer, `L` or `LL`, at `from`.
std::size_t long_suffix(std::string_view s, std::size_t from)
{
    std::size_t n = 0;
    while (n < 2 && from + n < s.size() && s[from + n] == 'L') ++n;
    return n;
}

}  // namespace

void ConfigScanner::step()
{
    if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
    }
    ++at_;
}

ConfigToken ConfigScanner::take(Kind kind, std::size_t size)
{
    ConfigToken t;
    t.kind = kind;
    t.text = text_.substr(at_, size);
    t.begin = at_;
    t.line = line_;
    t.column = static_cast<int>(at_ - line_start_) + 1;
    for (std::size_t i = 0; i < t.text.size(); ++i) step();
    t.end = at_;
    return t;
}

// False when a comment never ends; `open` is that comment.
bool ConfigScanner::skip_blank(ConfigToken& open)
{
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            step();
        } else if (c == '#' || rest().starts_with("//")) {
            while (at_ < text_.size() && text_[at_] != '\n') step();
        } else if (rest().starts_with("/*")) {
            const std::size_t end = text_.find("*/", at_ + 2);
            if (end == std::string_view::npos) {
                open = take(Kind::open, text_.size() - at_);
                return false;
            }
            while (at_ < end + 2) step();
        } else {
            break;
        }
    }
    return true;
}

std::size_t ConfigScanner::number_size() const
{
    const std::string_view s = rest();
    std::size_t i = 0;
    if (s.size() > 2 && s[0] == '0' && lower(s[1]) == 'x' && hex_value(s[2]) >= 0) {
        for (i = 3; i < s.size() && hex_value(s[i]) >= 0;) ++i;
        return i + long_suffix(s, i);
    }
    if (s[0] == '-' || s[0] == '+') ++i;
    const std::size_t whole = count_digits(s, i);
    i += whole;
    if (i < s.size() && s[i] == '.') {
        i += 1 + count_digits(s, i + 1);
        return i + exponent_size(s, i);
    }
    if (whole == 0) return 0;
    const std::size_t exponent = exponent_size(s, i);
    return i + (exponent ? exponent : long_suffix(s, i));
}

ConfigToken ConfigScanner::take_string()
{
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return take(Kind::open, text_.size() - at_);
    ConfigToken t = take(Kind::string, end + 1 - at_);
    t.text = t.text.substr(1, t.text.size() - 2);
    return t;
}

// Only at the start of a line, as in libconfig: elsewhere `@` is garbage.
bool ConfigScanner::take_include(ConfigToken& token)
{
    constexpr std::string_view word = "@include";
    if (!rest().starts_with(word)) return false;
    if (!trim(text_.substr(line_start_, at_ - line_start_)).empty()) return false;
    std::size_t quote = at_ + word.size();
    while (quote < text_.size() && (text_[quote] == ' ' || text_[quote] == '\t')) ++quote;
    if (quote == at_ + word.size() || quote >= text_.size() || text_[quote] != '"') return false;
    const std::size_t end = text_.find('"', quote + 1);
    if (end == std::string_view::npos) return false;
    token = take(Kind::include, end + 1 - at_);
    token.text = text_.substr(quote + 1, end - quote - 1);
    return true;
}

ConfigToken ConfigScanner::next()
{
    ConfigToken token;
    if (!skip_blank(token)) return token;
    if (at_ == text_.size()) return take(Kind::end, 0);
    const char c = text_[at_];
    if (c == '"') return take_string();
    if (std::string_view("=:;,{}[]()").find(c) != std::string_view::npos)
        return take(Kind::mark, 1);
    if (starts_name(c)) {
        const std::string_view s = rest();
        const auto size = static_cast<std::size_t>(
            std::find_if_not(s.begin(), s.end(), continues_name) - s.begin());
        const std::string_view word = s.substr(0, size);
        const bool boolean = same_ignoring_case(word, "true") || same_ignoring_case(word, "false");
        return take(boolean ? Kind::boolean : Kind::name, size);
    }
    if (c == '@' && take_include(token)) return token;
    if (is_digit(c) || c == '-' || c == '+' || c == '.')
        if (const std::size_t size = number_size()) return take(Kind::number, size);
    return take(Kind::garbage, 1);
}

}  // namespace ostler
