// config_hint.cc - "did you mean": where a setting belongs that is unknown here.
#include "server/config_hint.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/module.h"
#include "server/config_describe.h"

namespace ostler {

namespace {

/// What other servers call it, or people do.
struct OtherName {
    std::string_view other, group, key;
};
constexpr std::array<OtherName, 29> other_names = {{
    {"root", "static", "root"},  // not "cgi", which has one as well
    {"index", "static", "index"},
    {"alias", "static", "root"},
    {"document_root", "static", "root"},
    {"documentroot", "static", "root"},
    {"docroot", "static", "root"},
    {"directory_index", "static", "index"},
    {"directoryindex", "static", "index"},
    {"index_file", "static", "index"},
    {"try_files", "static", "try"},
    {"server_name", "hosts", "names"},
    {"servername", "hosts", "names"},
    {"server_alias", "hosts", "names"},
    {"hostname", "hosts", "names"},
    {"worker_processes", "server", "workers"},
    {"processes", "server", "workers"},
    {"pidfile", "server", "pid_file"},
    {"worker_connections", "server", "connections"},
    {"max_connections", "server", "connections"},
    {"server_tokens", "server", "software"},
    {"errorlog", "server", "error_log"},
    {"loglevel", "server", "log_level"},
    {"error_page", "http", "error_pages"},
    {"error_document", "http", "error_pages"},
    {"client_max_body_size", "http", "max_body"},
    {"limit_request_body", "http", "max_body"},
    {"keepalive_timeout", "http", "idle_timeout"},
    {"keep_alive_timeout", "http", "idle_timeout"},
    {"access_log", "accesslog", ""},
}};

struct KnownKey {
    std::string group, key;
};

/// Every key of every group.
std::vector<KnownKey> all_keys(ModuleTable modules)
{
    std::vector<KnownKey> keys;
    const auto add = [&](std::string_view group) {
        const auto settings = describe_settings(group, modules);
        for (const SettingInfo& info : settings ? *settings : std::vector<SettingInfo>())
            keys.push_back({std::string(group), info.key});
    };
    for (const Module* m : modules) add(m->name);
    for (const GroupInfo& group : plain_groups())
        if (group.name != "modules") add(group.name);  // its keys are the names of groups
    return keys;
}

std::string hint(const std::vector<KnownKey>& keys, std::string_view key)
{
    const auto say = [](std::string_view word, std::string_view group) {
        return cat("; did you mean \"", word, "\" in \"", group, "\"?");
    };
    const auto has = [&](std::string_view group, std::string_view word) {
        return std::any_of(keys.begin(), keys.end(), [&](const KnownKey& k) {
            return k.group == group && (word.empty() || k.key == word);
        });
    };
    const auto same = [key](const auto& name) { return same_ignoring_case(name.other, key); };
    const auto known_by = std::find_if(other_names.begin(), other_names.end(), same);
    for (const KnownKey& known : keys)
        if (known_by == other_names.end() && same_ignoring_case(known.key, key))
            return say(known.key, known.group);

    std::vector<std::string_view> words;
    for (const OtherName& o : other_names) words.push_back(o.other);
    if (const std::string_view other = nearest_word(key, words); !other.empty()) {
        const auto& found = *std::find_if(other_names.begin(), other_names.end(),
                                          [&](const OtherName& o) { return o.other == other; });
        if (has(found.group, found.key))
            return found.key.empty() ? cat("; did you mean the group \"", found.group, "\"?")
                                     : say(found.key, found.group);
    }

    words.clear();
    for (const KnownKey& known : keys) words.push_back(known.key);
    const std::string_view near = nearest_word(key, words);
    for (const KnownKey& known : keys)
        if (!near.empty() && known.key == near) return say(known.key, known.group);
    return {};
}

}  // namespace

std::function<std::string(std::string_view)> make_key_hints(ModuleTable modules)
{
    // Asked for only when something is wrong: the table is made then, once.
    auto keys = std::make_shared<std::vector<KnownKey>>();
    return [modules, keys](std::string_view key) {
        if (keys->empty()) *keys = all_keys(modules);
        return hint(*keys, key);
    };
}

}  // namespace ostler
