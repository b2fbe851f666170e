// accesslog_json.cc - one JSON object a line (RFC 8259), always valid whatever clients send.
#include <string_view>

#include "common/base/log_line.h"
#include "common/exchange.h"
#include "modules/accesslog.h"

namespace ostler {

namespace {

using std::string_view;

constexpr std::size_t short_value_size = 1024;

void put_string(LogLine& line, string_view value, std::size_t max)
{
    line.put('"');
    line.put_json(value, max);
    line.put('"');
}

/// `,"key":"value"`; null when there is none.
void put_member(LogLine& line, string_view key, string_view value,
                std::size_t max = short_value_size)
{
    line.put(key);
    if (value.empty()) return line.put("null");
    put_string(line, value, max);
}

/// Modules may offer any number of any length: those that still fit.  The newest value of a name
/// comes first in the list and is the one that counts.
void put_variables(LogLine& line, const LogVariable* variables)
{
    constexpr std::size_t syntax = 16;
    constexpr std::size_t worst = 6;  // characters of an escaped byte
    char separator = '{';
    for (const LogVariable* v = variables; v; v = v->next) {
        bool is_old = false;
        for (const LogVariable* w = variables; w != v; w = w->next) is_old |= w->name == v->name;
        const std::size_t name_size = v->name.size() * worst;
        if (is_old || name_size + short_value_size + syntax > line.room()) continue;
        if (separator == '{') line.put(",\"variables\":");
        line.put(separator);
        put_string(line, v->name, LogLine::no_limit);
        line.put(':');
        put_string(line, v->value, short_value_size);
        separator = ',';
    }
    if (separator == ',') line.put('}');
}

class Json final : public AccessFormat {
 public:
    void write(LogLine& line, const Exchange& x) const override
    {
        const Request& request = x.request;
        const bool is_known = has_request_line(x);
        const string_view host =
            x.routed() && !x.pipeline().host.empty() ? x.pipeline().host : request.host;
        line.put("{\"time\":\"");
        line.put_iso_time(x.traffic.started_us);
        line.put('"');
        put_member(line, ",\"client\":", request.peer.address);
        put_member(line, ",\"method\":", is_known ? request.method_name : string_view{});
        put_member(line, ",\"host\":", host);
        put_member(line, ",\"target\":", request.target, access_value_size);
        if (is_known) {
            line.put(",\"protocol\":\"HTTP/1.");
            line.put(request.minor_version);
            line.put('"');
        } else {
            line.put(",\"protocol\":null");
        }
        line.put(",\"status\":");
        line.put(access_status(x));
        line.put(",\"bytes\":");
        line.put(x.traffic.sent_body);
        line.put(",\"duration_us\":");
        line.put(x.traffic.duration_us);
        put_member(line, ",\"referer\":", request.fields.get(FieldId::referer), access_value_size);
        put_member(line, ",\"user_agent\":", request.fields.get(FieldId::user_agent),
                   access_value_size);
        put_member(line, ",\"request_id\":", request.id);
        line.put(x.traffic.complete ? ",\"complete\":true" : ",\"complete\":false");
        put_variables(line, x.log_variables());
        line.put('}');
    }
};

}  // namespace

std::shared_ptr<const AccessFormat> make_json_format() { return std::make_shared<Json>(); }

}  // namespace ostler
