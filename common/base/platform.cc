// platform.cc - the portable twins; what only Linux has is inside #ifdef __linux__.
#include "common/base/platform.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/base/text.h"

#ifdef __linux__
#include <malloc.h>
#include <sys/syscall.h>
#endif

namespace ostler {

void set_nonblocking(int fd, bool on)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags >= 0) fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void set_close_on_exec(int fd, bool on) { fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }

namespace {

#ifndef __linux__
/// Two calls where Linux has one: a fork in between cannot happen, processes are single-threaded.
void finish(int fd)
{
    set_close_on_exec(fd, true);
    set_nonblocking(fd, true);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}
#endif

}  // namespace

Fd open_socket(int domain, int type)
{
#ifdef __linux__
    return Fd(socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
#else
    Fd fd(socket(domain, type, 0));
    if (fd) finish(fd.get());
    return fd;
#endif
}

bool open_socket_pair(int type, Fd& one, Fd& other)
{
    int fds[2];
#ifdef __linux__
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) return false;
#else
    if (socketpair(AF_UNIX, type, 0, fds) != 0) return false;
    finish(fds[0]);
    finish(fds[1]);
#endif
    one = Fd(fds[0]);
    other = Fd(fds[1]);
    return true;
}

bool open_pipe(Fd& reader, Fd& writer)
{
    int fds[2];
    if (pipe(fds) != 0) return false;
    for (const int fd : fds) {
        set_close_on_exec(fd, true);
        set_nonblocking(fd, true);
    }
    reader = Fd(fds[0]);
    writer = Fd(fds[1]);
    return true;
}

int no_sigpipe_flag()
{
#ifdef MSG_NOSIGNAL
    return MSG_NOSIGNAL;
#else
    return 0;
#endif
}

void close_from(int first)
{
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
#endif
    constexpr long most = 65536;  // where "unlimited" would take minutes
    const long limit = sysconf(_SC_OPEN_MAX);
    for (long fd = first; fd < (limit < 0 || limit > most ? most : limit); ++fd)
        close(static_cast<int>(fd));
}

void keep_freed_memory()
{
#ifdef M_TRIM_THRESHOLD
    constexpr int kept = 4 << 20;
    constexpr int mapped_from = 1 << 20;
    mallopt(M_TRIM_THRESHOLD, kept);
    mallopt(M_MMAP_THRESHOLD, mapped_from);
#endif
}

// --- who holds a port -------------------------------------------------------------

#ifdef __linux__
namespace {

/// The inode of the socket that listens on `port`, from /proc/net/tcp and tcp6; 0: none.
unsigned long listening_inode(int port)
{
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        FILE* file = std::fopen(table, "re");
        if (!file) continue;
        char line[512];
        unsigned long found = 0;
        while (!found && std::fgets(line, sizeof line, file)) {
            unsigned local_port = 0;
            unsigned state = 0;
            unsigned long inode = 0;
            const int fields = std::sscanf(
                line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
                &local_port, &state, &inode);
            constexpr unsigned listening = 0x0a;
            if (fields == 3 && state == listening && local_port == static_cast<unsigned>(port))
                found = inode;
        }
        std::fclose(file);
        if (found) return found;
    }
    return 0;
}

bool has_socket(const std::string& process, unsigned long inode)
{
    const std::string folder = cat("/proc/", process, "/fd");
    DIR* dir = opendir(folder.c_str());
    if (!dir) return false;
    const std::string wanted = cat("socket:[", inode, "]");
    bool found = false;
    while (const dirent* entry = readdir(dir)) {
        char link[64];
        const std::string path = cat(folder, '/', static_cast<const char*>(entry->d_name));
        const ssize_t n = readlink(path.c_str(), link, sizeof link);
        if (n > 0 && wanted == std::string_view(link, static_cast<std::size_t>(n))) found = true;
        if (found) break;
    }
    closedir(dir);
    return found;
}

std::string process_name(const std::string& process)
{
    FILE* file = std::fopen(cat("/proc/", process, "/comm").c_str(), "re");
    if (!file) return "process";
    char name[64] = "process";
    if (std::fgets(name, sizeof name, file)) name[std::strcspn(name, "\n")] = '\0';
    std::fclose(file);
    return name;
}

}  // namespace

std::string port_holder(int port)
{
    const unsigned long inode = listening_inode(port);
    if (!inode) return {};
    DIR* dir = opendir("/proc");
    if (!dir) return {};
    std::string holder;
    while (const dirent* entry = readdir(dir)) {
        const std::string name = entry->d_name;
        if (!is_digit(name[0]) || !has_socket(name, inode)) continue;
        holder = cat(process_name(name), " (pid ", name, ")");
        break;
    }
    closedir(dir);
    return holder;
}
#else
std::string port_holder(int) { return {}; }
#endif

}  // namespace ostler
