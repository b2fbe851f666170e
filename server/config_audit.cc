// config_audit.cc - looks at the paths of a configuration as the user the workers run as.
#include "server/config_audit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "common/base/log_line.h"
#include "common/base/platform.h"
#include "common/base/text.h"
#include "common/module.h"
#include "server/privileges.h"
#include "server/signals.h"

namespace ostler {

namespace {

/// What is wrong with one path; a message of fixed size, so that it fits through a pipe at once.
struct Verdict {
    enum class Kind : unsigned char {
        fine,
        missing,
        no_folder,
        no_program,
        denied,
        writable,
        none_there
    };
    Kind kind = Kind::fine;
    std::uint16_t length = 0;  ///< denied: the part of the path up to what is in the way
};

/// The length of the first part of `path` that may not be searched or, at its end, used.
std::uint16_t first_denied(const std::string& path, int mode)
{
    for (std::size_t end = 1; end < path.size(); ++end) {
        end = std::min(path.find('/', end), path.size());
        const std::string part = path.substr(0, end);
        if (::access(part.c_str(), end == path.size() ? mode : X_OK) != 0)
            return static_cast<std::uint16_t>(end);
    }
    return static_cast<std::uint16_t>(path.size());
}

Verdict look_at_folder(const std::string& path, int mode)
{
    using Kind = Verdict::Kind;
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0 && errno != EACCES) return {Kind::missing};
    if (errno != EACCES && !S_ISDIR(st.st_mode)) return {Kind::no_folder};
    if (::access(path.c_str(), mode) != 0 && errno == EACCES)
        return {Kind::denied, first_denied(path, mode)};
    return {};
}

Verdict look_at(const UsedPaths& used, bool as_other_user)
{
    using Kind = Verdict::Kind;
    const std::string& first = used.paths.front();
    errno = 0;
    switch (used.use) {
    case PathUse::served: return look_at_folder(first, R_OK | X_OK);
    case PathUse::written: return look_at_folder(first, W_OK | X_OK);
    case PathUse::holder: return look_at_folder(first, F_OK);
    case PathUse::scripts: {
        const Verdict v = look_at_folder(first, X_OK);
        const bool may_change =
            v.kind == Kind::fine && as_other_user && ::access(first.c_str(), W_OK) == 0;
        return may_change ? Verdict{Kind::writable} : v;
    }
    case PathUse::program: {
        struct stat st {};
        if (::access(first.c_str(), X_OK) == 0 && ::stat(first.c_str(), &st) == 0 &&
            S_ISREG(st.st_mode))
            return {};
        if (errno == EACCES) return {Kind::denied, first_denied(first, X_OK)};
        return {Kind::no_program};
    }
    case PathUse::one_of: {
        const auto is_there = [](const std::string& p) { return ::access(p.c_str(), F_OK) == 0; };
        const std::string folder(folder_of(first));
        const bool known =
            ::access(folder.c_str(), X_OK) == 0;  // else the root's own warning says it
        const bool none = known && std::none_of(used.paths.begin(), used.paths.end(), is_there);
        return {none ? Kind::none_there : Kind::fine};
    }
    }
    return {};
}

/// Looks as `identity`, in a process of its own when that is somebody else.  Nothing when that
/// process fails.
std::optional<std::vector<Verdict>> look(const std::vector<UsedPaths>& paths,
                                         const Identity& identity)
{
    std::vector<Verdict> verdicts(paths.size());
    const auto look_at_all = [&] {
        for (std::size_t i = 0; i < paths.size(); ++i)
            verdicts[i] = look_at(paths[i], identity.change);
    };
    if (!identity.change) {
        look_at_all();
        return verdicts;
    }
    Fd reader, writer;
    if (!open_pipe(reader, writer)) return std::nullopt;
    set_nonblocking(reader.get(), false);
    set_nonblocking(writer.get(), false);
    const int pid = fork_child(ForkSignals::defaults);
    if (pid < 0) return std::nullopt;
    if (pid == 0) {
        std::string error;
        if (!drop_privileges(identity, error)) _exit(1);
        look_at_all();
        for (const Verdict& v : verdicts)
            if (::write(writer.get(), &v, sizeof v) != sizeof v) _exit(1);
        _exit(0);
    }
    writer.reset();
    std::size_t have = 0;
    for (Verdict v; have < verdicts.size() && ::read(reader.get(), &v, sizeof v) == sizeof v;)
        verdicts[have++] = v;
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0 || have != verdicts.size()) return std::nullopt;
    return verdicts;
}

std::string describe(const UsedPaths& used, const Verdict& v, const Identity& identity)
{
    const std::string& path = used.paths.front();
    const std::string who = identity.change ? cat("the user \"", identity.user, '"') : "this user";
    const std::string_view part = std::string_view(path).substr(0, v.length);
    switch (v.kind) {
    case Verdict::Kind::fine: return {};
    case Verdict::Kind::missing: return cat("there is no folder ", path);
    case Verdict::Kind::no_folder: return cat(path, " is not a folder");
    case Verdict::Kind::no_program: return cat("there is no program ", path);
    case Verdict::Kind::denied:
        if (part.size() < path.size())
            return cat(who, " may not search ", part, ", on the way to ", path);
        return cat(who,
                   used.use == PathUse::written  ? " may not write to "
                   : used.use == PathUse::served ? " may not read "
                   : used.use == PathUse::program ? " may not run "
                                                  : " may not search ",
                   path);
    case Verdict::Kind::writable:
        return cat(who, " may write to ", path,
                   ": who breaks into a script could leave another one");
    case Verdict::Kind::none_there:
        return cat("there is none of these in ", folder_of(path), " itself");
    }
    return {};
}

void warn(const SourcePlace& place, std::string text, std::vector<Problem>& problems)
{
    problems.push_back(make_problem(Problem::Severity::warning, place, std::move(text)));
}

void audit_paths(const Configuration& configuration, std::vector<Problem>& problems)
{
    Identity identity;
    std::string error;
    const ServerConf& server = configuration.server;
    if (!find_identity(server, identity, error)) return;  // reported already
    // Who is not root cannot know what another user may do.
    if (!server.user.empty() && !identity.change) return;
    const auto verdicts = look(configuration.paths, identity);
    for (std::size_t i = 0; verdicts && i < verdicts->size(); ++i) {
        const UsedPaths& used = configuration.paths[i];
        const std::string text = describe(used, (*verdicts)[i], identity);
        if (!text.empty())
            warn(used.place, cat('"', used.key, "\" ", in_title(used.title), ": ", text), problems);
    }
}

bool is_local(const ListenSpec& spec)
{
    return spec.address.starts_with("unix:") || spec.address.starts_with("127.") ||
           spec.address == "::1";
}

void audit_listeners(const Configuration& configuration, std::vector<Problem>& problems)
{
    const std::vector<ListenSpec>& all = configuration.listen;
    for (std::size_t i = 0; i < configuration.listen_places.size(); ++i) {
        const auto covers = [&](const ListenSpec& wide) {
            return wide.address == "*" && wide.port == all[i].port && all[i].address != "*" &&
                   !all[i].address.starts_with("unix:") && wide.port != 0;
        };
        if (std::any_of(all.begin(), all.end(), covers))
            warn(configuration.listen_places[i],
                 cat(all[i].name(), " is part of *:", all[i].port,
                     ": most systems do not let both be listened on"),
                 problems);
    }
    const bool in_clear = std::any_of(all.begin(), all.end(),
                                      [](const ListenSpec& l) { return !l.tls && !is_local(l); });
    const bool has_tls =
        std::any_of(all.begin(), all.end(), [](const ListenSpec& l) { return l.tls; });
    if (!in_clear || has_tls) return;
    for (const auto& [module, place] : configuration.wanting_tls)
        warn(place,
             cat('"', module->name,
                 "\" without TLS: whoever is on the way can read and take "
                 "over what it sends; give \"listen\" a port with tls = true"),
             problems);
}

}  // namespace

void audit_configuration(const Configuration& configuration, std::vector<Problem>& problems)
{
    audit_listeners(configuration, problems);
    audit_paths(configuration, problems);
}

}  // namespace ostler
