// capabilities.cc - Linux: by its system calls, without libcap; elsewhere there is nothing to do.
#include "server/capabilities.h"

#ifdef __linux__

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace ostler {

bool drop_capabilities(std::string& error)
{
    // Ambient ones are what a script would be run with.  EINVAL: a kernel that knows none.
    const bool ambient =
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 || errno == EINVAL;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    if (ambient && syscall(SYS_capset, &header, &none) == 0) return true;
    error = cat("cannot give up capabilities: ", std::strerror(errno));
    return false;
}

}  // namespace ostler

#else

namespace ostler {

bool drop_capabilities(std::string&) { return true; }

}  // namespace ostler

#endif
