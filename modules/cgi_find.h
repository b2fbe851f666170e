// cgi_find.h - from the path of a request to a script.
//
// The first component that is no folder is the script; what follows is PATH_INFO.  A path that
// belongs to a script is never left to another module, whatever is wrong with it.
#pragma once

#include <string>

#include "common/exchange.h"
#include "modules/cgi_conf.h"
#include "modules/cgi_diagnosis.h"
#include "modules/cgi_env.h"

namespace ostler {

struct FoundScript {
    enum class Kind : unsigned char {
        none,      ///< not a script: the next module
        script,    ///< `script` and `folder` are set
        refused,   ///< answer `status`; `diagnosis` says why, and may be empty
        redirect,  ///< to the same path with a final '/'
    };
    Kind kind = Kind::none;
    Script script;
    Fd folder;  ///< the script's
    Code status = Code::not_found;
    Diagnosis diagnosis;
};

FoundScript find_script(Exchange&, const CgiConf&);

}  // namespace ostler
