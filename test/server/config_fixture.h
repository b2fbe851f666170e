// config_fixture.h - modules of the tests' own, and configurations read with them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section.h"
#include "common/module.h"
#include "server/config.h"
#include "server/config_load.h"
#include "test/support/settings.h"

namespace ostler::test {

struct CgiConf {
    std::string root;
};
inline void configure_cgi(CgiConf& c, Section& s)
{
    s.get_path("root", c.root, "folder of the scripts");
    if (c.root.empty()) s.error("root", "is needed: the folder of the scripts");
}

struct NoConf {};
inline void configure_nothing(NoConf&, Section&) {}

inline Step ask_files(Exchange&, const FilesConf&) { return Step::next; }
inline Step ask_cgi(Exchange&, const CgiConf&) { return Step::next; }
inline Step ask_nothing(Exchange&, const NoConf&) { return Step::next; }
inline void log_nothing(const Exchange&, const NoConf&) {}
inline void start_files(FilesConf& c, Loop&) { ++c.started; }
inline bool open_files(FilesConf& c) { return !c.hidden; }

inline constexpr std::string_view session_needs[] = {"cookie"};
inline constexpr Module cookie_module{.name = "cookie",
                                      .about = "reads cookies",
                                      .on_by_default = false,
                                      .config = conf<configure_nothing>,
                                      .prepare = on<ask_nothing>};
inline constexpr Module session_module{.name = "session",
                                       .about = "keeps sessions",
                                       .needs = session_needs,
                                       .on_by_default = false,
                                       .config = conf<configure_nothing>,
                                       .prepare = on<ask_nothing>,
                                       .response = on<ask_nothing>};
inline constexpr Module cgi_module{.name = "cgi",
                                   .about = "runs scripts",
                                   .on_by_default = false,
                                   .config = conf<configure_cgi>,
                                   .rewrite = on<ask_cgi>,
                                   .content = on<ask_cgi>};
inline constexpr Module files_module{.name = "static",
                                     .about = "serves files",
                                     .config = conf<configure_files>,
                                     .open = on<open_files>,
                                     .start = on<start_files>,
                                     .content = on<ask_files>};
inline constexpr Module plain_module{.name = "plain",
                                     .about = "has no settings",
                                     .on_by_default = false,
                                     .access = [](Exchange&, const void*) { return Step::next; }};
inline constexpr Module log_module{.name = "accesslog",
                                   .about = "writes a line",
                                   .config = conf<configure_nothing>,
                                   .response = on<ask_nothing>,
                                   .log = on<log_nothing>};
inline constexpr const Module* module_rows[] = {&cookie_module, &session_module, &cgi_module,
                                                &files_module,  &plain_module,   &log_module};

/// Read with the modules above; the file is /etc/ostler/ostler.conf.
inline std::unique_ptr<Configuration> load(std::string_view text, std::vector<Problem>& problems)
{
    problems.clear();
    ConfigNode root;
    if (!parse_config(text, "ostler.conf", "/etc/ostler", root, problems)) return nullptr;
    return build_configuration(root, module_rows, problems);
}

/// All messages behind each other.
inline std::string messages(const std::vector<Problem>& problems)
{
    std::string all;
    for (const Problem& p : problems) all += format_problem(p);
    return all;
}

}  // namespace ostler::test
