// problem.h - what is wrong in a configuration file, and where.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace ostler {

/// Something wrong in a configuration file.
struct Problem {
    enum class Severity : unsigned char { error, warning };
    Severity severity = Severity::error;
    std::string file;
    int line = 0;        ///< from 1; 0: the file as a whole
    int column = 0;      ///< from 1, in bytes; 0: the line as a whole
    std::string text;    ///< one sentence, no full stop
    /// In a host that is left out because of it: the server starts all the same.
    bool tolerated = false;
    std::string source;  ///< the line itself, without newline; may be empty
    bool operator==(const Problem&) const = default;
};

/// FILE:LINE:COLUMN: error: TEXT, the source line and a caret below it; ends in a newline.
std::string format_problem(const Problem&);
/// The same as one JSON array, for editors; ends in a newline.
std::string format_problems_json(std::span<const Problem>);

/// True when one of them is an error.
bool has_errors(std::span<const Problem>);
/// True when one of them is an error that is not tolerated.
bool prevents_start(std::span<const Problem>);

}  // namespace ostler
