// static_conf.h - the settings of the static module, and what a worker makes of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/file_cache.h"
#include "common/http/mime.h"

namespace ostler {

class Loop;
class Section;

using StringMap = std::vector<std::pair<std::string, std::string>>;

/// What all scopes of one configuration share.  Made with the outermost Conf and copied by
/// pointer into the others.
struct StaticShared {
    std::map<std::string, MimeTypes> types;  ///< by the mime.types file they were read from
    std::unique_ptr<FileCache> cache;        ///< of this worker
    std::uint64_t boundaries = 0;            ///< state of the generator of multipart boundaries
};

/// How files below one root look.
class StaticTree final : public FileTree {
 public:
    bool serves(std::string_view path) const override;
    void describe(std::string_view path, FileEntry& entry) const override;

    bool hidden = false;
    const MimeTypes* mime = nullptr;
    StringMap types;
    StringMap cache_control;  ///< by extension: complete field values
    std::string charset;
    std::string default_type;
};

struct StaticConf {
    std::string root = "/var/www/html";
    std::string prefix = "/";  ///< path of the scope that set `root`: what is below it is mapped
    std::vector<std::string> index = {"index.html"};
    std::vector<std::string> fallbacks;  ///< the setting `try`
    bool etag = true;
    bool precompressed = false;
    bool hidden = false;
    std::size_t symlinks = static_cast<std::size_t>(Symlinks::same_owner);
    StringMap types;
    StringMap cache_control;  ///< by extension, as written in the file
    std::string charset = "utf-8";
    std::string default_type = "application/octet-stream";
    std::string mime_types = "/etc/mime.types";
    FileCacheLimits limits;
    Milliseconds age{1000};  ///< the setting `cache_age`

    std::shared_ptr<StaticShared> shared = std::make_shared<StaticShared>();
    std::shared_ptr<StaticTree> tree;  ///< made in the worker

    /// Sets `below` to the part of a URL path that is below the root; false when it is elsewhere.
    bool map(std::string_view path, std::string_view& below) const;
};

void configure_static(StaticConf& conf, Section& section);
/// Reads the file of media types, once.
bool open_static(StaticConf& conf);
void start_static(StaticConf& conf, Loop& loop);

/// True for paths with a component that is a dot file or an editor's backup.  `.well-known` at
/// the top is none.
bool is_hidden_path(std::string_view path);

/// Makes a Cache-Control value of a setting: "7d" gives "max-age=604800", directives stay as they
/// are, several are separated by commas.  Empty when it makes no sense.
std::string to_cache_control(std::string_view setting);

}  // namespace ostler
