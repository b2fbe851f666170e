// router.cc - from host and path to the pipeline of a location.
#include "server/router.h"

#include <algorithm>

namespace ostler {

bool location_matches(std::string_view prefix, std::string_view path)
{
    if (!path.starts_with(prefix)) return false;
    return path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/';
}

std::unique_ptr<RouteTable::Site> RouteTable::make_site(Host host)
{
    auto site = std::make_unique<Site>();
    site->pipeline = host.pipeline;
    std::sort(host.locations.begin(), host.locations.end(),
              [](const Location& a, const Location& b) { return a.path < b.path; });
    for (Location& location : host.locations) {
        // Sorted, whatever a path begins with stands before it: the last entry or one of the
        // entries that begins with.
        int parent = static_cast<int>(site->locations.size()) - 1;
        while (parent >= 0 &&
               !location.path.starts_with(site->locations[static_cast<std::size_t>(parent)].path))
            parent = site->locations[static_cast<std::size_t>(parent)].parent;
        site->locations.push_back({std::move(location.path), location.pipeline, parent});
    }
    return site;
}

void RouteTable::set_fallback(Host host)
{
    sites_.push_back(make_site(std::move(host)));
    fallback_ = sites_.back().get();
}

void RouteTable::add(Host host)
{
    const std::vector<std::string> names = std::move(host.names);
    sites_.push_back(make_site(std::move(host)));
    const Site* site = sites_.back().get();
    for (const std::string& name : names) {
        if (name == "*") {
            fallback_ = site;
            continue;
        }
        const bool below = name.starts_with("*.");
        names_.push_back(std::make_unique<std::string>(below ? name.substr(2) : name));
        (below ? below_ : exact_).emplace(*names_.back(), site);
    }
}

const RouteTable::Site& RouteTable::find_host(std::string_view host) const
{
    if (!exact_.empty())
        if (const auto found = exact_.find(host); found != exact_.end()) return *found->second;
    if (!below_.empty()) {
        // The longest name above wins: a.b.example.org asks b.example.org, then example.org.
        for (std::size_t dot = host.find('.'); dot != std::string_view::npos;
             dot = host.find('.', dot + 1))
            if (const auto found = below_.find(host.substr(dot + 1)); found != below_.end())
                return *found->second;
    }
    return *fallback_;
}

const Pipeline& RouteTable::route(const Request& request) const
{
    const Site& site = find_host(request.host);
    if (site.locations.empty()) return *site.pipeline;
    const std::string_view path = request.path;
    const auto after =
        std::upper_bound(site.locations.begin(), site.locations.end(), path,
                         [](std::string_view p, const Entry& entry) { return p < entry.path; });
    auto at = static_cast<int>(after - site.locations.begin()) - 1;
    while (at >= 0) {
        const Entry& entry = site.locations[static_cast<std::size_t>(at)];
        if (location_matches(entry.path, path)) return *entry.pipeline;
        at = entry.parent;
    }
    return *site.pipeline;
}

}  // namespace ostler
