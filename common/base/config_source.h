// config_source.h - the text of a configuration with its @include lines put in.
//
// Done here and not by libconfig 1.5, which looks for every file in one folder, ends the process
// when that "file" is a folder, and forgets which file an error is in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/problem.h"

namespace ostler {

/// One file that settings come from.
struct SourceFile {
    std::string name;                ///< as shown in messages
    std::string folder;              ///< absolute, without final '/': relative paths start here
    std::vector<std::string> lines;  ///< without their newlines

    /// The line with this number, from 1; empty when there is none.
    std::string_view line(int number) const;
};

/// A place in a file.
struct SourcePlace {
    std::shared_ptr<const SourceFile> file;
    int line = 0;
    int column = 0;
};

/// A problem at `place`, the source line filled in.
Problem make_problem(Problem::Severity, const SourcePlace& place, std::string text);

/// Text to be parsed, and for each of its lines where it comes from.
struct ConfigSource {
    struct Origin {
        std::shared_ptr<const SourceFile> file;
        int line = 0;
    };
    std::shared_ptr<const SourceFile> file;  ///< the outermost
    std::string text;
    std::vector<Origin> origins;  ///< of line 1, 2, …; never empty

    /// Where line and column of `text` come from.
    SourcePlace place(int line, int column) const;
};

/// `text` with its includes; a relative include starts at the folder of the file it is in.
/// False when one of them could not be read (reported).
bool expand_config(std::string_view text, const std::string& name, const std::string& folder,
                   ConfigSource& source, std::vector<Problem>& problems);

/// Reads a regular file of at most 16 MiB; false, and `why` says "no such file or directory" or
/// the like.
bool read_config_file(const std::string& path, std::string& text, std::string& why);

/// `path` made absolute: a relative one starts at `folder`.  Empty stays empty.
std::string absolute_path(std::string_view path, std::string_view folder);

}  // namespace ostler
