// config_explain.cc - says what is wrong where libconfig would say "syntax error".
#include "common/base/config_explain.h"

#include <map>
#include <optional>
#include <string>

#include "common/base/config_scan.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Kind = ConfigToken::Kind;

bool is_real(const ConfigToken& t)
{
    if (t.kind != Kind::number || t.text.starts_with("0x") || t.text.starts_with("0X"))
        return false;
    return t.text.find_first_of(".eE") != std::string_view::npos;
}

/// The grammar once more, for its errors only: stops at the first.
class Explainer {
 public:
    explicit Explainer(const ConfigSource& source)
        : source_(source), scanner_(source.text), at_(scanner_.next())
    {
    }

    std::optional<Problem> explain()
    {
        settings(nullptr);
        return std::move(problem_);
    }

 private:
    bool fail(const ConfigToken& at, std::string text)
    {
        // A quote that is missing shows up after the string that began one too late.
        if (long_string_ && at_.begin <= long_string_->end + 64) {
            const ConfigToken& s = *long_string_;
            problem_ = make_problem(Problem::Severity::error, source_.place(s.line, s.column),
                                    "this string ends on another line: is its closing quote, or "
                                    "one before it, missing?");
        } else {
            problem_ = make_problem(Problem::Severity::error, source_.place(at.line, at.column),
                                    std::move(text));
        }
        return false;
    }

    void advance()
    {
        if (at_.kind == Kind::string && at_.text.find('\n') != std::string_view::npos)
            long_string_ = at_;
        before_ = at_;
        at_ = scanner_.next();
    }

    static std::string quoted(std::string_view s) { return cat('"', s, '"'); }

    std::string opener(const ConfigToken& open) const
    {
        return cat("the \"", open.text, "\" of line ", source_.place(open.line, 1).line);
    }

    /// The rest of a value somebody wrote without quotes.
    std::string_view bare_value(std::size_t from) const
    {
        const std::string_view rest = std::string_view(source_.text).substr(from);
        return trim(rest.substr(0, rest.find_first_of(";,\n\r{}()[]\"")));
    }

    bool closed(const ConfigToken* open)
    {
        if (at_.kind == Kind::open) return fail_open();
        if (at_.kind == Kind::end)
            return fail(*open, cat("this \"", open->text, "\" is never closed"));
        return true;
    }

    bool fail_open()
    {
        return fail(at_, at_.text.starts_with('"') ? "this string has no closing quote"
                                                   : "this comment has no closing */");
    }

    // settings: { NAME (=|:) VALUE [;|,] }, up to the "}" of `open` or the end.
    bool settings(const ConfigToken* open)
    {
        std::map<std::string_view, int> names;
        for (;;) {
            if (open && at_.is('}')) return true;
            if (open && !closed(open)) return false;
            if (at_.kind == Kind::end) return true;
            if (at_.kind == Kind::open) return fail_open();
            if (!name(open)) return false;
            const int line = source_.place(at_.line, 1).line;
            const auto [first, fresh] = names.emplace(at_.text, line);
            if (!fresh) {
                long_string_.reset();
                return fail(at_, cat(quoted(at_.text), " is set twice in this group: see line ",
                                     first->second));
            }
            const ConfigToken key = at_;
            advance();
            if (!equals(key) || !value(key)) return false;
            if (at_.is(';') || at_.is(',')) advance();
        }
    }

    bool name(const ConfigToken* open)
    {
        if (at_.kind == Kind::name) return true;
        if (at_.is(';') || at_.is(',')) return fail(at_, cat("a ", quoted(at_.text), " too many"));
        if (at_.is(')') || at_.is(']') || at_.is('}'))
            return fail(at_, cat(quoted(at_.text), " closes nothing here",
                                 open ? cat(": ", opener(*open), " is still open") : ""));
        if (at_.kind == Kind::number || at_.kind == Kind::boolean) return bad_name();
        if (at_.kind == Kind::string)
            return fail(at_, "a setting's name is expected here, without quotes");
        if (at_.kind == Kind::garbage && at_.text == "@")
            return fail(at_, "an include is a line of its own: @include \"FILE\"");
        return fail(at_, cat("a setting's name is expected here, not ", quoted(at_.text)));
    }

    bool bad_name()
    {
        if (before_.kind == Kind::number || before_.kind == Kind::boolean)
            return fail(before_,
                        cat("put ", quoted(bare_value(before_.begin)), " in double quotes"));
        return fail(at_, cat("a setting's name starts with a letter and is not true or false; ",
                             quoted(at_.text), " is none"));
    }

    bool equals(const ConfigToken& key)
    {
        if (at_.is('=') || at_.is(':')) {
            advance();
            return true;
        }
        if (before_value_ && before_value_->end == key.begin)  // 10M, 30s
            return fail(*before_value_,
                        cat("put ", quoted(bare_value(before_value_->begin)), " in double quotes"));
        if (at_.text.starts_with('.'))
            return fail(at_, cat("a name has no dot: write ", key.text, ": { ",
                                 bare_value(at_.begin + 1), " };"));
        if (at_.kind == Kind::open) return fail_open();
        if (at_.is('{'))  // as nginx has it
            return fail(key, cat("a group has a colon behind its name: write ", key.text, ": {"));
        return fail(key, cat("\"=\" is missing after ", quoted(key.text)));
    }

    bool value(const ConfigToken& key)
    {
        before_value_.reset();
        if (at_.is_scalar()) return scalar();
        if (at_.is('{') || at_.is('(') || at_.is('[')) return aggregate();
        if (at_.kind == Kind::open) return fail_open();
        if (at_.kind == Kind::name || at_.kind == Kind::garbage) {
            if (at_.text == "'") return fail(at_, "strings are in double quotes");
            if (at_.kind == Kind::name &&
                (same_ignoring_case(at_.text, "yes") || same_ignoring_case(at_.text, "no") ||
                 same_ignoring_case(at_.text, "on") || same_ignoring_case(at_.text, "off")))
                return fail(at_, cat("a switch is true or false, not ", at_.text));
            return fail(at_, cat("put ", quoted(bare_value(at_.begin)), " in double quotes"));
        }
        return fail(key, cat(quoted(key.text), " has no value"));
    }

    bool scalar()
    {
        before_value_ = at_;
        const Kind kind = at_.kind;
        advance();
        while (kind == Kind::string && at_.kind == Kind::string) advance();
        // 127.0.0.1 is two numbers to libconfig.
        const bool glued = at_.begin == before_value_->end &&
                           (at_.is_scalar() || at_.kind == Kind::name || at_.text == "/");
        if (kind != Kind::string && glued)
            return fail(*before_value_,
                        cat("put ", quoted(bare_value(before_value_->begin)), " in double quotes"));
        return true;
    }

    bool aggregate()
    {
        const ConfigToken open = at_;
        if (++depth_ > deepest_config)
            return fail(at_, cat("groups are nested more than ", deepest_config, " deep"));
        advance();
        const bool ok = open.is('{') ? settings(&open) : elements(open);
        if (!ok) return false;
        --depth_;
        advance();
        return true;
    }

    bool elements(const ConfigToken& open)
    {
        const char close = open.is('(') ? ')' : ']';
        std::optional<ConfigToken> first;
        while (!at_.is(close)) {
            if (!closed(&open)) return false;
            if (!element(open, close, first)) return false;
            if (at_.is(close)) return true;
            if (!closed(&open)) return false;
            if (!at_.is(',')) return fail_separator(open);
            const ConfigToken comma = at_;
            advance();
            if (at_.is(close)) return fail(comma, cat("the last element has no \",\" behind it"));
        }
        return true;
    }

    bool element(const ConfigToken& open, char close, std::optional<ConfigToken>& first)
    {
        const bool aggregate_here = at_.is('{') || at_.is('(') || at_.is('[');
        if (close == ']' && aggregate_here)
            return fail(at_, "[ ] is for plain values: put groups and lists into ( )");
        if (!aggregate_here && !at_.is_scalar()) {
            if (at_.kind == Kind::name || at_.kind == Kind::garbage) return value(open);
            return fail(at_, cat("a value is expected here, not ", quoted(at_.text)));
        }
        if (close == ']' && first && (first->kind != at_.kind || is_real(*first) != is_real(at_)))
            return fail(at_, "all values in [ ] have the same type; ( ) may mix them");
        if (!first) first = at_;
        return value(open);
    }

    bool fail_separator(const ConfigToken& open)
    {
        if (at_.is('}') || at_.is(']') || at_.is(')'))
            return fail(at_, cat(quoted(at_.text), " does not close ", opener(open)));
        if (at_.is(';'))
            return fail(
                at_, cat("elements are separated by \",\", or ", opener(open), " is not closed"));
        if (at_.kind == Kind::name) return fail(at_, cat(opener(open), " is not closed"));
        return fail(at_, "a \",\" is missing before this element");
    }

    const ConfigSource& source_;
    ConfigScanner scanner_;
    ConfigToken at_;
    ConfigToken before_;
    std::optional<ConfigToken> before_value_;
    std::optional<ConfigToken> long_string_;
    int depth_ = 0;
    std::optional<Problem> problem_;
};

}  // namespace

std::optional<Problem> find_syntax_error(const ConfigSource& source)
{
    return Explainer(source).explain();
}

}  // namespace ostler
