// config_describe.cc - every setting there is, for -m, for hints and for the manual page.
#include "server/config_describe.h"

#include <algorithm>
#include <array>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/module.h"
#include "modules/table.h"
#include "server/config.h"
#include "server/config_server.h"
#include "server/tls_conf.h"

namespace ostler {

namespace {

constexpr std::array<GroupInfo, 8> groups = {{
    {"server", "processes, logs and limits of the server as a whole"},
    {"listen", "a list of groups: where clients connect"},
    {"modules", "which modules are on; also in a host or a location"},
    {"http", "limits of requests and connections; also in a host or a location"},
    {"tls", "certificates and what HTTPS needs; also in a host"},
    {"hosts", "a list of groups: settings by the name the client asks for"},
    {"locations", "a list of groups: settings by the beginning of the path; in a host or for all"},
    {"tests", "a list of groups: requests and what their answers must be, for -t --run-tests"},
}};

// Not read through get() alone: their members are whole scopes.
const std::vector<SettingInfo>& host_settings()
{
    static const std::vector<SettingInfo> infos = {
        {"names",
         "list of strings",
         "",
         "",
         "\"example.org\", \"*.example.org\" for every name below it, \"*\" for every other name",
         {}},
        {"locations", "list of groups", "", "", "settings by the beginning of the path", {}},
        {"optional",
         "true or false",
         "",
         "",
         "start without this host when it has errors: its names answer 503; "
         "default: server.skip_bad_hosts",
         {}},
    };
    return infos;
}

const std::vector<SettingInfo>& location_settings()
{
    static const std::vector<SettingInfo> infos = {
        {"path",
         "string",
         "",
         "",
         "\"/app\" is for /app and what is below it, \"/app/\" only for what is below",
         {}},
    };
    return infos;
}

void append_column(std::string& out, std::string_view text, std::size_t width)
{
    out += text;
    out.append(text.size() < width ? width - text.size() : 0, ' ');
}

std::size_t longest_key(const std::vector<SettingInfo>& settings)
{
    std::size_t longest = 0;
    for (const SettingInfo& info : settings) longest = std::max(longest, info.key.size());
    return longest;
}

void append_settings(std::string& out, const std::vector<SettingInfo>& settings, std::size_t indent)
{
    const std::size_t width = longest_key(settings) + 2;
    for (const SettingInfo& info : settings) {
        out.append(indent, ' ');
        append_column(out, info.key, width);
        append(out, info.about, '\n');
        out.append(indent + width, ' ');
        out += info.type;
        if (!info.range.empty()) append(out, ", ", info.range);
        if (!info.default_value.empty()) append(out, "; default ", info.default_value);
        out += '\n';
        append_settings(out, info.members, indent + width);
    }
}

const Module* find_module(std::string_view name, ModuleTable modules)
{
    const auto at = std::find_if(modules.begin(), modules.end(),
                                 [&](const Module* m) { return m->name == name; });
    return at == modules.end() ? nullptr : *at;
}

}  // namespace

std::span<const GroupInfo> plain_groups() { return groups; }

std::optional<std::vector<SettingInfo>> describe_settings(std::string_view name,
                                                          ModuleTable modules)
{
    SectionDescriber describer;
    if (name == "server") {
        ServerConf server;
        configure_server(server, describer);
    } else if (name == "listen") {
        configure_listen(describer);
    } else if (name == "tests") {
        ConfigTest test;
        configure_test(test, describer);
    } else if (name == "http") {
        HttpConf http;
        configure_http(http, describer);
    } else if (name == "tls") {
        TlsConf tls;
        TlsResumption resumption;
        configure_tls(tls, &resumption, describer);
    } else if (name == "modules") {
        for (const Module* m : modules) {
            bool on = m->on_by_default;
            describer.get(std::string(m->name).c_str(), on, std::string(m->about).c_str());
        }
    } else if (name == "hosts") {
        return host_settings();
    } else if (name == "locations") {
        return location_settings();
    } else if (const Module* m = find_module(name, modules)) {
        if (m->config.inherit) m->config.read(m->config.inherit(nullptr).get(), describer);
    } else {
        return std::nullopt;
    }
    return describer.settings();
}

std::string describe_table(ModuleTable modules)
{
    std::size_t width = 9;
    for (const Module* m : modules) width = std::max(width, m->name.size());
    std::string out = "Modules of this build, in the order in which they are asked:\n";
    for (const Module* m : modules) {
        out += "  ";
        append_column(out, m->name, width + 2);
        append(out, m->on_by_default ? "on   " : "off  ", m->about, '\n');
    }
    out += "\nSwitched by `modules: { NAME = true|false; };` in the server, a host or a location."
           "\n\nOther groups of the configuration:\n";
    for (const GroupInfo& group : groups) {
        out += "  ";
        append_column(out, group.name, width + 2);
        append(out, group.about, '\n');
    }
    return out + "\n\"ostler -m NAME\" shows the settings of one of them.\n";
}

std::string describe_group(std::string_view name, ModuleTable modules)
{
    const auto settings = describe_settings(name, modules);
    if (!settings) return {};
    std::string out = cat(name, " - ");
    if (const Module* m = find_module(name, modules)) {
        append(out, m->about, m->on_by_default ? " (on by default)" : " (off by default)", '\n');
        if (!m->needs.empty()) append(out, "needs ", list_words(m->needs, "and"), '\n');
    } else {
        for (const GroupInfo& group : groups)
            if (group.name == name) append(out, group.about, '\n');
    }
    if (settings->empty()) return out + "no settings\n";
    out += '\n';
    append_settings(out, *settings, 2);
    return out;
}

std::string describe_modules() { return describe_table(module_table()); }
std::string describe_module(std::string_view name) { return describe_group(name, module_table()); }

}  // namespace ostler
