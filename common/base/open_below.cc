// open_below.cc - resolution of paths beneath a directory.
#include "common/base/open_below.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <vector>

#ifdef __linux__
#include <sys/syscall.h>
#if defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define OSTLER_HAVE_OPENAT2 1
#endif
#endif

namespace ostler {

namespace {

#if defined(O_PATH)
constexpr int search_only = O_PATH;  // a directory may be passable but not readable
#elif defined(O_SEARCH)
constexpr int search_only = O_SEARCH;
#else
constexpr int search_only = O_RDONLY;
#endif
constexpr int directory_flags = search_only | O_DIRECTORY | O_CLOEXEC;
// A FIFO without a writer and a modem line must not block us, a terminal must not become ours.
constexpr int file_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int max_links = 32;

int flags_for(OpenAs as) { return as == OpenAs::directory ? directory_flags : file_flags; }

int open_at(int directory, const char* path, int flags)
{
    int fd;
    do fd = ::openat(directory, path, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

Result<Fd, int> to_result(int fd)
{
    if (fd < 0) return Unexpected{errno};
    return Fd(fd);
}

/// The next component of `path`, which it is removed from together with the slashes after it.
std::string_view take_component(std::string_view& path)
{
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, end);
    path.remove_prefix(end);
    while (path.starts_with('/')) path.remove_prefix(1);
    return component;
}

bool is_acceptable(std::string_view path)
{
    if (path.starts_with('/') || path.find('\0') != path.npos) return false;
    while (!path.empty())
        if (take_component(path) == "..") return false;
    return true;
}

bool same_link(const struct stat& a, const struct stat& b)
{
#ifdef __APPLE__
    const timespec &x = a.st_ctimespec, &y = b.st_ctimespec;
#else
    const timespec &x = a.st_ctim, &y = b.st_ctim;
#endif
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_uid == b.st_uid &&
           x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

class Walk {
 public:
    Walk(const RootDirectory& root, Symlinks policy, OpenAs as)
        : root_(root), policy_(policy), flags_(flags_for(as))
    {
    }

    Result<Fd, int> open(std::string_view path)
    {
        rest_ = path;
        for (;;) {
            std::string_view rest = rest_;
            const std::string name(take_component(rest));
            const bool must_be_directory = name.size() < rest_.size();
            rest_ = std::string(rest);
            if (name == "..") {
                if (visited_.empty()) return Unexpected{EXDEV};
                visited_.pop_back();
            } else if (!rest_.empty()) {
                if (const int error = enter(name)) return Unexpected{error};
                continue;
            }
            if (!rest_.empty()) continue;
            const bool here = name.empty() || name == "..";
            if (const int fd = open_last(here ? "." : name, must_be_directory); fd >= 0)
                return Fd(fd);
            if (error_) return Unexpected{error_};
        }
    }

 private:
    int here() const { return visited_.empty() ? root_.fd : visited_.back().get(); }

    /// Goes one directory down; returns an errno, 0 when done.
    int enter(const std::string& name)
    {
        if (name == ".") return 0;
        Fd next(open_at(here(), name.c_str(), directory_flags | O_NOFOLLOW));
        if (next) {
            visited_.push_back(std::move(next));
            return 0;
        }
        const int error = errno;
        if (error != ELOOP && error != EMLINK && error != ENOTDIR) return error;
        Fd target;
        if (const int failed = follow(name, directory_flags, target)) {
            return failed == EINVAL ? ENOTDIR : failed;
        }
        if (target) visited_.push_back(std::move(target));
        return 0;
    }

    /// Opens the last component; -1 with error_ set, or with error_ 0 when it was a link whose
    /// text now is what is left to walk.
    int open_last(const std::string& name, bool must_be_directory)
    {
        const int flags = flags_ | (must_be_directory ? O_DIRECTORY : 0);
        error_ = 0;
        const int fd = open_at(here(), name.c_str(), flags | O_NOFOLLOW);
        if (fd >= 0) return fd;
        error_ = errno;
        if (error_ != ELOOP && error_ != EMLINK && error_ != ENOTDIR) return -1;
        Fd target;
        if (must_be_directory) rest_ = "/";
        const int failed = follow(name, flags, target);
        if (failed != EINVAL) error_ = failed;  // EINVAL: no link, then openat's reason stands
        return target.release();
    }

    /// `name` may be a link: puts its text before what is left to walk, or opens `target` when it
    /// leads outside and may.  Returns an errno, 0 when done, EINVAL when it is no link.
    int follow(const std::string& name, int flags, Fd& target)
    {
        struct stat before {};
        struct stat after {};
        char text[PATH_MAX];
        if (::fstatat(here(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) return errno;
        const ssize_t n = ::readlinkat(here(), name.c_str(), text, sizeof text - 1);
        if (n < 0) return errno;
        // The text must be that of the link whose owner we know.
        if (::fstatat(here(), name.c_str(), &after, AT_SYMLINK_NOFOLLOW) != 0) return errno;
        if (!same_link(before, after)) return EAGAIN;
        if (policy_ == Symlinks::none || ++links_ > max_links) return ELOOP;
        text[n] = '\0';
        std::string_view link(text, static_cast<std::size_t>(n));
        if (!outside_ && stays_inside(link)) {
            std::string rest(link);
            if (!rest_.empty() && !rest.ends_with('/') && !rest_.starts_with('/')) rest += '/';
            rest_ = rest + rest_;
            return 0;
        }
        return follow_outside(text, before.st_uid, flags, target);
    }

    int follow_outside(const char* text, uid_t owner, int flags, Fd& target)
    {
        if (policy_ != Symlinks::same_owner) return EXDEV;
        Fd fd(open_at(here(), text, flags));
        if (!fd) return errno;
        struct stat st {};
        if (::fstat(fd.get(), &st) != 0) return errno;
        if (st.st_uid != owner) return EXDEV;
        outside_ = true;  // from here on every link is judged by its owner
        if (rest_ == "/") rest_.clear();
        target = std::move(fd);
        return 0;
    }

    /// True when the text of a link in the current directory does not lead out of the root.  One
    /// that is absolute and below the root is made relative, and the walk starts at the root.
    bool stays_inside(std::string_view& link)
    {
        if (link.starts_with('/')) {
            if (!link.starts_with(root_.path)) return false;
            std::string_view below = link.substr(root_.path.size());
            if (!below.empty() && !below.starts_with('/') && !root_.path.ends_with('/'))
                return false;
            while (below.starts_with('/')) below.remove_prefix(1);
            if (!is_inside(below, 0)) return false;
            visited_.clear();
            link = below.empty() ? std::string_view(".") : below;
            return true;
        }
        return is_inside(link, visited_.size());
    }

    static bool is_inside(std::string_view path, std::size_t depth)
    {
        while (!path.empty()) {
            const std::string_view component = take_component(path);
            if (component == "..") {
                if (depth-- == 0) return false;
            } else if (component != ".") {
                ++depth;
            }
        }
        return true;
    }

    const RootDirectory& root_;
    const Symlinks policy_;
    const int flags_;          // for the last component
    std::vector<Fd> visited_;  // directories entered below the root, for ".." in links
    std::string rest_;         // what is left to walk
    int links_ = 0;
    int error_ = 0;
    bool outside_ = false;
};

#ifdef OSTLER_HAVE_OPENAT2
int open_beneath(int directory, const char* path, Symlinks policy, int flags)
{
    open_how how{};
    how.flags = static_cast<unsigned long long>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    if (policy == Symlinks::none) how.resolve |= RESOLVE_NO_SYMLINKS;
    long fd;
    do fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    while (fd < 0 && errno == EINTR);
    return static_cast<int>(fd);
}
#endif

}  // namespace

Result<Fd, int> open_by_walking(const RootDirectory& root, std::string_view path, Symlinks policy,
                                OpenAs as)
{
    if (!is_acceptable(path)) return Unexpected{ENOENT};
    if (policy == Symlinks::all) {
        const std::string name(path.empty() ? "." : path);
        return to_result(open_at(root.fd, name.c_str(), flags_for(as)));
    }
    return Walk(root, policy, as).open(path);
}

Result<Fd, int> open_below(const RootDirectory& root, std::string_view path, Symlinks policy,
                           OpenAs as)
{
#ifdef OSTLER_HAVE_OPENAT2
    if (policy != Symlinks::all && path.size() < PATH_MAX && is_acceptable(path)) {
        char name[PATH_MAX] = ".";
        path.copy(name, path.size());
        if (!path.empty()) name[path.size()] = '\0';
        const int fd = open_beneath(root.fd, name, policy, flags_for(as));
        if (fd >= 0) return Fd(fd);
        // EXDEV: a link that is absolute or leaves the root; EAGAIN: a rename in between;
        // ENOSYS and EPERM: an old kernel or a filter of system calls.
        if (errno != EXDEV && errno != EAGAIN && errno != ENOSYS && errno != EPERM)
            return Unexpected{errno};
    }
#endif
    return open_by_walking(root, path, policy, as);
}

Result<Fd, int> open_root(const char* path)
{
    return to_result(open_at(AT_FDCWD, path, directory_flags));
}

}  // namespace ostler
