// session.cc - sessions: loaded before anybody asks, changed by what the answer says.
#include "modules/session.h"

#include "common/exchange.h"

namespace ostler {

extern constexpr Module session_module{
    .name = "session",
    .about = "Sessions that scripts in any language share.",
    .on_by_default = false,
    .config = conf<configure_session>,
};

}  // namespace ostler
