// autoindex_conf.cc - reading the settings of the autoindex module.
#include "modules/autoindex_conf.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include "common/base/section.h"
#include "common/base/text.h"
#include "common/http/fields.h"
#include "modules/autoindex_archive.h"
#include "modules/autoindex_assets.h"

namespace ostler {

namespace {

constexpr std::string_view css = "text/css; charset=utf-8";
constexpr std::string_view javascript = "text/javascript; charset=utf-8";

std::shared_ptr<const RenderedPage> make_asset(std::string content, std::string_view type)
{
    return std::make_shared<RenderedPage>(std::move(content), type, 0);
}

std::optional<std::string> read_file(const std::string& name)
{
    std::ifstream in(name, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad()) return std::nullopt;
    return content;
}

/// The content of the file that setting `key` names; nothing when it names none.
std::optional<std::string> read_own_file(Section& s, const char* key, std::string& name,
                                         const char* about)
{
    if (!s.get_path(key, name, about) || name.empty()) return std::nullopt;
    auto content = read_file(name);
    if (!content) s.error(key, "the file cannot be read");
    return content;
}

void read_files(AutoindexConf& c, Section& s)
{
    const auto form = read_own_file(s, "template", c.template_file,
                                    "page of the user's own, with {{listing}} in it");
    if (form) {
        auto made = std::make_shared<PageTemplate>();
        if (const std::string why = made->parse(*form); !why.empty())
            s.error("template", why);
        else
            c.form = std::move(made);
    }
    if (auto style = read_own_file(s, "style", c.style_file, "style sheet of the user's own"))
        c.style = make_asset(std::move(*style), css);
    if (auto script = read_own_file(s, "script", c.script_file, "script of the user's own"))
        c.script = make_asset(std::move(*script), javascript);
}

void read_limits(AutoindexConf& c, Section& s)
{
    int page = static_cast<int>(c.page_size);
    if (s.get("page_size", page, "entries of a page; 0: all on one", 0, 1'000'000))
        c.page_size = static_cast<std::size_t>(page);
    int most = static_cast<int>(c.rules.most);
    if (s.get("max_entries", most, "entries of a directory that are read; the rest is left out", 1,
              10'000'000))
        c.rules.most = static_cast<std::size_t>(most);
    Bytes size{c.cache_size};
    if (s.get("cache_size", size,
              "memory of a worker for pages that were sent and what they are made of; 0: none",
              Bytes{0}, Bytes{std::uint64_t{1} << 30}))
        c.cache_size = static_cast<std::size_t>(size.count);
    s.get("cache_age", c.cache_age, "how long sizes and dates are believed when no name changed");
}

}  // namespace

AutoindexConf::AutoindexConf() : policy(listing_policy)
{
    rules.most = 500'000;
    auto built_in = std::make_shared<PageTemplate>();
    built_in->parse(listing_template);
    form = std::move(built_in);
    style = make_asset(std::string(listing_style), css);
    script = make_asset(std::string(listing_script), javascript);
}

bool AutoindexConf::offers(std::string_view format) const
{
    return std::find(downloads.begin(), downloads.end(), format) != downloads.end();
}

std::string AutoindexConf::assets() const
{
    return cat(prefix, prefix.ends_with('/') ? "" : "/", ".autoindex/");
}

void configure_autoindex(AutoindexConf& c, Section& s)
{
    if (s.get("enabled", c.enabled, "show what is in a directory without an index"))
        c.prefix = s.scope_path();
    s.get("hidden", c.rules.hidden, "list dot files, too, where they are served");
    s.get("ignore", c.rules.ignore, "patterns of names that are left out: [ \"*.tmp\" ]");
    s.get("unreadable", c.rules.unreadable,
          "list what cannot be read, or links that are not followed, without a way to it");
    read_limits(c, s);
    s.get("readme", c.readme, "show the file README, README.txt or README.md below");
    if (s.get("downloads", c.downloads,
              "forms in which a folder and all below it can be fetched: \"tar\", \"zip\"")) {
        for (const std::string& form : c.downloads)
            if (form != "tar" && form != "zip")
                s.error("downloads", cat("\"", form, "\" is neither \"tar\" nor \"zip\""));
        if (!c.downloads.empty() && !can_make_archives())
            s.error("downloads", "this build has no libarchive");
    }
    s.get("previews", c.previews, "show images and videos beside their names");
    if (s.get("lang", c.lang, "language of the page, which a template of your own may change") &&
        !is_token(c.lang))
        s.error("lang", cat("\"", c.lang, "\" is no language tag"));
    if (s.get("security_policy", c.policy, "Content-Security-Policy of the page; empty: none") &&
        !is_field_value(c.policy))
        s.error("security_policy", "it is no field value");
    read_files(c, s);
}

void start_autoindex(AutoindexConf& c, Loop&)
{
    c.shared->cache.limit = std::max(c.shared->cache.limit, c.cache_size);
}

}  // namespace ostler
