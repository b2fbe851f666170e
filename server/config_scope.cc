// config_scope.cc - reads the scopes of a configuration: server, hosts, locations.
#include "server/config_scope.h"

#include <map>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "server/config_left_out.h"
#include "server/config_locations.h"
#include "server/config_modules.h"
#include "server/config_names.h"
#include "server/config_reading.h"
#include "server/config_tls.h"
#include "server/config_top.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;

/// Reads one tree.  Scopes are read from the outside in, each into a copy of the outer one.
class ScopeBuilder {
 public:
    ScopeBuilder(const ConfigNode& root, ModuleTable modules, BuiltScopes& built,
                 std::vector<Problem>& problems)
        : reading_(root, modules, built, problems), built_(built)
    {
    }

    void build()
    {
        const ConfigNode& root = reading_.root;
        SectionReader top(&root, reading_.context("", "/", &built_.effective));
        read_server(reading_, top);
        read_listen(reading_, top);
        Scope server = default_scope(reading_.modules);
        const ScopeInput in{top, root, root, root_path_, &built_.effective, true};
        read_modules(reading_, server, in);
        built_.http = server.http;
        tls_.read(in, {});

        const ConfigNode* locations = top.take_groups("locations");
        shared_ = take_locations(reading_, locations);
        ConfigNode* record = locations ? add_list("locations", built_.effective) : nullptr;
        RouteTable::Host fallback;
        fallback.pipeline = bind(server, "", "/");
        add_locations(fallback, server, "", {}, record);
        built_.routes.set_fallback(std::move(fallback));

        read_hosts(top, server);
        read_tests(reading_, top);
        top.report_unknown();
        tls_.make();
    }

 private:
    const Pipeline* bind(const Scope& scope, const std::string& host, const std::string& path)
    {
        built_.pipelines.push_back(
            std::make_unique<BoundPipeline>(reading_.modules, scope, host, path));
        return &built_.pipelines.back()->pipeline();
    }

    // --- hosts ----------------------------------------------------------------------------

    void read_hosts(SectionReader& top, const Scope& server)
    {
        const ConfigNode* list = top.take_groups("hosts");
        if (!list) return;
        ConfigNode* record = add_list("hosts", built_.effective);
        for (const ConfigNode& node : list->children) {
            ConfigNode in_force = ConfigNode::make(Type::group, "");
            HostTrial trial(reading_, tls_);
            RouteTable::Host host = read_host(node, server, in_force);
            if (trial.fails(node)) {
                trial.take_back();
                make_unavailable(host, server);
            } else {
                record->children.push_back(std::move(in_force));
            }
            built_.routes.add(std::move(host));
        }
    }

    /// Nothing of the host is left but its names, which answer 503.
    void make_unavailable(RouteTable::Host& host, const Scope& server)
    {
        host.locations.clear();
        host.pipeline = bind(server, canonical_name(host.names), "/");
        built_.pipelines.back()->make_unavailable();
    }

    RouteTable::Host read_host(const ConfigNode& node, const Scope& server, ConfigNode& record)
    {
        RouteTable::Host host;
        std::string title = "a host without names";
        if (const ConfigNode* names = node.find("names")) {
            const ConfigNode& first = names->children.empty() ? *names : names->children[0];
            title = cat("host ", first.describe());
        }
        SectionReader reader(&node, reading_.context(title, "/", &record, false, node.place));
        host.names = read_names(reader, node);
        bool optional = built_.server.skip_bad_hosts;
        reader.get("optional", optional, "");

        Scope scope = server;
        const ScopeInput in{reader, node, node, root_path_, &record};
        read_modules(reading_, scope, in);
        tls_.read(in, host.names);
        const std::string canonical = canonical_name(host.names);
        host.pipeline = bind(scope, canonical, "/");
        const ConfigNode* list = reader.take_groups("locations");
        ConfigNode* locations = list ? add_list("locations", record) : nullptr;
        add_locations(host, scope, canonical, take_locations(reading_, list), locations);
        reader.report_unknown();
        return host;
    }

    std::vector<std::string> read_names(SectionReader& reader, const ConfigNode& node)
    {
        std::vector<std::string> names, checked;
        const bool given = reader.get("names", names, "");
        if (given ? names.empty() : !node.find("names"))
            reading_.error(node.place,
                           "a host needs \"names\", such as names = [ \"example.org\" ]");
        const ConfigNode* list = node.find("names");
        for (std::size_t i = 0; i < names.size(); ++i) {
            const SourcePlace& place =
                list->children.empty() ? list->value_place : list->children[i].value_place;
            std::string why;
            const std::string name = checked_host_name(names[i], why);
            if (!why.empty())
                reading_.error(place, cat("host name \"", names[i], "\": ", why));
            else if (!host_names_.emplace(name, place).second)
                reading_.error(place, cat("host name \"", name, "\" is taken: see line ",
                                          host_names_.at(name).line, " of ",
                                          host_names_.at(name).file->name));
            else
                checked.push_back(name);
        }
        return checked;
    }

    // --- locations ------------------------------------------------------------------------

    void add_locations(RouteTable::Host& host, const Scope& outer, const std::string& name,
                       const LocationNodes& own, ConfigNode* record)
    {
        std::set<std::string> paths;
        for (const auto& [path, node] : shared_) paths.insert(path);
        for (const auto& [path, node] : own) paths.insert(path);
        const bool of_server = name.empty() && own.empty() && record;
        for (const std::string& path : paths) {
            Scope scope = outer;
            if (const auto at = shared_.find(path); at != shared_.end())
                read_location(scope, *at->second, reading_.root, path,
                              of_server ? record : nullptr);
            if (const auto at = own.find(path); at != own.end())
                read_location(scope, *at->second, *at->second, path, record);
            host.locations.push_back({path, bind(scope, name, path)});
        }
    }

    void read_location(Scope& scope, const ConfigNode& node, const ConfigNode& below,
                       const std::string& path, ConfigNode* list)
    {
        ConfigNode in_force = ConfigNode::make(Type::group, "");
        ConfigNode* record = list ? &in_force : nullptr;
        SectionReader reader(&node, reading_.context(cat("location \"", path, '"'), path, record,
                                                     false, node.place));
        std::string same = path;
        reader.get("path", same, "");
        read_modules(reading_, scope, {reader, node, below, path, record});
        reader.report_unknown();
        if (list) list->children.push_back(std::move(in_force));
    }

    ConfigReading reading_;
    BuiltScopes& built_;
    ConfigTls tls_{reading_};
    const std::string root_path_ = "/";
    LocationNodes shared_;
    std::map<std::string, SourcePlace> host_names_;
};

void note_used(ModuleTable modules, BuiltScopes& built)
{
    for (std::size_t i = 0; i < modules.size(); ++i) {
        std::set<const void*> seen;
        for (const auto& bound : built.pipelines) {
            const Scope& scope = bound->scope();
            if (scope.on[i] && seen.insert(scope.confs[i].get()).second)
                built.used.push_back({modules[i], scope.confs[i]});
        }
    }
}

}  // namespace

void build_scopes(const ConfigNode& root, ModuleTable modules, BuiltScopes& built,
                  std::vector<Problem>& problems)
{
    ScopeBuilder(root, modules, built, problems).build();
    note_used(modules, built);
}

}  // namespace ostler
