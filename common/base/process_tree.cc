// process_tree.cc - /proc, and the twin that knows nothing.
#include "common/base/process_tree.h"

#include <ctime>

#ifdef __linux__
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "common/base/fd.h"
#include "common/base/text.h"
#endif

namespace ostler {

std::vector<pid_t> family_of(pid_t id)
{
    std::vector<pid_t> found{id};
    for (std::size_t at = 0; at < found.size(); ++at)
        for (const pid_t child : children_of(found[at])) found.push_back(child);
    return found;
}

#ifdef __linux__

namespace {

/// A file of /proc as far as it is readable, at most `most` bytes.
std::string read_file(const std::string& path, std::size_t most)
{
    std::string text;
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char bytes[4096];
    while (fd && text.size() < most) {
        const ssize_t got = ::read(fd.get(), bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(bytes, static_cast<std::size_t>(got));
    }
    return text;
}

constexpr std::size_t most_children = 1 << 20;  // bytes of the list
constexpr std::size_t most_environment = 1 << 20;

void append_children(const std::string& thread, std::vector<pid_t>& to)
{
    const std::string list = read_file(cat(thread, "/children"), most_children);
    const char* at = list.c_str();
    for (char* end = nullptr;; at = end) {
        const long id = std::strtol(at, &end, 10);
        if (end == at) return;
        to.push_back(static_cast<pid_t>(id));
    }
}

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

std::vector<pid_t> children_of(pid_t id)
{
    std::vector<pid_t> found;
    const std::string threads = cat("/proc/", id, "/task");
    DIR* dir = ::opendir(threads.c_str());
    if (!dir) return found;
    while (const dirent* entry = ::readdir(dir))
        if (is_digit(entry->d_name[0]))
            append_children(cat(threads, '/', static_cast<const char*>(entry->d_name)), found);
    ::closedir(dir);
    return found;
}

std::optional<std::string> variable_of(pid_t id, std::string_view name)
{
    const std::string all = read_file(cat("/proc/", id, "/environ"), most_environment);
    std::string_view rest = all;
    while (!rest.empty()) {
        const std::string_view variable = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
        if (variable.starts_with(name) && variable.substr(name.size()).starts_with('='))
            return std::string(variable.substr(name.size() + 1));
    }
    return std::nullopt;
}

std::int64_t start_of(pid_t id)
{
    const std::string line = read_file(cat("/proc/", id, "/stat"), 4096);
    // The 22nd field; the second is a name in parentheses that may hold anything.
    std::size_t at = line.rfind(')');
    for (int field = 2; field < 22 && at != line.npos; ++field) at = line.find(' ', at + 1);
    if (at == line.npos) return 0;
    const long long ticks = std::strtoll(line.c_str() + at + 1, nullptr, 10);
    return ticks * 1000 / ::sysconf(_SC_CLK_TCK);
}

std::int64_t boot_clock_ms()
{
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

#else

void adopt_orphans() {}
std::vector<pid_t> children_of(pid_t) { return {}; }
std::optional<std::string> variable_of(pid_t, std::string_view) { return std::nullopt; }
std::int64_t start_of(pid_t) { return 0; }

std::int64_t boot_clock_ms()
{
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

#endif

}  // namespace ostler
