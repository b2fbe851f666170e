// config_server.cc - the groups `server` and `listen`.
#include "server/config_server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/log_sink.h"
#include "common/base/section.h"
#include "common/base/suggest.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Ms = std::chrono::milliseconds;

// In the order of enum Level.
constexpr std::array<std::string_view, 4> level_names = {"error", "warn", "info", "debug"};

void read_user(ServerConf& conf, Section& s)
{
    if (s.get("user", conf.user, "who the workers run as; empty: who started the server") &&
        !conf.user.empty()) {
        const passwd* const entry = ::getpwnam(conf.user.c_str());
        if (!entry)
            s.error("user", cat("there is no user \"", conf.user, "\" on this system"));
        else if (::geteuid() != 0 && ::geteuid() != entry->pw_uid)
            s.warn("user", "has no effect: only root can change the user");
    }
    if (s.get("group", conf.group, "the group the workers run as; empty: the user's") &&
        !conf.group.empty() && !::getgrnam(conf.group.c_str()))
        s.error("group", cat("there is no group \"", conf.group, "\" on this system"));
}

void read_workers(ServerConf& conf, Section& s)
{
    int workers = 0;
    s.get("workers", workers, "worker processes; 0: one a processor", 0, 1024);
    const auto processors = static_cast<int>(std::thread::hardware_concurrency());
    conf.workers = workers > 0 ? workers : std::max(processors, 1);
}

void read_event_backend(ServerConf& conf, Section& s)
{
    if (!s.get("event_backend", conf.event_backend,
               "libevent method to insist on, such as \"poll\"; empty: the best there is"))
        return;
    std::vector<std::string_view> names;
    for (const char** m = ::event_get_supported_methods(); m && *m; ++m) names.emplace_back(*m);
    const bool known = std::find(names.begin(), names.end(), conf.event_backend) != names.end();
    if (!conf.event_backend.empty() && !known)
        s.error("event_backend", cat("this libevent has ", list_words(names)));
}

bool is_numeric_address(std::string address)
{
    if (address.starts_with('[') && address.ends_with(']'))
        address = address.substr(1, address.size() - 2);
    // The zone of a link-local address, fe80::1%eth0, is looked up when it is bound.
    if (const std::size_t zone = address.find('%'); zone != std::string::npos) address.resize(zone);
    in6_addr space{};
    return ::inet_pton(AF_INET, address.c_str(), &space) == 1 ||
           ::inet_pton(AF_INET6, address.c_str(), &space) == 1;
}

void check_address(ListenSpec& spec, bool has_port, Section& s)
{
    constexpr std::string_view unix_prefix = "unix:";
    if (spec.address == "*") return;
    if (spec.address.starts_with(unix_prefix)) {
        const std::string_view path = std::string_view(spec.address).substr(unix_prefix.size());
        if (!path.starts_with('/'))
            s.error("address", "the path of a socket file is absolute, such as "
                               "\"unix:/run/ostler/http.sock\"");
        else if (path.size() >= sizeof(sockaddr_un::sun_path))
            s.error("address", cat("the path of a socket file has at most ",
                                   sizeof(sockaddr_un::sun_path) - 1, " bytes here"));
        if (has_port) s.error("port", "a socket file has no port");
        spec.port = 0;
        return;
    }
    if (!is_numeric_address(spec.address)) {
        s.error("address", "must be a numeric address such as \"127.0.0.1\" or \"::1\", \"*\" for "
                           "all, or \"unix:/path\"");
        return;
    }
    if (spec.address.starts_with('['))
        spec.address = spec.address.substr(1, spec.address.size() - 2);
}

}  // namespace

void configure_server(ServerConf& conf, Section& s)
{
    read_user(conf, s);
    read_workers(conf, s);
    if (s.get_path("pid_file", conf.pid_file,
                   "file with the process id of the master; empty: none") &&
        !conf.pid_file.empty())
        s.use_paths("pid_file", {std::string(folder_of(conf.pid_file))}, PathUse::holder);
    if (s.get_log_target("error_log", conf.error_log,
                         "where errors go: a file, \"stderr\", \"stdout\", \"syslog\" or \"off\""))
        if (const auto problem = LogSink::problem_with(conf.error_log); !problem.empty())
            s.error("error_log", problem);
    auto level = static_cast<std::size_t>(conf.log_level);
    s.get_choice("log_level", level, level_names, "the least severe messages kept");
    conf.log_level = static_cast<Level>(level);
    s.get("connections", conf.connections, "most clients of one worker", 1, 1'000'000);
    s.get("stop_timeout", conf.stop_timeout, "how long a graceful stop or reload waits for clients",
          Ms(0), std::chrono::hours(24));
    s.get("worker_timeout", conf.worker_timeout,
          "a worker that is silent for this long is replaced", std::chrono::seconds(1),
          std::chrono::hours(1));
    if (s.get("software", conf.software, "value of the Server field; empty: no such field") &&
        std::any_of(conf.software.begin(), conf.software.end(),
                    [](char c) { return c < ' ' || c > '~'; }))
        s.error("software", "must be printable ASCII: it is sent as a header field");
    s.get("skip_bad_hosts", conf.skip_bad_hosts,
          "start without the hosts that have errors: their names answer 503");
    read_event_backend(conf, s);
}

ListenSpec configure_listen(Section& s)
{
    ListenSpec spec;
    s.get("address", spec.address,
          "a numeric address, \"*\" for all of IPv4 and IPv6, or \"unix:/path\"");
    const bool has_port = s.get("port", spec.port, "TCP port; 0: any free one", 0, 65535);
    s.get("backlog", spec.backlog, "connections that may wait to be accepted", 1, 65535);
    s.get("tls", spec.tls, "HTTPS; the certificates are in the group `tls`");
    check_address(spec, has_port, s);
    return spec;
}

std::string ListenSpec::name() const
{
    if (address.starts_with("unix:")) return address;
    const bool ipv6 = address.find(':') != std::string::npos;
    return cat(ipv6 ? "[" : "", address, ipv6 ? "]:" : ":", port);
}

}  // namespace ostler
