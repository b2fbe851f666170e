// config_explain.cc - says what is wrong where libconfig says "syntax error".
#include "common/base/config_explain.h"

#include <string>

namespace ostler {

Problem explain_syntax_error(const ConfigSource& source, int line, std::string_view error)
{
    return make_problem(Problem::Severity::error, source.place(line, 0), std::string(error));
}

}  // namespace ostler
