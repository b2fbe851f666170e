// router_test.cc - from host and path to the pipeline of a location.
#include "server/router.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>

using namespace ostler;

namespace {

/// A table whose pipelines say which host and location they are.
class Routes {
 public:
    RouteTable::Host host(std::vector<std::string> names, std::vector<std::string> paths)
    {
        const std::string name = names.empty() ? "none" : names[0];
        RouteTable::Host h;
        h.pipeline = pipeline(name, "-");
        for (const std::string& path : paths) h.locations.push_back({path, pipeline(name, path)});
        h.names = std::move(names);
        return h;
    }

    std::string route(std::string_view host_name, std::string_view path) const
    {
        Arena arena;
        Request request(arena);
        request.host = host_name;
        request.path = path;
        const Pipeline& p = table.route(request);
        return std::string(p.host) + " " + std::string(p.location);
    }

    RouteTable table;

 private:
    const Pipeline* pipeline(const std::string& host_name, const std::string& location)
    {
        texts_.push_back(host_name);
        texts_.push_back(location);
        Pipeline& p = pipelines_.emplace_back();
        p.host = texts_[texts_.size() - 2];
        p.location = texts_.back();
        return &p;
    }

    std::deque<std::string> texts_;
    std::deque<Pipeline> pipelines_;
};

}  // namespace

TEST_CASE("a location is in charge of whole segments")
{
    struct Row {
        const char* prefix;
        const char* path;
        bool matches;
    };
    const Row rows[] = {
        {"/app", "/app", true},      {"/app", "/app/", true},   {"/app", "/app/x", true},
        {"/app", "/apple", false},   {"/app", "/ap", false},    {"/app", "/", false},
        {"/app/", "/app/", true},    {"/app/", "/app/x", true}, {"/app/", "/app", false},
        {"/app/", "/apple/", false}, {"/", "/", true},          {"/", "/x", true},
        {"/", "*", false},           {"/a b", "/a b/c", true},
    };
    for (const Row& row : rows) {
        CAPTURE(std::string(row.prefix));
        CAPTURE(std::string(row.path));
        CHECK(location_matches(row.prefix, row.path) == row.matches);
    }
}

TEST_CASE("the longest prefix wins")
{
    Routes routes;
    routes.table.set_fallback(routes.host(
        {}, {"/", "/app", "/app/", "/app/a", "/app/a/b/", "/apple/", "/app-x", "/zoo/"}));
    const std::pair<const char*, const char*> rows[] = {
        {"/", "/"},
        {"/x", "/"},
        {"/app", "/app"},
        {"/app/", "/app/"},
        {"/app/x", "/app/"},
        {"/app/a", "/app/a"},
        {"/app/ab", "/app/"},
        {"/app/a/b", "/app/a"},
        {"/app/a/b/", "/app/a/b/"},
        {"/app/a/b/c", "/app/a/b/"},
        {"/app/a/bc", "/app/a"},
        {"/apple", "/"},
        {"/apple/x", "/apple/"},
        {"/app-x", "/app-x"},
        {"/app-x/y", "/app-x"},
        {"/app-xy", "/"},
        {"/zoo", "/"},
        {"/zoo/x", "/zoo/"},
        {"/zzz", "/"},
        {"*", "-"},
        {"", "-"},
    };
    for (const auto& [path, location] : rows) {
        const std::string shown(path);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(routes.route("any", path) == std::string("none ") + location);
    }
}

TEST_CASE("the search agrees with trying every location in turn")
{
    // All paths of up to five characters from a small alphabet, as locations and as requests.
    std::vector<std::string> paths;
    const std::string alphabet = "/ab-";
    for (unsigned n = 0; n < 4 * 4 * 4 * 4; ++n) {
        std::string path = "/";
        for (unsigned rest = n, i = 0; i < 4; ++i, rest /= 4) path += alphabet[rest % 4];
        paths.push_back(path);
        if (n % 5 == 0) paths.push_back(path.substr(0, 2 + n % 3));
    }
    std::vector<std::string> locations;
    for (std::size_t i = 0; i < paths.size(); i += 5)
        if (std::find(locations.begin(), locations.end(), paths[i]) == locations.end())
            locations.push_back(paths[i]);
    Routes routes;
    routes.table.set_fallback(routes.host({}, locations));
    for (const std::string& path : paths) {
        std::string best = "-";
        for (const std::string& location : locations)
            if (location_matches(location, path) && (best == "-" || location.size() > best.size()))
                best = location;
        CAPTURE(path);
        CHECK(routes.route("", path) == "none " + best);
    }
}

TEST_CASE("a host is found by its name, then by the name above it")
{
    Routes routes;
    routes.table.set_fallback(routes.host({}, {}));
    routes.table.add(routes.host({"example.org", "www.example.org"}, {"/a/"}));
    routes.table.add(routes.host({"*.example.org"}, {}));
    routes.table.add(routes.host({"*.b.example.org"}, {}));
    routes.table.add(routes.host({"x.b.example.org"}, {}));
    routes.table.add(routes.host({"[::1]"}, {}));
    const std::pair<const char*, const char*> rows[] = {
        {"example.org", "example.org"},
        {"www.example.org", "example.org"},
        {"w.example.org", "*.example.org"},
        {"a.a.example.org", "*.example.org"},
        {"b.example.org", "*.example.org"},
        {"a.b.example.org", "*.b.example.org"},
        {"x.b.example.org", "x.b.example.org"},
        {"y.x.b.example.org", "*.b.example.org"},
        {"notexample.org", "none"},
        {"org", "none"},
        {"", "none"},
        {"[::1]", "[::1]"},
        {".", "none"},
    };
    for (const auto& [name, host] : rows) {
        const std::string shown(name);  // clang 14 captures no structured binding
        CAPTURE(shown);
        CHECK(routes.route(name, "/") == std::string(host) + " -");
    }
    CHECK(routes.route("www.example.org", "/a/b") == "example.org /a/");
}

TEST_CASE("the host named * is asked last")
{
    Routes routes;
    routes.table.set_fallback(routes.host({}, {}));
    routes.table.add(routes.host({"*"}, {}));
    routes.table.add(routes.host({"a"}, {}));
    CHECK(routes.route("a", "/") == "a -");
    CHECK(routes.route("b", "/") == "* -");
    CHECK(routes.route("", "/") == "* -");
}
