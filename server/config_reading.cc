// config_reading.cc - what the readers of a configuration's parts share.
#include "server/config_reading.h"

#include <utility>

#include "common/base/text.h"
#include "server/config_hint.h"

namespace ostler {

using Severity = Problem::Severity;
using Type = ConfigNode::Type;

ConfigReading::ConfigReading(const ConfigNode& tree, ModuleTable table, BuiltScopes& out,
                             std::vector<Problem>& wrong)
    : root(tree), modules(table), built(out), problems(wrong), elsewhere_(make_key_hints(table))
{
}

SectionReader::Context ConfigReading::context(std::string title, std::string scope_path,
                                              ConfigNode* record, bool defaults,
                                              const SourcePlace& place)
{
    return {.problems = problems,
            .title = std::move(title),
            .place = place.file ? place : root.place,
            .scope_path = std::move(scope_path),
            .record = record,
            .record_defaults = defaults,
            .elsewhere = &elsewhere_,
            .paths = &built.paths};
}

void ConfigReading::error(const SourcePlace& place, std::string text)
{
    problems.push_back(make_problem(Severity::error, place, std::move(text)));
}

void ConfigReading::warn(const SourcePlace& place, std::string text)
{
    problems.push_back(make_problem(Severity::warning, place, std::move(text)));
}

void ConfigReading::read_group(const ScopeInput& in, const ConfigNode* group,
                               const std::string& name, const std::function<void(Section&)>& read)
{
    ConfigNode in_force = ConfigNode::make(Type::group, name);
    SectionReader reader(group,
                         context(cat('"', name, '"'), in.path, in.record ? &in_force : nullptr,
                                 in.outermost, group ? group->place : switch_place(in.node, name)));
    read(reader);
    reader.report_unknown();
    if (in.record && (group || in.outermost)) in.record->children.push_back(std::move(in_force));
}

ConfigNode* add_list(const char* name, ConfigNode& parent)
{
    parent.children.push_back(ConfigNode::make(Type::list, name));
    return &parent.children.back();
}

const SourcePlace& switch_place(const ConfigNode& scope, std::string_view module)
{
    const ConfigNode* switches = scope.find("modules");
    const ConfigNode* node = switches ? switches->find(module) : nullptr;
    return node ? node->place : scope.place;
}

}  // namespace ostler
