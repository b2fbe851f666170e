// cgi_collect.cc - memory first, then an unlinked temporary file.
#include "modules/cgi_collect.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t pull_size = 64 * 1024;
constexpr int pulls_at_once = 16;

Fd make_file(const std::string& folder)
{
#ifdef O_TMPFILE
    Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd) return fd;
#endif
    std::string name = cat(folder, "/ostler-body-XXXXXX");
    Fd named(::mkstemp(name.data()));
    if (!named) return named;
    ::fcntl(named.get(), F_SETFD, FD_CLOEXEC);
    ::unlink(name.c_str());
    return named;
}

}  // namespace

CgiCollector::State CgiCollector::collect()
{
    for (int i = 0; i < pulls_at_once; ++i) {
        const std::size_t before = memory_.size();
        const Pull got = body_.pull(memory_, pull_size);
        size_ += memory_.size() - before;
        if (got == Pull::fail) return State::failed;
        if ((file_ || memory_.size() > most_in_memory) && !spill()) return State::broken;
        if (got == Pull::end) return State::done;
        if (got == Pull::wait) return State::wait;
    }
    return State::more;
}

bool CgiCollector::spill()
{
    if (!file_) file_ = make_file(folder_);
    while (file_ && !memory_.empty())
        if (evbuffer_write(memory_.raw(), file_.get()) < 0 && errno != EINTR) break;
    if (file_ && memory_.empty()) return true;
    error_ = errno;
    return false;
}

Fd CgiCollector::take_file()
{
    if (file_) ::lseek(file_.get(), 0, SEEK_SET);
    return std::move(file_);
}

}  // namespace ostler
