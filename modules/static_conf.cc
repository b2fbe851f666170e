// static_conf.cc - reading the settings of the static module.
#include "modules/static_conf.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/fields.h"

namespace ostler {

namespace {

constexpr std::string_view symlink_words[] = {"none", "inside", "same_owner", "all"};

bool ends_with_ignoring_case(std::string_view text, std::string_view end)
{
    return text.size() > end.size() &&
           same_ignoring_case(text.substr(text.size() - end.size()), end);
}

bool is_hidden_name(std::string_view name)
{
    if (name.starts_with('.') || name.ends_with('~')) return true;
    if (name.size() > 1 && name.starts_with('#') && name.ends_with('#')) return true;
    for (const std::string_view end :
         {".bak", ".swp", ".swo", ".orig", ".rej", ".save", ".dpkg-old", ".dpkg-new", ".dpkg-dist"})
        if (ends_with_ignoring_case(name, end)) return true;
    return false;
}

/// "7d" in seconds; -1 when it is no duration.
std::int64_t parse_seconds(std::string_view text)
{
    constexpr std::int64_t longest = 10LL * 366 * 86400;
    std::int64_t value = 0;
    if (text.empty() || !is_digit(text[0])) return -1;
    while (!text.empty() && is_digit(text[0])) {
        value = value * 10 + (text[0] - '0');
        if (value > longest) return -1;
        text.remove_prefix(1);
    }
    if (text.empty()) return value == 0 ? 0 : -1;  // a number without a unit may mean anything
    constexpr std::pair<char, std::int64_t> units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'y', 31536000}};
    for (const auto& [unit, seconds] : units)
        if (text.size() == 1 && text[0] == unit && value <= longest / seconds)
            return value * seconds;
    return -1;
}

std::string to_directive(std::string_view word)
{
    constexpr std::string_view words[] = {"no-cache",  "no-store",        "no-transform",
                                          "immutable", "must-revalidate", "public",
                                          "private"};
    if (std::find(std::begin(words), std::end(words), word) != std::end(words))
        return std::string(word);
    const std::int64_t seconds = parse_seconds(word);
    return seconds < 0 ? std::string{} : cat("max-age=", seconds);
}

void read_cache_control(StaticConf& c, Section& s)
{
    if (!s.get_map("cache_control", c.cache_control,
                   "age of a file by its extension, or `default`: \"7d\", \"no-cache\", "
                   "\"1y, immutable\""))
        return;
    for (const auto& [extension, setting] : c.cache_control) {
        if (to_cache_control(setting).empty())
            s.error("cache_control",
                    cat("\"", setting, "\" is neither a time such as \"7d\" nor a ",
                        "directive such as \"no-cache\""));
    }
}

void read_types(StaticConf& c, Section& s)
{
    if (s.get_map("types", c.types, "media types by extension, before those of `mime_types`")) {
        for (const auto& [extension, type] : c.types) {
            if (type.find('/') == type.npos || !is_field_value(type))
                s.error("types", cat("\"", type, "\" is no media type"));
        }
    }
    if (s.get_path("mime_types", c.mime_types,
                   "file of media types; what it lacks comes from a built-in table") &&
        ::access(c.mime_types.c_str(), R_OK) != 0)
        s.warn("mime_types", "the file cannot be read");
    if (s.get("default_type", c.default_type, "media type of files with an unknown extension") &&
        (c.default_type.find('/') == std::string::npos || !is_field_value(c.default_type)))
        s.error("default_type", cat("\"", c.default_type, "\" is no media type"));
    if (s.get("charset", c.charset, "charset parameter for text; empty: none") &&
        !c.charset.empty() && !is_token(c.charset))
        s.error("charset", cat("\"", c.charset, "\" is no charset"));
}

void read_cache(StaticConf& c, Section& s)
{
    int entries = static_cast<int>(c.limits.entries);
    if (s.get("cache_entries", entries, "most files a worker keeps track of", 0, 1 << 20))
        c.limits.entries = static_cast<std::size_t>(entries);
    Bytes bytes{c.limits.bytes}, file{c.limits.file};
    constexpr Bytes none{0}, most{std::uint64_t{16} << 30}, largest{64 << 20};
    if (s.get("cache_size", bytes, "memory of a worker for content of small files", none, most))
        c.limits.bytes = static_cast<std::size_t>(bytes.count);
    if (s.get("cache_file_size", file, "largest file kept in memory", none, largest))
        c.limits.file = static_cast<std::size_t>(file.count);
    s.get("cache_age", c.age, "how long a file is believed to be unchanged", Milliseconds(0),
          Milliseconds(1000));
}

const std::string* find_in(const StringMap& map, std::string_view key)
{
    for (const auto& [name, value] : map)
        if (same_ignoring_case(name, key)) return &value;
    return nullptr;
}

}  // namespace

std::string to_cache_control(std::string_view setting)
{
    std::string value;
    while (true) {
        const std::size_t comma = std::min(setting.find(','), setting.size());
        const std::string directive = to_directive(trim(setting.substr(0, comma)));
        if (directive.empty()) return {};
        append(value, value.empty() ? "" : ", ", directive);
        if (comma == setting.size()) return value;
        setting.remove_prefix(comma + 1);
    }
}

bool is_hidden_path(std::string_view path)
{
    bool first = true;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (is_hidden_name(name) && !(first && name == ".well-known")) return true;
        first = false;
    }
    return false;
}

bool StaticTree::serves(std::string_view path) const { return hidden || !is_hidden_path(path); }

void StaticTree::describe(std::string_view path, FileEntry& entry) const
{
    const std::string_view extension = extension_of(path);
    std::string_view type;
    if (const std::string* own = find_in(types, extension)) type = *own;
    if (type.empty()) type = mime ? mime->find(extension) : MimeTypes::find_built_in(extension);
    if (type.empty()) type = type_of_name(path);
    if (type.empty()) type = default_type;
    entry.content_type = type;
    if (!charset.empty() && takes_charset(type)) append(entry.content_type, "; charset=", charset);
    const std::string* control = find_in(cache_control, extension);
    if (!control) control = find_in(cache_control, "default");
    if (control) entry.cache_control = *control;
}

bool StaticConf::map(std::string_view path, std::string_view& below) const
{
    if (!path.starts_with(prefix)) return false;
    below = path.substr(prefix.size());
    if (prefix.ends_with('/') || below.empty()) return true;
    if (!below.starts_with('/')) return false;  // "/apple" is not below "/app"
    below.remove_prefix(1);
    return true;
}

void configure_static(StaticConf& c, Section& s)
{
    if (s.get_path("root", c.root, "directory the files are served from")) {
        c.prefix = s.scope_path();
        while (c.root.size() > 1 && c.root.ends_with('/')) c.root.pop_back();
        s.use_paths("root", {c.root}, PathUse::served);
    }
    if (s.get("index", c.index, "names tried in order when the path is a directory")) {
        for (const std::string& name : c.index)
            if (name.empty() || name.find('/') != name.npos)
                s.error("index", cat("\"", name, "\" is not the name of a file"));
        std::vector<std::string> files;
        for (const std::string& name : c.index) files.push_back(cat(c.root, '/', name));
        s.use_paths("index", std::move(files), PathUse::one_of);
    }
    if (s.get("try", c.fallbacks,
              "paths to serve instead of a file that is missing, the first that exists")) {
        for (const std::string& path : c.fallbacks)
            if (!path.starts_with('/')) s.error("try", cat("\"", path, "\" must start with '/'"));
    }
    s.get("etag", c.etag, "send ETag");
    s.get("precompressed", c.precompressed,
          "send FILE.br, FILE.zst or FILE.gz to clients that accept it");
    s.get_choice("symlinks", c.symlinks, symlink_words,
                 "symbolic links to follow: none, those that stay inside the root, also those "
                 "with the same owner as their target, all");
    s.get("hidden", c.hidden, "serve dot files and editor backups, too");
    read_types(c, s);
    read_cache_control(c, s);
    read_cache(c, s);
}

bool open_static(StaticConf& c)
{
    const auto [at, is_new] = c.shared->types.try_emplace(c.mime_types);
    if (is_new) at->second.load(c.mime_types.c_str());  // without it: the built-in table
    return true;
}

void start_static(StaticConf& c, Loop&)
{
    open_static(c);
    StaticShared& shared = *c.shared;
    if (!shared.cache) {
        shared.cache = std::make_unique<FileCache>(c.limits);
        std::random_device random;
        shared.boundaries = std::uint64_t{random()} << 32 | random();
    } else {
        shared.cache->raise(c.limits);
    }
    c.tree = std::make_shared<StaticTree>();
    c.tree->root = c.root;
    c.tree->symlinks = static_cast<Symlinks>(c.symlinks);
    c.tree->age = c.age;
    c.tree->hidden = c.hidden;
    c.tree->mime = &shared.types[c.mime_types];
    c.tree->types = c.types;
    for (const auto& [extension, setting] : c.cache_control)
        c.tree->cache_control.emplace_back(extension, to_cache_control(setting));
    c.tree->charset = c.charset;
    c.tree->default_type = c.default_type;
}

}  // namespace ostler
