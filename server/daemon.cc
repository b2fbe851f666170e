// daemon.cc - fork, setsid and a lock that dies with its process.
#include "server/daemon.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/log_sink.h"
#include "common/base/platform.h"
#include "common/base/text.h"

namespace ostler {

namespace {

/// The status the child reports; 1 when it ends without one.
int await_report(int pipe)
{
    set_nonblocking(pipe, false);
    unsigned char status = 1;
    ssize_t n = 0;
    do {
        n = read(pipe, &status, 1);
    } while (n < 0 && errno == EINTR);
    return n == 1 ? status : 1;
}

struct flock whole_file(short type)
{
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// True when `fd` is still what `path` names.
bool is_file_at(int fd, const std::string& path)
{
    struct stat open_file {};
    struct stat named {};
    return fstat(fd, &open_file) == 0 && stat(path.c_str(), &named) == 0 &&
           open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

}  // namespace

bool Background::enter(std::string& error)
{
    Fd reader;
    pid_t pid = -1;
    if (open_pipe(reader, writer_)) pid = fork();
    if (pid < 0) {
        error = cat("cannot go to the background: ", std::strerror(errno));
        return false;
    }
    if (pid > 0) {
        writer_.reset();
        _exit(await_report(reader.get()));
    }
    setsid();
    return true;
}

void Background::detach()
{
    if (!writer_) return;
    error_ = Fd(fcntl(2, F_DUPFD_CLOEXEC, 3));
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0)
        for (const int fd : {0, 1, 2}) dup2(null, fd);
    if (null > 2) close(null);
    // The sinks have copies of their own, which would keep the pipe of who started us open.
    LogSink::follow_standard();
}

void Background::report(int status)
{
    error_.reset();
    if (!writer_) return;
    const auto byte = static_cast<unsigned char>(status);
    const bool told = write(writer_.get(), &byte, 1) == 1;
    writer_.reset();
    // No folder is kept from being unmounted; nothing of ours is relative to it by now.
    if (told && chdir("/") != 0) return;
}

void Background::close_in_child()
{
    writer_.reset();
    error_.reset();
}

PidFile& PidFile::operator=(PidFile&& other) noexcept
{
    if (this != &other) {
        remove();
        path_ = std::move(other.path_);
        fd_ = std::move(other.fd_);
        other.path_.clear();
    }
    return *this;
}

bool PidFile::create(const std::string& path, std::string& error)
{
    // Not flock(2): that lock would be inherited by the workers and outlive a killed master.
    for (;;) {
        Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!fd) {
            error = cat("pid file ", path, ": ", std::strerror(errno));
            return false;
        }
        struct flock lock = whole_file(F_WRLCK);
        if (fcntl(fd.get(), F_SETLK, &lock) != 0) {
            struct flock other = whole_file(F_WRLCK);
            const bool known = fcntl(fd.get(), F_GETLK, &other) == 0 && other.l_type != F_UNLCK;
            error = cat("pid file ", path, ": ostler runs already",
                        known ? cat(" with pid ", other.l_pid) : std::string());
            return false;
        }
        // Its last owner may have removed it between our open and our lock.
        if (!is_file_at(fd.get(), path)) continue;
        const std::string text = cat(getpid(), '\n');
        const auto size = static_cast<ssize_t>(text.size());
        // Overwritten and then cut: never empty for whoever reads it meanwhile.
        if (pwrite(fd.get(), text.data(), text.size(), 0) != size ||
            ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
            error = cat("pid file ", path, ": ", std::strerror(errno));
            return false;
        }
        path_ = path;
        fd_ = std::move(fd);
        return true;
    }
}

void PidFile::remove()
{
    if (fd_ && is_file_at(fd_.get(), path_)) unlink(path_.c_str());
    fd_.reset();
    path_.clear();
}

pid_t PidFile::holder(const std::string& path)
{
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock lock = whole_file(F_RDLCK);
    if (!fd || fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
}

}  // namespace ostler
