// serve.cc - a configuration made up on the spot, given to an ordinary master.
#include "server/serve.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "common/base/text.h"
#include "common/module.h"
#include "modules/table.h"
#include "server/cgi_command.h"
#include "server/commands.h"
#include "server/master.h"
#include "server/serve_state.h"
#include "server/signals.h"
#include "server/tls_local.h"

namespace ostler {

namespace {

constexpr int ports_tried = 100;

bool has_module(std::string_view name)
{
    const auto table = module_table();
    return std::any_of(table.begin(), table.end(), [=](const Module* m) { return m->name == name; });
}

int complain(std::string_view text)
{
    std::fprintf(stderr, "ostler: %.*s\n", static_cast<int>(text.size()), text.data());
    return exit_runtime;
}

ListenSpec listen_spec(const char* address, int port, bool tls)
{
    ListenSpec spec;
    spec.tls = tls;
    spec.address = address;
    spec.port = port;
    return spec;
}

/// Binds what `plan` asks for, and says in it what came out.  The error is bind_socket()'s.
Result<BoundSockets, std::string> bind_plan(ServePlan& plan)
{
    auto first = bind_socket(listen_spec(plan.lan ? "*" : "127.0.0.1", plan.port, plan.tls()));
    if (!first) return Unexpected{first.error()};
    plan.bound_port = (*first)->port();
    BoundSockets sockets{*first};
    if (plan.lan) return sockets;
    // Browsers take "localhost" for ::1 first: it has to be us who answers there.
    auto second = bind_socket(listen_spec("::1", plan.bound_port, plan.tls()));
    plan.ipv6 = second.has_value();
    if (second) sockets.push_back(*second);
    else if (second.error().find("in use") != std::string::npos && plan.port == 0)
        return Unexpected{second.error()};
    return sockets;
}

/// A port that was not asked for may be the next one that is free.
Result<BoundSockets, std::string> bind_first_free(ServePlan& plan, bool any_port)
{
    const int asked = plan.port;
    for (;;) {
        auto sockets = bind_plan(plan);
        const bool in_use =
            !sockets && sockets.error().find("in use") != std::string::npos;
        if (!any_port || !in_use || plan.port >= std::min(asked + ports_tried, 65535))
            return sockets;
        ++plan.port;
    }
}

/// Addresses by which other machines reach this one.
std::vector<std::string> lan_addresses()
{
    std::vector<std::string> found;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return found;
    for (const ifaddrs* i = list; i; i = i->ifa_next) {
        const bool usable = (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK);
        if (!usable || !i->ifa_addr || i->ifa_addr->sa_family != AF_INET) continue;
        sockaddr_in address{};
        std::memcpy(&address, i->ifa_addr, sizeof address);
        char text[INET_ADDRSTRLEN] = "";
        inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
        found.emplace_back(text);
    }
    freeifaddrs(list);
    return found;
}

/// Leaves it to the desktop; whether there is one is not our business.
void open_browser(const std::string& url)
{
    const int pid = fork_child(ForkSignals::defaults);
    if (pid != 0) return;  // the master takes the status of every child
    setsid();
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {0, 1, 2}) dup2(null, fd);
#ifdef __APPLE__
    const char* const program = "open";
#else
    const char* const program = "xdg-open";
#endif
    execlp(program, program, url.c_str(), static_cast<char*>(nullptr));
    _exit(127);
}

bool is_directory(const std::string& path)
{
    struct stat info {};
    return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

void announce(const ServePlan& plan, bool open)
{
    const std::string_view scheme = plan.tls() ? "https://" : "http://";
    const std::string local = cat(scheme, plan.ipv6 || plan.lan ? "localhost" : "127.0.0.1",
                                  ':', plan.bound_port, '/');
    std::string text = cat("serving ", plan.folder, "\n  ", local, '\n');
    if (plan.lan)
        for (const std::string& address : lan_addresses())
            append(text, "  ", scheme, address, ':', plan.bound_port, "/  (from other machines)\n");
    if (plan.tls())
        append(text, "certificate: ", plan.certificate, " (for localhost, 127.0.0.1 and ::1)\n",
               how_to_trust(plan.certificate));
    if (!plan.cgi && is_directory(cat(plan.folder, "/cgi-bin")))
        append(text, "/cgi-bin/ is not served: --cgi runs what is in it\n");
    append(text, "Ctrl-C ends it\n");
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    if (open) open_browser(local);
}

/// The folder's absolute path; nothing, and the reason on stderr, when it is none.
std::optional<std::string> find_folder(const std::string& name)
{
    char* const path = realpath(name.c_str(), nullptr);
    struct stat info {};
    if (!path || stat(path, &info) != 0) {
        complain(cat(name, ": ", std::strerror(errno)));
        std::free(path);
        return std::nullopt;
    }
    std::string folder = path;
    std::free(path);
    if (S_ISDIR(info.st_mode)) return folder;
    complain(cat(name, ": not a folder"));
    return std::nullopt;
}

/// Where scripts may keep things; empty, and a line on stderr, when there is no such place.
std::string find_state_folder(const std::string& folder)
{
#ifdef OSTLER_SQLITE
    auto state = serve_state_folder(folder);
    if (state) return std::move(*state);
    complain(cat("scripts have no sessions: ", state.error()));
#else
    (void)folder;
#endif
    return {};
}

}  // namespace

std::string serve_configuration(const ServePlan& plan)
{
    const std::string_view tls = plan.tls() ? "; tls = true" : "";
    std::string text = cat("server: { workers = 1; error_log = \"stderr\"; log_level = \"warn\"; };\n"
                           "listen = ( { address = ",
                           quoted(plan.lan ? "*" : "127.0.0.1"), "; port = ", plan.port, tls,
                           "; }");
    if (plan.ipv6) append(text, ", { address = \"::1\"; port = ", plan.bound_port, tls, "; }");
    append(text, " );\nmodules: {");
    const bool has_sessions = plan.cgi && !plan.state.empty() && has_module("session");
    const bool has_cookies = plan.cgi && has_module("cookie");
    for (const Module* m : module_table()) {
        const bool wanted = (m->name == "session" && has_sessions) ||
                            (m->name == "cookie" && has_cookies) || m->name == "static" || m->name == "autoindex" ||
                            m->name == "accesslog" || (m->name == "cgi" && plan.cgi);
        append(text, ' ', m->name, wanted ? " = true;" : " = false;");
    }
    append(text, " };\nstatic: { root = ", quoted(plan.folder), "; };\n");
    if (has_module("autoindex")) text += "autoindex: { enabled = true; };\n";
    if (has_module("accesslog"))
        append(text, "accesslog: { file = \"stdout\"; format = \"terminal\"; };\n");
    if (plan.tls())
        append(text, "tls: { certificate = ", quoted(plan.certificate), "; key = ",
               quoted(plan.key), "; };\n");
    if (has_sessions)
        append(text, "session: { store = ", quoted(cat("sqlite:", plan.state, "/sessions.db")),
               "; };\n");
    // Only scripts have a use for it: other pages set no cookies.
    constexpr std::string_view visitor =
        "cookie: { set = ( { name = \"visitor\"; value = \"${random}\"; max_age = \"365d\"; "
        "variable = \"VISITOR_ID\"; } ); }; ";
    if (plan.cgi)
        text += cgi_configuration(plan.folder, plan.state,
                                  has_cookies ? visitor : std::string_view{});
    else  // the source of a script is never sent: there may be a password in it
        text += "locations = ( { path = \"/cgi-bin/\"; modules: { static = false; autoindex = false; }; } );\n";
    return text;
}

int serve_folder(const Options& options)
{
    if (options.cgi && !has_module("cgi"))
        return report_usage("--cgi: the cgi module is not in this build");
    const auto folder = find_folder(options.folder);
    if (!folder) return exit_runtime;
    ServePlan plan;
    plan.folder = *folder;
    plan.lan = options.lan;
    plan.cgi = options.cgi;
    if (plan.cgi) plan.state = find_state_folder(plan.folder);
    plan.port = options.port;
    if (options.https) {
        auto local = local_certificate(user_state_folder(), std::time(nullptr));
        if (!local) return complain(cat("--https: no certificate: ", local.error()));
        plan.certificate = local->files.certificate;
        plan.key = local->files.key;
    }
    auto sockets = bind_first_free(plan, !options.port_given);
    if (!sockets) return complain(sockets.error());

    MasterOptions master;
    master.load = [plan](std::vector<Problem>& problems) {
        auto conf =
            load_configuration_text(serve_configuration(plan), "serve", plan.folder, problems);
        // That the certificate is signed by itself is no news here.
        if (conf && plan.tls()) problems.clear();
        return conf;
    };
    master.personal = true;
    master.bound = std::move(*sockets);
    master.on_ready = [plan, open = options.open](const Generation&) { announce(plan, open); };
    return Master(std::move(master)).run();
}

}  // namespace ostler
