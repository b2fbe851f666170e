// config_top.cc - what stands at the top level only.
#include "server/config_top.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "server/config_server.h"

namespace ostler {

namespace {

using Type = ConfigNode::Type;

void drop(ConfigNode& group, std::string_view key)
{
    std::erase_if(group.children, [&](const ConfigNode& n) { return n.name == key; });
}

/// True when two of `listen` would be one and the same.
bool is_taken(const ListenSpec& spec, const std::vector<ListenSpec>& others)
{
    const bool any_port = spec.port == 0 && !spec.address.starts_with("unix:");
    return !any_port && std::any_of(others.begin(), others.end(), [&](const ListenSpec& other) {
        return other.name() == spec.name();
    });
}

/// One element of `listen`; returns it as it is in force.
ConfigNode read_listener(ConfigReading& reading, const ConfigNode& element)
{
    ConfigNode group = ConfigNode::make(Type::group, "");
    SectionReader reader(&element, reading.context("\"listen\"", "/", &group, true, element.place));
    const ListenSpec spec = configure_listen(reader);
    reader.report_unknown();
    if (spec.address.starts_with("unix:")) drop(group, "port");
    if (is_taken(spec, reading.built.listen))
        reading.error(element.place, cat("\"listen\" has ", spec.name(), " twice"));
    reading.built.listen.push_back(spec);
    return group;
}

}  // namespace

void read_server(ConfigReading& reading, SectionReader& top)
{
    const ConfigNode* node = top.take_group("server");
    ConfigNode record = ConfigNode::make(Type::group, "server");
    SectionReader reader(node, reading.context("\"server\"", "/", &record, true));
    configure_server(reading.built.server, reader);
    reader.report_unknown();
    reading.built.effective.children.push_back(std::move(record));
}

void read_listen(ConfigReading& reading, SectionReader& top)
{
    const ConfigNode* list = top.take_groups("listen");
    ConfigNode record = ConfigNode::make(Type::list, "listen");
    if (!list) record.children.push_back(read_listener(reading, ConfigNode()));
    if (list && list->children.empty())
        reading.error(list->value_place, "\"listen\" is empty: nobody could connect");
    for (std::size_t i = 0; list && i < list->children.size(); ++i) {
        const ConfigNode& element = list->children[i];
        record.children.push_back(read_listener(reading, element));
        reading.built.listen_places.push_back(element.place);
    }
    reading.built.effective.children.push_back(std::move(record));
}

void read_tests(ConfigReading& reading, SectionReader& top)
{
    const ConfigNode* list = top.take_groups("tests");
    if (!list) return;
    ConfigNode* record = add_list("tests", reading.built.effective);
    for (const ConfigNode& node : list->children) {
        ConfigNode group = ConfigNode::make(Type::group, "");
        SectionReader reader(&node, reading.context("\"tests\"", "/", &group, false, node.place));
        ConfigTest& test = reading.built.tests.emplace_back();
        configure_test(test, reader);
        test.node = node;
        reader.report_unknown();
        record->children.push_back(std::move(group));
    }
}

}  // namespace ostler
