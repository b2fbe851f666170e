// config_modules.cc - which modules are on in a scope, and their settings there.
#include "server/config_modules.h"

#include <algorithm>
#include <utility>

#include "common/base/suggest.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;

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

void refuse_unknown(ConfigReading& reading, const SectionReader& switches)
{
    std::vector<std::string_view> names;
    for (const Module* m : reading.modules) names.push_back(m->name);
    for (const ConfigNode* unknown : switches.unknown()) {
        std::string text = cat("this build has no module \"", unknown->name, '"');
        const std::string_view nearest = nearest_word(unknown->name, names);
        if (!nearest.empty()) append(text, "; did you mean \"", nearest, "\"?");
        reading.error(unknown->place, std::move(text));
    }
}

/// The group `modules`.
void read_switches(ConfigReading& reading, Scope& scope, const ScopeInput& in)
{
    const ConfigNode* group = in.reader.take_group("modules");
    if (!group && !in.outermost) return;
    ConfigNode in_force = ConfigNode::make(Type::group, "modules");
    SectionReader switches(
        group, reading.context("\"modules\"", "/", in.record ? &in_force : nullptr, in.outermost));
    for (std::size_t i = 0; i < reading.modules.size(); ++i) {
        bool on = scope.on[i];
        switches.get(std::string(reading.modules[i]->name).c_str(), on, "");
        scope.on[i] = on;
    }
    refuse_unknown(reading, switches);
    if (in.record) in.record->children.push_back(std::move(in_force));
}

/// One of the `needs` of a module that is on; told at the switch, or at the scope without one.
void check_need(ConfigReading& reading, const Scope& scope, const ConfigNode& node,
                std::string_view name, std::string_view need)
{
    const ModuleTable modules = reading.modules;
    const auto other = std::find_if(modules.begin(), modules.end(),
                                    [&](const Module* m) { return m->name == need; });
    const bool present = other != modules.end();
    if (present && scope.on[static_cast<std::size_t>(other - modules.begin())]) return;
    const ConfigNode* switches = node.find("modules");
    const ConfigNode* at = switches ? switches->find(name) : nullptr;
    if (!at && switches) at = switches->find(need);
    const SourcePlace& place = at ? at->place : switches ? switches->place : node.place;
    reading.error(place, cat('"', name, "\" needs \"", need, "\": ",
                             present ? cat("set modules.", need, " = true")
                                     : std::string("this build has no such module")));
}

void check_needs(ConfigReading& reading, const Scope& scope, const ConfigNode& node)
{
    for (std::size_t i = 0; i < reading.modules.size(); ++i)
        if (scope.on[i])
            for (const std::string_view need : reading.modules[i]->needs)
                check_need(reading, scope, node, reading.modules[i]->name, need);
}

/// The settings of one module.
void read_settings(ConfigReading& reading, std::size_t i, Scope& scope, bool was_on,
                   const ScopeInput& in)
{
    const Module& m = *reading.modules[i];
    const std::string name(m.name);
    const ConfigNode* group = in.reader.take_group(name);
    if (group && !scope.on[i] && !switches_on(in.below, name))
        return reading.error(group->place,
                             cat('"', name, "\" is off: set modules.", name, " = true"));
    // Without a group a Conf is read where its module comes into force, so that it is
    // complete and what it lacks is told; and at the outermost, where nobody wants to hear.
    const bool fresh = scope.on[i] && !was_on;
    if (!group && !fresh && !in.outermost) return;
    scope.confs[i] = m.config.inherit(in.outermost ? nullptr : scope.confs[i].get());
    const auto read = [&](Section& s) { m.config.read(scope.confs[i].get(), s); };
    if (group || scope.on[i]) return reading.read_group(in, group, name, read);
    std::vector<Problem> unheard;
    SectionReader nothing(nullptr, {.problems = unheard, .title = {}, .place = reading.root.place});
    read(nothing);
}

}  // namespace

Scope default_scope(ModuleTable modules)
{
    Scope scope;
    scope.http = std::make_shared<HttpConf>();
    for (const Module* m : modules) {
        scope.on.push_back(m->on_by_default);
        scope.confs.push_back(m->config.inherit ? m->config.inherit(nullptr) : nullptr);
    }
    return scope;
}

void read_modules(ConfigReading& reading, Scope& scope, const ScopeInput& in)
{
    const ModuleTable modules = reading.modules;
    const std::vector<bool> was_on = in.outermost ? std::vector<bool>(scope.on.size()) : scope.on;
    read_switches(reading, scope, in);
    check_needs(reading, scope, in.node);
    for (std::size_t i = 0; i < modules.size(); ++i)
        if (modules[i]->wants_tls && scope.on[i] && !was_on[i])
            reading.built.wanting_tls.emplace_back(modules[i],
                                                   switch_place(in.node, modules[i]->name));

    if (const ConfigNode* group = in.reader.take_group("http"); group || in.outermost) {
        scope.http = std::make_shared<HttpConf>(*scope.http);
        reading.read_group(in, group, "http", [&](Section& s) { configure_http(*scope.http, s); });
    }
    for (std::size_t i = 0; i < modules.size(); ++i)
        if (modules[i]->config.inherit) read_settings(reading, i, scope, was_on[i], in);
}

}  // namespace ostler
