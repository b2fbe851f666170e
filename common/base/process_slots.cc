// process_slots.cc - record locks on a file without a name.
#include "common/base/process_slots.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace ostler {

namespace {

#ifdef __linux__
Fd open_unnamed() { return Fd(::memfd_create("ostler", MFD_CLOEXEC)); }
#else
Fd open_unnamed()
{
    char path[] = "/tmp/ostler-XXXXXX";
    Fd file(::mkstemp(path));
    if (!file) return file;
    ::unlink(path);
    ::fcntl(file.get(), F_SETFD, FD_CLOEXEC);
    return file;
}
#endif

bool lock(int file, int slot, short kind)
{
    struct flock what {};
    what.l_type = kind;
    what.l_whence = SEEK_SET;
    what.l_start = slot;
    what.l_len = 1;
    return ::fcntl(file, F_SETLK, &what) == 0;
}

}  // namespace

std::shared_ptr<ProcessSlots> ProcessSlots::make()
{
    Fd file = open_unnamed();
    if (!file) return nullptr;
    return std::shared_ptr<ProcessSlots>(new ProcessSlots(std::move(file)));
}

int ProcessSlots::claim()
{
    if (owner_ == ::getpid()) return own_;
    owner_ = ::getpid();
    own_ = -1;
    for (int slot = 0; slot < count && own_ < 0; ++slot)
        if (lock(file_.get(), slot, F_WRLCK)) own_ = slot;
    return own_;
}

// A process is never kept out by its own lock, and releasing it would give the number away.
bool ProcessSlots::hold(int slot)
{
    if (owner_ == ::getpid() && slot == own_) return false;
    return lock(file_.get(), slot, F_WRLCK);
}

void ProcessSlots::release(int slot) { lock(file_.get(), slot, F_UNLCK); }

void* map_shared(std::size_t size)
{
    void* const at =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}

}  // namespace ostler
