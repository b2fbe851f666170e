// log_target.cc - opening files, standard streams and FIFOs so that writing never waits.
#include "common/base/log_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/log_line.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr int append_flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int open_retrying(const char* path, int flags, mode_t mode = 0)
{
    int fd;
    do fd = ::open(path, flags, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/// True when nobody but root and ourselves can put a link into the folder of `path`.
bool folder_is_ours(const std::string& path)
{
    const std::string folder(folder_of(path));
    struct stat s {};
    if (::stat(folder.c_str(), &s) != 0) return false;
    if (s.st_uid != 0 && s.st_uid != ::geteuid()) return false;
    return (s.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// A description of our own for what `standard` refers to, so that O_NONBLOCK does not change it
/// for the shell and the other programs that share it.  Nothing when there is no way.
Fd reopen_standard(int standard, bool is_terminal)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
#ifdef __linux__
    const Fd fd(open_retrying(cat("/proc/self/fd/", standard).c_str(), flags));
    if (fd) return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
#endif
    char name[256];
    if (is_terminal && ::ttyname_r(standard, name, sizeof name) == 0) {
        const Fd terminal(open_retrying(name, flags));
        if (terminal) return Fd(::fcntl(terminal.get(), F_DUPFD_CLOEXEC, 3));
    }
    return {};
}

bool open_standard(int standard, LogTarget& to, std::string& error)
{
    to.fd = Fd(::fcntl(standard, F_DUPFD_CLOEXEC, 3));
    if (!to.fd) {
        error = error_text(errno);
        return false;
    }
    classify_log_target(to);
    // A regular file is shared as it is: a second description would have its own position.
    if (to.kind == LogTarget::Kind::file || to.is_socket) return true;
    if (Fd own = reopen_standard(standard, to.is_terminal)) {
        to.fd = std::move(own);
        to.has_own_description = true;
    }
    return true;
}

bool open_path(const std::string& path, LogTarget& to, std::string& error)
{
    to.fd = open_log_file(path);
    if (!to.fd) {
        error = error_text(errno);
        return false;
    }
    classify_log_target(to);
    to.has_own_description = true;
    to.by_path = true;
    return true;
}

/// Nothing is connected yet: that the daemon is not there now keeps nobody from starting.
bool open_syslog(std::string_view target, LogTarget& to, std::string& error)
{
    target.remove_prefix(std::string_view("syslog").size());
    if (!target.empty()) target.remove_prefix(1);
    const std::string_view facility = target.substr(0, target.find('@'));
    if (facility.size() != target.size()) to.syslog_socket = target.substr(facility.size() + 1);
    to.kind = LogTarget::Kind::syslog;
    to.facility = syslog_facility(facility.empty() ? "daemon" : facility);
    if (to.facility < 0) error = cat("unknown syslog facility \"", facility, '"');
    return to.facility >= 0;
}

bool may_write_now(int fd)
{
    pollfd p{fd, POLLOUT, 0};
    return ::poll(&p, 1, 0) == 1;  // POLLERR and POLLHUP: write() will say why
}

}  // namespace

std::string canonical_log_target(const std::string& target)
{
    if (target == "/dev/stdout" || target == "/dev/fd/1" || target == "/proc/self/fd/1")
        return "stdout";
    if (target == "/dev/stderr" || target == "/dev/fd/2" || target == "/proc/self/fd/2")
        return "stderr";
    return target;
}

bool open_log_target(const std::string& target, LogTarget& to, std::string& error)
{
    to = {};
    if (target == "off") return true;
    if (target == "stdout") return open_standard(STDOUT_FILENO, to, error);
    if (target == "stderr") return open_standard(STDERR_FILENO, to, error);
    if (target == "syslog" || target.starts_with("syslog:")) return open_syslog(target, to, error);
    if (target.empty()) {
        error = "no file is named";
        return false;
    }
    return open_path(target, to, error);
}

Fd open_log_file(const std::string& path)
{
    constexpr mode_t mode = 0640;
    Fd fd(open_retrying(path.c_str(), append_flags | O_NOFOLLOW, mode));
    // ELOOP, or EMLINK on FreeBSD: the last component is a symbolic link.
    if (!fd && (errno == ELOOP || errno == EMLINK)) {
        if (!folder_is_ours(path)) {
            errno = ELOOP;
            return {};
        }
        fd = Fd(open_retrying(path.c_str(), append_flags, mode));
    }
    struct stat s {};
    const bool is_fifo = fd ? ::fstat(fd.get(), &s) == 0 && S_ISFIFO(s.st_mode) : errno == ENXIO;
    if (!is_fifo) return fd;
    // Open for reading as well, a FIFO neither needs a reader now nor fails when it leaves: lines
    // wait in the pipe for the next one.
    Fd both(open_retrying(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    return both ? std::move(both) : std::move(fd);
}

void classify_log_target(LogTarget& to)
{
    struct stat s {};
    to.kind = LogTarget::Kind::stream;
    to.is_socket = to.is_terminal = false;
    if (::fstat(to.fd.get(), &s) != 0) return;
    if (S_ISREG(s.st_mode)) to.kind = LogTarget::Kind::file;
    to.is_socket = S_ISSOCK(s.st_mode);
    to.is_terminal = S_ISCHR(s.st_mode) && ::isatty(to.fd.get()) == 1;
}

ssize_t write_log_target(const LogTarget& target, std::string_view bytes)
{
    const int fd = target.fd.get();
    if (target.is_socket) {
#ifdef MSG_NOSIGNAL
        return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
#else
        return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
#endif
    }
    const bool may_wait = target.kind == LogTarget::Kind::stream && !target.has_own_description;
    if (may_wait && !may_write_now(fd)) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(fd, bytes.data(), bytes.size());
}

}  // namespace ostler
