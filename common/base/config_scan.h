// config_scan.h - the words of a configuration file and where they stand.
//
// libconfig tells a setting's line only, and reads numbers into 32 bits without complaint.  The
// words are therefore read a second time, by the same rules as its scanner.
#pragma once

#include <cstddef>
#include <string_view>

namespace ostler {

struct ConfigToken {
    enum class Kind : unsigned char {
        name,
        string,  ///< `text` is what stands between the quotes, escapes included
        number,
        boolean,
        mark,     ///< one of = : ; , { } [ ] ( )
        include,  ///< @include "FILE" at the start of a line; `text` is FILE
        garbage,  ///< a character that has no meaning here
        open,     ///< a string or a comment without an end: `text` starts with its first character
        end,
    };
    Kind kind = Kind::end;
    std::string_view text;
    std::size_t begin = 0;  ///< offsets into the whole text, quotes included
    std::size_t end = 0;
    int line = 1;    ///< of the first character, from 1
    int column = 1;  ///< in bytes, from 1

    bool is(char c) const { return kind == Kind::mark && text[0] == c; }
    /// A value that is not a group, list or array.
    bool is_scalar() const
    {
        return kind == Kind::string || kind == Kind::number || kind == Kind::boolean;
    }
};

class ConfigScanner {
 public:
    /// `text` must outlive the scanner and the tokens.
    explicit ConfigScanner(std::string_view text) : text_(text) {}
    /// Comments and white space are skipped; after the last token it is `end` for ever.
    ConfigToken next();

 private:
    bool skip_blank(ConfigToken& open);
    void step();
    ConfigToken take(ConfigToken::Kind kind, std::size_t size);
    ConfigToken take_string();
    bool take_include(ConfigToken& token);
    std::size_t number_size() const;
    std::string_view rest() const { return text_.substr(at_); }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::size_t line_start_ = 0;
};

}  // namespace ostler
