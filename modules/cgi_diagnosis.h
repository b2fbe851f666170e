// cgi_diagnosis.h - why a script cannot run, and what to do about it.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace ostler {

/// For the person who put the script there.  Empty: nothing is wrong.
struct Diagnosis {
    std::string problem;  ///< "it is not executable"
    std::string remedy;   ///< "chmod +x /usr/lib/cgi-bin/a.py"
    explicit operator bool() const { return !problem.empty(); }
};

/// Looks at a regular file that is open as `fd`.  `interpreter` null: it is executed itself.
/// `search_path` is the PATH that "#!/usr/bin/env NAME" will use.
Diagnosis diagnose_script(int fd, const struct stat& st, const char* file, const char* interpreter,
                          std::string_view search_path);

/// The page about it, for `explain`.  `details` may be empty: what the script wrote to stderr.
std::string explain_page(std::string_view script, const Diagnosis&, std::string_view details);

}  // namespace ostler
