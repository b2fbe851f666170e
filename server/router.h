// router.h - from host and path to the pipeline of a location.
//
// Built once; a look-up allocates nothing: a hash per label of the host name, a binary search
// over the host's locations.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/exchange.h"

namespace ostler {

/// True when the location `prefix` is in charge of `path`: "/app" is of "/app" and "/app/x" but
/// not of "/apple"; "/app/" is of what is below it, not of "/app".
bool location_matches(std::string_view prefix, std::string_view path);

class RouteTable final : public Router {
 public:
    struct Location {
        std::string path;
        const Pipeline* pipeline = nullptr;
    };
    struct Host {
        /// Lower case: "example.org", "*.example.org" (every name below it), "*" (every other).
        std::vector<std::string> names;
        const Pipeline* pipeline = nullptr;  ///< for paths that no location is in charge of
        std::vector<Location> locations;
    };

    /// What serves when no host has the name.
    void set_fallback(Host host);
    /// Names and paths must not be there yet.
    void add(Host host);

    const Pipeline& route(const Request&) const override;

 private:
    struct Entry {
        std::string path;
        const Pipeline* pipeline;
        int parent;  // the longest other location this one begins with; -1: none
    };
    struct Site {
        const Pipeline* pipeline = nullptr;
        std::vector<Entry> locations;  // sorted by path
    };

    static std::unique_ptr<Site> make_site(Host host);
    const Site& find_host(std::string_view host) const;

    std::vector<std::unique_ptr<Site>> sites_;
    std::vector<std::unique_ptr<std::string>> names_;  // what the keys point into
    std::unordered_map<std::string_view, const Site*> exact_;
    std::unordered_map<std::string_view, const Site*> below_;  // "example.org" for "*.example.org"
    const Site* fallback_ = nullptr;
};

}  // namespace ostler
