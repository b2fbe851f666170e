// cgi_conf.cc - reads and checks the group `cgi`.
#include "modules/cgi_conf.h"

#include <algorithm>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/fields.h"
#include "modules/cgi_env.h"

namespace ostler {

namespace {

bool is_variable_name(std::string_view name)
{
    return !name.empty() && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
           });
}

void read_scripts(CgiConf& c, Section& s)
{
    const bool has_root = s.get_path(
        "root", c.root, "folder of scripts; without it they are among the location's files");
    const bool has_script = s.get_path(
        "script", c.script, "one script for every path of the location, which is its PATH_INFO");
    if (has_root || has_script) {
        c.prefix = s.scope_path();
        while (c.prefix.ends_with('/')) c.prefix.pop_back();
    }
    if (has_root) {
        while (c.root.size() > 1 && c.root.ends_with('/')) c.root.pop_back();
        c.executable = !c.root.empty();
        if (!c.root.empty()) s.use_paths("root", {c.root}, PathUse::scripts);
        if (!has_script) c.script.clear();  // of the outer scope, whose paths these are no more
    }
    if (has_root && has_script && !c.root.empty() && !c.script.empty())
        s.error("script", "is for a location of its own, without root");
    if (s.get_map("interpreters", c.interpreters,
                  "extension of scripts and the program that runs them; \"\": the script itself")) {
        for (auto& [extension, program] : c.interpreters) {
            std::transform(extension.begin(), extension.end(), extension.begin(), lower);
            if (program.empty()) continue;
            if (!program.starts_with('/'))
                s.error("interpreters", cat("\"", program, "\" is not an absolute path"));
            else
                s.use_paths("interpreters", {program}, PathUse::program);
        }
    }
    s.get("executable", c.executable, "files with an execute bit are scripts; true with root");
    s.get("index", c.index, "names of the script that answers for a folder");
    s.get("path_info", c.path_info, "a path that goes on behind a script is its PATH_INFO");
    static constexpr std::string_view policies[] = {"none", "inside", "same_owner", "all"};
    std::size_t policy = static_cast<std::size_t>(c.symlinks);
    if (s.get_choice("symlinks", policy, policies, "symbolic links that may lead to a script"))
        c.symlinks = static_cast<Symlinks>(policy);
}

void read_environment(CgiConf& c, Section& s)
{
    s.get_path("document_root", c.document_root,
               "DOCUMENT_ROOT; the folder of the script's location when not given");
    if (s.get_map("environment", c.environment, "more variables for scripts")) {
        for (const auto& [name, value] : c.environment) {
            if (!is_variable_name(name))
                s.error("environment", cat("\"", name, "\" is not the name of a variable"));
            else if (is_computed_variable(name))
                s.error("environment", cat("\"", name, "\" is computed for every request"));
        }
    }
    s.get("authorization", c.authorization, "scripts get the client's Authorization field");
}

void read_limits(CgiConf& c, Section& s)
{
    using namespace std::chrono_literals;
    constexpr int many = 1'000'000;
    s.get("concurrent", c.concurrent, "scripts that run at a time, in all workers", 1, many);
    s.get("concurrent_per_script", c.concurrent_per_script,
          "runs of one script at a time, in all workers", 1, many);
    s.get("queue", c.queue, "requests that wait for their turn, in all workers; more: 503", 0,
          many);
    s.get("queue_time", c.queue_time, "longest wait for a turn; longer: 503");
    s.get("timeout", c.timeout, "longest silence of a script", 1ms);
    s.get("header_timeout", c.header_timeout,
          "longest time until a script has sent its header section", 1ms);
    s.get("wall_time", c.wall_time, "longest run; 0s: no limit");
    s.get("kill_after", c.kill_after, "time between TERM and KILL", 0ms, 5s);
    s.get("cpu_time", c.cpu_time,
          "processor time of one process of a script, in whole seconds; 0s: no limit");
    Bytes size{c.memory};
    if (s.get("memory", size, "address space of one process of a script; 0: no limit"))
        c.memory = size.count;
    s.get("files", c.files, "descriptors of one process of a script; 0: as the server", 0, many);
    s.get("processes", c.processes, "processes of the user that scripts run as; 0: no limit", 0,
          many);
    size.count = c.output;
    if (s.get("output", size, "bytes a script may write; 0: no limit")) c.output = size.count;
    s.get("stderr_lines", c.stderr_lines, "lines of a script's stderr that are logged at once", 0,
          many);
    s.get("background", c.background, "what a script leaves running may go on after it");
}

}  // namespace

const std::string* CgiConf::interpreter_of(std::string_view name) const
{
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos) return nullptr;
    const std::string_view extension = name.substr(dot + 1);
    for (const auto& [known, program] : interpreters)
        if (same_ignoring_case(known, extension)) return &program;
    return nullptr;
}

void configure_cgi(CgiConf& c, Section& s)
{
    read_scripts(c, s);
    read_environment(c, s);
    read_limits(c, s);
    s.get("sendfile", c.sendfile,
          "folders whose files a script may send with X-Sendfile; absolute");
    for (const std::string& folder : c.sendfile)
        if (!folder.starts_with('/'))
            s.error("sendfile", cat("\"", folder, "\" is not an absolute path"));
    if (s.get_path("temporary", c.temporary,
                   "folder for large request bodies without Content-Length"))
        s.use_paths("temporary", {c.temporary}, PathUse::written);
    s.get("explain", c.explain, "clients on this machine are told why a script did not run");
}

}  // namespace ostler
