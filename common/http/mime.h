// mime.h - media types by the extension of a file's name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ostler {

/// The part of a path's last segment after its last dot; empty when there is none.
std::string_view extension_of(std::string_view path);

/// Media types by extension: those read from a mime.types file, then the built-in table.
class MimeTypes {
 public:
    /// Adds what a file in the format of mime.types says ("text/html html htm"); an extension
    /// that occurs twice keeps its first type.  Lines that are no such thing are skipped.
    void read(std::string_view text);
    /// The same from a file; false when it cannot be read.
    bool load(const char* file);

    /// The type for a lower- or upper-case extension; empty when it is unknown.  Valid until
    /// the next read().
    std::string_view find(std::string_view extension) const;

    /// The built-in table alone.
    static std::string_view find_built_in(std::string_view extension);

 private:
    struct Row {
        std::string extension;
        std::string type;
    };
    std::vector<Row> rows_;  // by extension
};

/// "text/plain" for files that are named without an extension by custom (README, Makefile);
/// else empty.
std::string_view type_of_name(std::string_view path);

/// True for types whose content is text in an encoding that only a charset parameter or the
/// content itself tells: text/* (but XML, which declares its own) and JavaScript.
bool takes_charset(std::string_view type);

}  // namespace ostler
