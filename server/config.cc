// config.cc - a configuration in force: everything read, checked and bound, never changed again.
#include "server/config.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "common/base/text.h"
#include "modules/table.h"
#include "server/config_load.h"
#include "server/config_merge.h"
#include "server/config_scope.h"

namespace ostler {

namespace {

class LoadedConfiguration final : public Configuration {
 public:
    explicit LoadedConfiguration(BuiltScopes built) : built_(std::move(built))
    {
        server = built_.server;
        listen = built_.listen;
        tests = built_.tests;
        paths = built_.paths;
        wanting_tls = built_.wanting_tls;
        listen_places = built_.listen_places;
        http = *built_.http;
        tls = built_.tls;
    }

    const Router& router() const override { return built_.routes; }

    std::vector<const void*> confs_of(const Module& module) const override
    {
        std::vector<const void*> confs;
        for (const UsedConf& used : built_.used)
            if (used.module == &module) confs.push_back(used.conf.get());
        return confs;
    }

    bool open(const RunAs& who) override
    {
        bool ok = true;
        for (const auto& bound : built_.pipelines) bound->place_on_board();
        for (const UsedConf& used : built_.used)
            if (used.module->open && !used.module->open(used.conf.get(), who)) ok = false;
        return ok;
    }

    void start(Loop& loop) override
    {
        for (const UsedConf& used : built_.used)
            if (used.module->start) used.module->start(used.conf.get(), loop);
    }

    std::string print() const override { return write_config(built_.effective); }

 private:
    BuiltScopes built_;
};

std::string current_folder()
{
    std::vector<char> path(4096);
    return ::getcwd(path.data(), path.size()) ? path.data() : "/";
}

Problem file_problem(const std::string& file, std::string text)
{
    Problem p;
    p.file = file;
    p.text = std::move(text);
    return p;
}

/// Names of DIR/*.conf in order; a folder that is not there has none.
std::vector<std::string> list_drop_ins(const std::string& folder, std::vector<Problem>& problems)
{
    std::vector<std::string> names;
    DIR* dir = ::opendir(folder.c_str());
    if (!dir) {
        if (errno != ENOENT && errno != ENOTDIR)
            problems.push_back(file_problem(folder, cat("cannot be read: ", std::strerror(errno))));
        return names;
    }
    while (const dirent* entry = ::readdir(dir)) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(".conf") && !name.starts_with('.'))
            names.push_back(cat(folder, '/', name));
    }
    ::closedir(dir);
    std::sort(names.begin(), names.end());
    return names;
}

bool read_tree(const std::string& path, const std::string& folder, ConfigNode& root,
               std::vector<Problem>& problems)
{
    std::string text, why;
    if (!read_config_file(path, text, why)) {
        problems.push_back(file_problem(path, why));
        return false;
    }
    return parse_config(text, path, folder, root, problems);
}

/// The main file first, the others by name, each by line.  The same thing is said once: a
/// location of all hosts is read for each host.
void tidy(std::vector<Problem>& problems, std::string_view main_file)
{
    const auto rank = [&](const Problem& p) {
        return std::tuple(p.file != main_file, std::string_view(p.file), p.line, p.column);
    };
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const Problem& a, const Problem& b) { return rank(a) < rank(b); });
    std::vector<Problem> once;
    for (Problem& p : problems)
        if (std::find(once.begin(), once.end(), p) == once.end()) once.push_back(std::move(p));
    problems = std::move(once);
}

}  // namespace

bool read_config_tree(const std::string& file, ConfigNode& root, std::vector<Problem>& problems)
{
    const std::size_t slash = file.rfind('/');
    const std::string beside = slash == std::string::npos ? "." : file.substr(0, slash);
    const std::string folder =
        absolute_path(slash == 0 ? std::string("/") : beside, current_folder());
    bool ok = read_tree(file, folder, root, problems);
    const std::string shown = slash == std::string::npos ? "conf.d" : cat(beside, "/conf.d");
    for (const std::string& path : list_drop_ins(shown, problems)) {
        ConfigNode tree;
        if (read_tree(path, cat(folder, "/conf.d"), tree, problems))
            merge_config(root, std::move(tree));
        else
            ok = false;
    }
    return ok;
}

std::unique_ptr<Configuration> build_configuration(const ConfigNode& root, ModuleTable modules,
                                                   std::vector<Problem>& problems)
{
    BuiltScopes built;
    build_scopes(root, modules, built, problems);
    tidy(problems, root.place.file ? root.place.file->name : "");
    if (prevents_start(problems)) return nullptr;
    return std::make_unique<LoadedConfiguration>(std::move(built));
}

std::unique_ptr<Configuration> load_configuration(const std::string& file,
                                                  std::vector<Problem>& problems)
{
    problems.clear();
    ConfigNode root;
    if (!read_config_tree(file, root, problems)) {
        tidy(problems, file);
        return nullptr;
    }
    auto configuration = build_configuration(root, module_table(), problems);
    if (configuration) configuration->file = file;
    return configuration;
}

std::unique_ptr<Configuration> load_configuration_text(std::string_view text,
                                                       const std::string& name,
                                                       const std::string& folder,
                                                       std::vector<Problem>& problems)
{
    problems.clear();
    ConfigNode root;
    if (!parse_config(text, name, folder, root, problems)) return nullptr;
    auto configuration = build_configuration(root, module_table(), problems);
    if (configuration) configuration->file = name;
    return configuration;
}

}  // namespace ostler
