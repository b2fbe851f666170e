// config.h - a configuration in force: everything read, checked and bound, never changed again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/problem.h"
#include "common/base/section_reader.h"
#include "common/exchange.h"
#include "common/settings.h"
#include "server/config_tests.h"

namespace ostler {

class Loop;
class Tls;

/// One line of `listen = ( … )`.
struct ListenSpec {
    std::string address = "*";  ///< numeric IPv4 or IPv6, "*" for both, or "unix:/path"
    int port = 80;              ///< 0: any free one, printed at the start
    bool tls = false;
    int backlog = 1024;
    /// "*:80", "[::1]:8080", "unix:/run/x.sock".
    std::string name() const;
    bool operator==(const ListenSpec&) const = default;
};

/// The group `server`.
struct ServerConf {
    std::string user;      ///< empty: stay who we are
    std::string group;     ///< empty: the user's
    int workers = 1;       ///< already resolved: 0 in the file is one a processor
    std::string pid_file;  ///< empty: none
    std::string error_log = "stderr";
    Level log_level = Level::info;
    int connections = 4096;                          ///< most clients of one worker
    std::chrono::milliseconds stop_timeout{30'000};  ///< graceful stop and drain on reload
    std::chrono::milliseconds worker_timeout{
        10'000};                      ///< a worker silent for this long is replaced
    std::string software = "ostler";  ///< Server field; empty: none
    bool skip_bad_hosts = false;      ///< a host with errors is left out, the others serve
    std::string event_backend;        ///< libevent method to insist on; empty: the best
};

class Configuration {
 public:
    virtual ~Configuration() = default;

    ServerConf server;
    std::vector<ListenSpec> listen;
    HttpConf http;     ///< of the server scope
    std::string file;  ///< as given
    /// Null when no listener has tls.  The master replaces what is in it; connections read it.
    std::shared_ptr<Tls> tls;
    std::vector<ConfigTest> tests;
    std::vector<UsedPaths> paths;  ///< what settings lead to, for -t
    /// Modules that want TLS, with the place that switches them on.
    std::vector<std::pair<const Module*, SourcePlace>> wanting_tls;
    std::vector<SourcePlace> listen_places;  ///< of the elements of `listen`; empty: none is there

    /// By host and longest location prefix.
    virtual const Router& router() const = 0;
    /// The Conf of every scope where the module is on, each once.
    virtual std::vector<const void*> confs_of(const Module&) const { return {}; }
    /// Calls Module::open for every scope; false when one refused (logged).
    virtual bool open(const RunAs&) = 0;
    /// Calls Module::start for every scope, in a worker.
    virtual void start(Loop&) = 0;
    /// The configuration in force, defaults included, as text that can be loaded again (-T).
    virtual std::string print() const = 0;
};

/// Reads `file` and conf.d/*.conf beside it.  Null when there was an error; `problems` then and
/// otherwise holds everything found: `file` first, then the others by name, each by line.
std::unique_ptr<Configuration> load_configuration(const std::string& file,
                                                  std::vector<Problem>& problems);
/// The same from text; `name` stands for the file in messages, relative paths start at `folder`.
std::unique_ptr<Configuration> load_configuration_text(std::string_view text,
                                                       const std::string& name,
                                                       const std::string& folder,
                                                       std::vector<Problem>& problems);

/// What -m prints: modules compiled in, or one module with every setting, type and default.
std::string describe_modules();
/// Empty when there is no such module.
std::string describe_module(std::string_view name);

}  // namespace ostler
