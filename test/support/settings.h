// settings.h - settings read from text, as a module's configure() sees them.
#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section_reader.h"

namespace ostler::test {

/// A Conf with every kind of setting.
struct FilesConf {
    std::string root = "/var/www";
    std::string prefix = "/";
    std::vector<std::string> index = {"index.html"};
    bool hidden = false;
    int depth = 3;
    std::chrono::milliseconds age{30'000};
    Bytes cache{1 << 20};
    std::size_t links = 0;
    std::vector<std::pair<std::string, std::string>> types = {{"txt", "text/plain"}};
    std::string log = "off";
    std::vector<std::pair<std::string, int>> limits;
    int started = 0;  // counts start()
};

inline void configure_files(FilesConf& c, Section& s)
{
    static constexpr std::string_view links[] = {"same-owner", "inside", "never"};
    if (s.get_path("root", c.root, "folder of the files")) c.prefix = s.scope_path();
    s.get("index", c.index, "names to try");
    s.get("hidden", c.hidden, "dot files, too");
    s.get("depth", c.depth, "levels", 0, 10);
    s.get("age", c.age, "how old", std::chrono::seconds(1), std::chrono::hours(1));
    s.get("cache", c.cache, "how much", Bytes{1024}, Bytes{1 << 30});
    s.get_choice("links", c.links, links, "which links");
    s.get_map("types", c.types, "types");
    s.get_log_target("log", c.log, "where");
    std::vector<std::pair<std::string, int>> limits;
    const auto read_limit = [&](Section& group) {
        std::string name;
        int most = 4;
        if (!group.get("name", name, "whose")) group.error("name", "is needed: who is limited");
        group.get("most", most, "how many", 1, std::numeric_limits<int>::max());
        limits.emplace_back(name, most);
    };
    if (s.get_groups("limits", "limits", read_limit)) c.limits = std::move(limits);
    if (c.root.ends_with("/secret")) s.error("root", "must not be secret");
    if (c.root.ends_with("/missing")) s.warn("root", "no such folder");
}

/// Parses `text` as the content of the group "files" in /etc/ostler/test.conf, reads it, and
/// returns the messages about it; "" when all is well.  `record` gets what is in force.
inline std::string read_settings(std::string_view text, const std::function<void(Section&)>& read,
                                 ConfigNode* record = nullptr)
{
    std::vector<Problem> problems;
    ConfigNode root;
    if (parse_config(text, "test.conf", "/etc/ostler", root, problems)) {
        SectionReader reader(&root, {.problems = problems,
                                     .title = "\"files\"",
                                     .place = root.place,
                                     .record = record,
                                     .record_defaults = true});
        read(reader);
        reader.report_unknown();
    }
    std::string all;
    for (const Problem& p : problems) all += format_problem(p);
    return all;
}

/// One row of a table of wrong configurations: `text` leads to exactly these messages.
struct WrongConfig {
    const char* fact;
    const char* text;
    const char* messages;
};

}  // namespace ostler::test
