// config_tls.cc - the groups `tls` of a configuration, and the Tls made of them.
#include "server/config_tls.h"

#include <algorithm>
#include <utility>

namespace ostler {

void ConfigTls::read(const ScopeInput& in, const std::vector<std::string>& names)
{
    // A scope that mentions no TLS shares the outer one's.
    std::shared_ptr<const TlsConf> conf = server_;
    const ConfigNode* group = in.reader.take_group("tls");
    if (group || (in.outermost && is_wanted())) {
        auto own = std::make_shared<TlsConf>(*conf);
        reading_.read_group(in, group, "tls", [&](Section& s) {
            configure_tls(*own, in.outermost ? &resumption_ : nullptr, s);
        });
        conf = own;
    }
    if (in.outermost) server_ = conf;
    if (is_wanted())
        for (const std::string& name : names)
            if (const std::string why = names_problem(*conf, name); !why.empty())
                reading_.warn(group ? group->place : in.node.place, why);
    hosts_.push_back({names, std::move(conf)});
}

bool ConfigTls::is_wanted() const
{
    const std::vector<ListenSpec>& listen = reading_.built.listen;
    return std::any_of(listen.begin(), listen.end(), [](const ListenSpec& l) { return l.tls; });
}

void ConfigTls::make()
{
    if (!is_wanted() || prevents_start(reading_.problems)) return;
    BuiltScopes& built = reading_.built;
    std::string why;
    built.tls = Tls::make(hosts_, resumption_, why);
    if (built.tls) return;
    for (std::size_t i = 0; i < built.listen.size(); ++i)
        if (built.listen[i].tls)
            reading_.error(reading_.root.find("listen")->children[i].place, why);
}

}  // namespace ostler
