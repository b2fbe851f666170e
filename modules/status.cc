// status.cc - what the server is doing: a page for people, JSON and metrics for programs.
#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/board_text.h"
#include "common/exchange.h"
#include "common/module.h"
#include "modules/status_conf.h"
#include "modules/status_page.h"

namespace ostler {

namespace {

constexpr std::string_view security_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// This machine, unless a proxy on it passes on what others asked; and who is allowed.
bool may_see(const Request& request, const StatusConf& conf)
{
    const auto allows = [&](const AddressRange& r) { return r.contains(request.peer.address); };
    if (std::any_of(conf.allow.begin(), conf.allow.end(), allows)) return true;
    const bool passed_on = !request.fields.get("Forwarded").empty() ||
                           !request.fields.get("X-Forwarded-For").empty() ||
                           !request.fields.get("Via").empty();
    return request.peer.loopback && !passed_on;
}

Step send(Exchange& x, std::string_view type, std::string_view content)
{
    Fields& fields = x.response.fields;
    fields.set(FieldId::content_type, type);
    fields.set(FieldId::cache_control, "no-store");
    fields.set(FieldId::x_content_type_options, "nosniff");
    fields.set("Content-Security-Policy", security_policy);
    fields.set("Cross-Origin-Resource-Policy", "same-origin");
    fields.set("Referrer-Policy", "no-referrer");
    x.response.body = x.arena.make<BytesBody>(content);
    return x.reply(Code::ok);
}

bool prefers_json(const Request& request)
{
    const std::string_view accept = request.fields.get(FieldId::accept);
    return accept.find("application/json") != accept.npos &&
           accept.find("text/html") == accept.npos;
}

Step serve(Exchange& x, std::string_view what)
{
    if (what == "status.css") return send(x, "text/css; charset=utf-8", status_style);
    if (what == "status.js") return send(x, "text/javascript; charset=utf-8", status_script);
    const BoardView view = Board::read(x.loop.wall_microseconds());
    if (what == "json" || (what.empty() && prefers_json(x.request)))
        return send(x, "application/json", x.arena.copy(board_json(view)));
    if (what == "metrics")
        return send(x, "text/plain; version=0.0.4; charset=utf-8",
                    x.arena.copy(board_metrics(view)));
    if (what.empty()) return send(x, "text/html; charset=utf-8", x.arena.copy(status_page(view)));
    return x.reply(Code::not_found);
}

Step content(Exchange& x, const StatusConf& conf)
{
    if (!conf.enabled || x.is_error_page()) return Step::next;
    std::string_view path = x.request.path;
    const std::string_view folder = conf.prefix;
    const bool is_folder_name = path == folder.substr(0, folder.size() - 1);
    if (!path.starts_with(folder) && !is_folder_name) return Step::next;
    if (!may_see(x.request, conf)) {
        x.note("not for ", x.request.peer.address, ": see status.allow");
        return x.reply(Code::forbidden);
    }
    if (!x.request.is_get_or_head()) return x.reply_allow("GET, HEAD, OPTIONS");
    if (is_folder_name) return x.redirect(Code::moved_permanently, folder);
    return serve(x, path.substr(folder.size()));
}

}  // namespace

extern constexpr Module status_module{
    .name = "status",
    .about = "Shows what the server is doing, to this machine unless others are allowed.",
    .on_by_default = false,
    .config = conf<configure_status>,
    .content = on<content>,
};

}  // namespace ostler
