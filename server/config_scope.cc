// config_scope.cc - reads the scopes of a configuration: server, hosts, locations.
#include "server/config_scope.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/base/check.h"
#include "common/base/suggest.h"
#include "common/base/text.h"
#include "server/config_hint.h"
#include "server/config_names.h"
#include "server/config_server.h"
#include "server/tls.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;
using Severity = Problem::Severity;
using Elsewhere = std::function<std::string(std::string_view)>;

/// True when this scope or one within it says `modules: { NAME = true; }`.
bool switches_on(const ConfigNode& scope, std::string_view name)
{
    if (const ConfigNode* modules = scope.find("modules"))
        if (const ConfigNode* node = modules->find(name); node && node->boolean) return true;
    for (const char* list : {"locations", "hosts"})
        if (const ConfigNode* inner = scope.find(list))
            for (const ConfigNode& element : inner->children)
                if (switches_on(element, name)) return true;
    return false;
}

/// Reads one tree.  Scopes are read from the outside in, each into a copy of the outer one.
class ScopeBuilder {
 public:
    ScopeBuilder(const ConfigNode& root, ModuleTable modules, BuiltScopes& built,
                 std::vector<Problem>& problems)
        : root_(root), modules_(modules), built_(built), problems_(problems),
          elsewhere_(make_key_hints(modules))
    {
    }

    void build()
    {
        SectionReader top(&root_, context("", "/", &built_.effective));
        read_server(top);
        read_listen(top);
        Scope server = default_scope();
        read_scope(server, {top, root_, root_, root_path_, &built_.effective, true});
        built_.http = server.http;
        read_tls({top, root_, root_, root_path_, &built_.effective, true}, {}, server_tls_);

        const ConfigNode* locations = top.take_groups("locations");
        shared_ = take_locations(locations);
        ConfigNode* record = locations ? add_list("locations", built_.effective) : nullptr;
        RouteTable::Host fallback;
        fallback.pipeline = bind(server, "", "/");
        add_locations(fallback, server, "", {}, record);
        built_.routes.set_fallback(std::move(fallback));

        read_hosts(top, server);
        read_tests(top);
        top.report_unknown();
        make_tls();
    }

 private:
    using Locations = std::map<std::string, const ConfigNode*>;

    SectionReader::Context context(std::string title, std::string scope_path, ConfigNode* record,
                                   bool defaults = false, const SourcePlace& place = {})
    {
        return {.problems = problems_,
                .title = std::move(title),
                .place = place.file ? place : root_.place,
                .scope_path = std::move(scope_path),
                .record = record,
                .record_defaults = defaults,
                .elsewhere = &elsewhere_,
                .paths = &built_.paths};
    }

    void error(const SourcePlace& place, std::string text)
    {
        problems_.push_back(make_problem(Severity::error, place, std::move(text)));
    }

    void warn(const SourcePlace& place, std::string text)
    {
        problems_.push_back(make_problem(Severity::warning, place, std::move(text)));
    }

    static ConfigNode* add_list(const char* name, ConfigNode& parent)
    {
        parent.children.push_back(ConfigNode::make(Type::list, name));
        return &parent.children.back();
    }

    /// One scope in the tree.
    struct Input {
        SectionReader& reader;
        const ConfigNode& node;
        const ConfigNode& below;  ///< the part of the tree where a module may yet be switched on
        const std::string& path;
        ConfigNode* record;  ///< may be null
        bool outermost = false;
    };

    // --- the top level ------------------------------------------------------------------

    void read_server(SectionReader& top)
    {
        const ConfigNode* node = top.take_group("server");
        ConfigNode record = ConfigNode::make(Type::group, "server");
        SectionReader reader(node, context("\"server\"", "/", &record, true));
        configure_server(built_.server, reader);
        reader.report_unknown();
        built_.effective.children.push_back(std::move(record));
    }

    void read_listen(SectionReader& top)
    {
        const ConfigNode* node = top.take_groups("listen");
        ConfigNode record = ConfigNode::make(Type::list, "listen");
        const ConfigNode nothing;
        if (node && node->children.empty())
            error(node->value_place, "\"listen\" is empty: nobody could connect");
        std::vector<const ConfigNode*> elements;
        if (!node) elements.push_back(&nothing);
        for (std::size_t i = 0; node && i < node->children.size(); ++i)
            elements.push_back(&node->children[i]);
        for (const ConfigNode* element : elements) {
            ConfigNode group = ConfigNode::make(Type::group, "");
            SectionReader reader(element, context("\"listen\"", "/", &group, true, element->place));
            const ListenSpec spec = configure_listen(reader);
            reader.report_unknown();
            if (spec.address.starts_with("unix:")) drop(group, "port");
            const auto same = [&](const ListenSpec& l) { return l.name() == spec.name(); };
            if (std::any_of(built_.listen.begin(), built_.listen.end(), same) &&
                (spec.port != 0 || spec.address.starts_with("unix:")))
                error(element->place, cat("\"listen\" has ", spec.name(), " twice"));
            built_.listen.push_back(spec);
            if (node) built_.listen_places.push_back(element->place);
            record.children.push_back(std::move(group));
        }
        built_.effective.children.push_back(std::move(record));
    }

    void read_tests(SectionReader& top)
    {
        const ConfigNode* list = top.take_groups("tests");
        if (!list) return;
        ConfigNode* record = add_list("tests", built_.effective);
        for (const ConfigNode& node : list->children) {
            ConfigNode group = ConfigNode::make(Type::group, "");
            SectionReader reader(&node, context("\"tests\"", "/", &group, false, node.place));
            ConfigTest& test = built_.tests.emplace_back();
            configure_test(test, reader);
            test.node = node;
            reader.report_unknown();
            record->children.push_back(std::move(group));
        }
    }

    static void drop(ConfigNode& group, std::string_view key)
    {
        std::erase_if(group.children, [&](const ConfigNode& n) { return n.name == key; });
    }

    // --- TLS ------------------------------------------------------------------------------

    /// `conf` is the outer scope's; a scope that mentions no TLS shares it.
    void read_tls(const Input& in, const std::vector<std::string>& names,
                  std::shared_ptr<const TlsConf> conf)
    {
        const ConfigNode* group = in.reader.take_group("tls");
        if (group || (in.outermost && listens_with_tls())) {
            auto own = std::make_shared<TlsConf>(*conf);
            read_group(in, group, "tls", [&](Section& s) {
                configure_tls(*own, in.outermost ? &resumption_ : nullptr, s);
            });
            conf = own;
        }
        if (in.outermost) server_tls_ = conf;
        if (listens_with_tls())
            for (const std::string& name : names)
                if (const std::string why = names_problem(*conf, name); !why.empty())
                    warn(group ? group->place : in.node.place, why);
        tls_hosts_.push_back({names, std::move(conf)});
    }

    bool listens_with_tls() const
    {
        return std::any_of(built_.listen.begin(), built_.listen.end(),
                           [](const ListenSpec& l) { return l.tls; });
    }

    void make_tls()
    {
        if (!listens_with_tls() || prevents_start(problems_)) return;
        std::string why;
        built_.tls = Tls::make(tls_hosts_, resumption_, why);
        if (built_.tls) return;
        for (std::size_t i = 0; i < built_.listen.size(); ++i)
            if (built_.listen[i].tls) error(root_.find("listen")->children[i].place, why);
    }

    // --- any scope ----------------------------------------------------------------------

    Scope default_scope() const
    {
        Scope scope;
        scope.http = std::make_shared<HttpConf>();
        for (const Module* m : modules_) {
            scope.on.push_back(m->on_by_default);
            scope.confs.push_back(m->config.inherit ? m->config.inherit(nullptr) : nullptr);
        }
        return scope;
    }

    /// Overwrites `scope` with what `in.node` mentions.
    void read_scope(Scope& scope, const Input& in)
    {
        const std::vector<bool> was_on =
            in.outermost ? std::vector<bool>(scope.on.size()) : scope.on;
        read_switches(scope, in);
        check_needs(scope, in.node);
        for (std::size_t i = 0; i < modules_.size(); ++i)
            if (modules_[i]->wants_tls && scope.on[i] && !was_on[i])
                built_.wanting_tls.emplace_back(modules_[i],
                                                switch_place(in.node, modules_[i]->name));

        if (const ConfigNode* group = in.reader.take_group("http"); group || in.outermost) {
            scope.http = std::make_shared<HttpConf>(*scope.http);
            read_group(in, group, "http", [&](Section& s) { configure_http(*scope.http, s); });
        }
        for (std::size_t i = 0; i < modules_.size(); ++i)
            if (modules_[i]->config.inherit) read_module(i, scope, was_on[i], in);
    }

    void read_module(std::size_t i, Scope& scope, bool was_on, const Input& in)
    {
        const Module& m = *modules_[i];
        const std::string name(m.name);
        const ConfigNode* group = in.reader.take_group(name);
        if (group && !scope.on[i] && !switches_on(in.below, name))
            return error(group->place, cat('"', name, "\" is off: set modules.", name, " = true"));
        // Without a group a Conf is read where its module comes into force, so that it is
        // complete and what it lacks is told; and at the outermost, where nobody wants to hear.
        const bool fresh = scope.on[i] && !was_on;
        if (!group && !fresh && !in.outermost) return;
        scope.confs[i] = m.config.inherit(in.outermost ? nullptr : scope.confs[i].get());
        const auto read = [&](Section& s) { m.config.read(scope.confs[i].get(), s); };
        if (group || scope.on[i]) return read_group(in, group, name, read);
        std::vector<Problem> unheard;
        SectionReader nothing(nullptr, {.problems = unheard, .title = {}, .place = root_.place});
        read(nothing);
    }

    template <class Read>
    void read_group(const Input& in, const ConfigNode* group, const std::string& name, Read read)
    {
        ConfigNode in_force = ConfigNode::make(Type::group, name);
        SectionReader reader(group, context(cat('"', name, '"'), in.path,
                                            in.record ? &in_force : nullptr, in.outermost,
                                            group ? group->place : switch_place(in.node, name)));
        read(reader);
        reader.report_unknown();
        if (in.record && (group || in.outermost))
            in.record->children.push_back(std::move(in_force));
    }

    /// Where the scope switches the module, or where it begins.
    static const SourcePlace& switch_place(const ConfigNode& scope, std::string_view name)
    {
        const ConfigNode* switches = scope.find("modules");
        const ConfigNode* node = switches ? switches->find(name) : nullptr;
        return node ? node->place : scope.place;
    }

    void read_switches(Scope& scope, const Input& in)
    {
        const ConfigNode* group = in.reader.take_group("modules");
        if (!group && !in.outermost) return;
        ConfigNode in_force = ConfigNode::make(Type::group, "modules");
        SectionReader switches(
            group, context("\"modules\"", "/", in.record ? &in_force : nullptr, in.outermost));
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < modules_.size(); ++i) {
            bool on = scope.on[i];
            switches.get(std::string(modules_[i]->name).c_str(), on, "");
            scope.on[i] = on;
            names.push_back(modules_[i]->name);
        }
        for (const ConfigNode* unknown : switches.unknown()) {
            std::string text = cat("this build has no module \"", unknown->name, '"');
            const std::string_view nearest = nearest_word(unknown->name, names);
            if (!nearest.empty()) append(text, "; did you mean \"", nearest, "\"?");
            error(unknown->place, std::move(text));
        }
        if (in.record) in.record->children.push_back(std::move(in_force));
    }

    /// `needs` of every module that is on; told at the switch, or at the scope without one.
    void check_needs(const Scope& scope, const ConfigNode& node)
    {
        const ConfigNode* switches = node.find("modules");
        for (std::size_t i = 0; i < modules_.size(); ++i) {
            if (!scope.on[i]) continue;
            for (const std::string_view need : modules_[i]->needs) {
                const auto other = std::find_if(modules_.begin(), modules_.end(),
                                                [&](const Module* m) { return m->name == need; });
                const bool present = other != modules_.end();
                if (present && scope.on[static_cast<std::size_t>(other - modules_.begin())])
                    continue;
                const ConfigNode* at = switches ? switches->find(modules_[i]->name) : nullptr;
                if (!at && switches) at = switches->find(need);
                const SourcePlace& place = at ? at->place : switches ? switches->place : node.place;
                error(place, cat('"', modules_[i]->name, "\" needs \"", need, "\": ",
                                 present ? cat("set modules.", need, " = true")
                                         : std::string("this build has no such module")));
            }
        }
    }

    const Pipeline* bind(const Scope& scope, const std::string& host, const std::string& path)
    {
        built_.pipelines.push_back(std::make_unique<BoundPipeline>(modules_, scope, host, path));
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
            const Before before{problems_.size(), built_.pipelines.size(), built_.paths.size(),
                                built_.wanting_tls.size(), tls_hosts_.size()};
            RouteTable::Host host = read_host(node, server, in_force);
            if (may_be_left_out(node) &&
                has_errors(std::span(problems_).subspan(before.problems))) {
                leave_out(host, server, before);
            } else {
                record->children.push_back(std::move(in_force));
            }
            built_.routes.add(std::move(host));
        }
    }

    /// How much there was of everything before a host was read.
    struct Before {
        std::size_t problems, pipelines, paths, wanting_tls, tls_hosts;
    };

    bool may_be_left_out(const ConfigNode& host) const
    {
        const ConfigNode* own = host.find("optional");
        return own && own->is(Type::boolean) ? own->boolean : built_.server.skip_bad_hosts;
    }

    /// Takes everything of a host back but its names, which answer 503.
    void leave_out(RouteTable::Host& host, const Scope& server, const Before& before)
    {
        for (std::size_t i = before.problems; i < problems_.size(); ++i) {
            if (problems_[i].severity != Severity::error) continue;
            problems_[i].tolerated = true;
            problems_[i].text += "; this host is left out";
        }
        built_.pipelines.resize(before.pipelines);
        built_.paths.resize(before.paths);
        built_.wanting_tls.resize(before.wanting_tls);
        tls_hosts_.resize(before.tls_hosts);
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
        SectionReader reader(&node, context(title, "/", &record, false, node.place));
        host.names = read_names(reader, node);
        bool optional = built_.server.skip_bad_hosts;
        reader.get("optional", optional, "");

        Scope scope = server;
        const Input in{reader, node, node, root_path_, &record};
        read_scope(scope, in);
        read_tls(in, host.names, server_tls_);
        const std::string canonical = canonical_name(host.names);
        host.pipeline = bind(scope, canonical, "/");
        const ConfigNode* list = reader.take_groups("locations");
        ConfigNode* locations = list ? add_list("locations", record) : nullptr;
        add_locations(host, scope, canonical, take_locations(list), locations);
        reader.report_unknown();
        return host;
    }

    std::vector<std::string> read_names(SectionReader& reader, const ConfigNode& node)
    {
        std::vector<std::string> names, checked;
        const bool given = reader.get("names", names, "");
        if (given ? names.empty() : !node.find("names"))
            error(node.place, "a host needs \"names\", such as names = [ \"example.org\" ]");
        const ConfigNode* list = node.find("names");
        for (std::size_t i = 0; i < names.size(); ++i) {
            const SourcePlace& place =
                list->children.empty() ? list->value_place : list->children[i].value_place;
            std::string why;
            const std::string name = checked_host_name(names[i], why);
            if (!why.empty())
                error(place, cat("host name \"", names[i], "\": ", why));
            else if (!host_names_.emplace(name, place).second)
                error(place,
                      cat("host name \"", name, "\" is taken: see line ", host_names_.at(name).line,
                          " of ", host_names_.at(name).file->name));
            else
                checked.push_back(name);
        }
        return checked;
    }

    // --- locations ------------------------------------------------------------------------

    /// By path; those without a usable one are reported and left out.
    Locations take_locations(const ConfigNode* list)
    {
        Locations locations;
        if (!list) return locations;
        for (const ConfigNode& node : list->children) {
            const ConfigNode* path = node.find("path");
            if (!path) {
                error(node.place, "a location needs a \"path\", such as path = \"/pub/\"");
                continue;
            }
            if (!path->is(Type::string)) {
                problems_.push_back(
                    must_be_problem(*path, "a location", "a string in double quotes"));
                continue;
            }
            if (!path->text.starts_with('/')) {
                error(path->value_place,
                      cat("a location's path starts with \"/\": write \"/", path->text, '"'));
                continue;
            }
            const std::string never = never_matches(path->text);
            if (!never.empty())
                warn(path->value_place,
                     cat("location \"", path->text, "\" can never match: ", never));
            else if (const std::string hardly = hardly_matches(path->text); !hardly.empty())
                warn(path->value_place,
                     cat("location \"", path->text, "\" will hardly match: ", hardly));
            const auto [at, fresh] = locations.emplace(path->text, &node);
            if (!fresh)
                error(path->value_place, cat("location \"", path->text,
                                             "\" is there already: see "
                                             "line ",
                                             at->second->place.line));
        }
        return locations;
    }

    void add_locations(RouteTable::Host& host, const Scope& outer, const std::string& name,
                       const Locations& own, ConfigNode* record)
    {
        std::set<std::string> paths;
        for (const auto& [path, node] : shared_) paths.insert(path);
        for (const auto& [path, node] : own) paths.insert(path);
        const bool of_server = name.empty() && own.empty() && record;
        for (const std::string& path : paths) {
            Scope scope = outer;
            if (const auto at = shared_.find(path); at != shared_.end())
                read_location(scope, *at->second, root_, path, of_server ? record : nullptr);
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
        SectionReader reader(
            &node, context(cat("location \"", path, '"'), path, record, false, node.place));
        std::string same = path;
        reader.get("path", same, "");
        read_scope(scope, {reader, node, below, path, record});
        reader.report_unknown();
        if (list) list->children.push_back(std::move(in_force));
    }

    const ConfigNode& root_;
    ModuleTable modules_;
    BuiltScopes& built_;
    std::vector<Problem>& problems_;
    const Elsewhere elsewhere_;
    const std::string root_path_ = "/";
    Locations shared_;
    std::map<std::string, SourcePlace> host_names_;
    std::shared_ptr<const TlsConf> server_tls_ = std::make_shared<TlsConf>();
    TlsResumption resumption_;
    std::vector<Tls::Host> tls_hosts_;  // the server scope first
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
