// problem.cc - problems of a configuration as text for people and as JSON for editors.
#include "common/base/problem.h"

#include <algorithm>
#include <string_view>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t longest_source = 240;

std::string_view severity_name(Problem::Severity severity)
{
    return severity == Problem::Severity::error ? "error" : "warning";
}

/// The length of the UTF-8 sequence at the start of `s`; 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view s)
{
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned char first = at(0);
    const std::size_t size = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
    if (size == 0 || s.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((at(i) & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;
    return size;
}

void append_json_string(std::string& out, std::string_view s)
{
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    while (!s.empty()) {
        const std::size_t size = utf8_length(s);
        const auto c = static_cast<unsigned char>(s[0]);
        if (size == 0)
            out += "\\ufffd";
        else if (c == '"' || c == '\\')
            append(out, '\\', s[0]);
        else if (c < 0x20 || c == 0x7f)
            append(out, "\\u00", hex[c >> 4], hex[c & 15]);
        else
            out += s.substr(0, size);
        s.remove_prefix(std::max<std::size_t>(size, 1));
    }
    out += '"';
}

}  // namespace

std::string format_problem(const Problem& p)
{
    std::string out = p.file;
    if (p.line > 0) append(out, ':', p.line);
    if (p.line > 0 && p.column > 0) append(out, ':', p.column);
    append(out, ": ", severity_name(p.severity), ": ", p.text, '\n');
    if (p.source.empty() || p.source.size() > longest_source) return out;

    // What a terminal would obey is made visible; tabs stay, so that the caret lines up.
    std::string line = p.source;
    for (char& c : line)
        if (c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) c = '?';
    append(out, line, '\n');
    const auto before = static_cast<std::size_t>(p.column - 1);
    if (p.column < 1 || before > line.size()) return out;
    for (const char c : std::string_view(line).substr(0, before)) {
        const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;  // inside UTF-8
        if (!continues) out += c == '\t' ? '\t' : ' ';
    }
    out += "^\n";
    return out;
}

std::string format_problems_json(std::span<const Problem> problems)
{
    std::string out = "[";
    for (const Problem& p : problems) {
        append(out, out.size() > 1 ? ",\n " : "\n ", "{\"severity\": \"", severity_name(p.severity),
               "\", \"file\": ");
        append_json_string(out, p.file);
        append(out, ", \"line\": ", p.line, ", \"column\": ", p.column, ", \"text\": ");
        append_json_string(out, p.text);
        out += ", \"source\": ";
        append_json_string(out, p.source);
        out += '}';
    }
    out += problems.empty() ? "]\n" : "\n]\n";
    return out;
}

bool has_errors(std::span<const Problem> problems)
{
    return std::any_of(problems.begin(), problems.end(),
                       [](const Problem& p) { return p.severity == Problem::Severity::error; });
}

}  // namespace ostler
