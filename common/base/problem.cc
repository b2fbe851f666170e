// problem.cc - problems of a configuration as text for people and as JSON for editors.
#include "common/base/problem.h"

#include <algorithm>
#include <string_view>

#include "common/base/json.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t longest_source = 240;

std::string_view severity_name(Problem::Severity severity)
{
    return severity == Problem::Severity::error ? "error" : "warning";
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
        append_json_text(out, p.file);
        append(out, ", \"line\": ", p.line, ", \"column\": ", p.column, ", \"text\": ");
        append_json_text(out, p.text);
        out += ", \"source\": ";
        append_json_text(out, p.source);
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

bool prevents_start(std::span<const Problem> problems)
{
    return std::any_of(problems.begin(), problems.end(), [](const Problem& p) {
        return p.severity == Problem::Severity::error && !p.tolerated;
    });
}

}  // namespace ostler
