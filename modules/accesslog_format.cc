// accesslog_format.cc - format strings: checked and compiled when the configuration is read, run
// as a flat list of instructions.
//
// The directives are those of Apache httpd's LogFormat where it has them, so that existing formats
// and the tools that read their lines work.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/local_time.h"
#include "common/base/log_line.h"
#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/cookie.h"
#include "modules/accesslog.h"

namespace ostler {

namespace {

using std::string_view;

/// What `argument` means depends on the directive: a field, a variable; often it is empty.
struct Instruction {
    using Write = void (*)(LogLine&, const Exchange&, const Instruction&);
    Write write = nullptr;
    string_view argument;  // points into the text of the format
    FieldId field = FieldId::other;
};

// --- what the directives write -----------------------------------------------------------

constexpr string_view absent = "-";

void put_value(LogLine& line, string_view value)
{
    if (value.empty())
        line.put(absent);
    else
        line.put_ascii(value, access_value_size);
}

void literal(LogLine& line, const Exchange&, const Instruction& i) { line.put(i.argument); }
void nobody(LogLine& line, const Exchange&, const Instruction&) { line.put(absent); }
void client(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, x.request.peer.address);
}
void local_address(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, x.request.peer.local_address);
}
void local_port(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.request.peer.local_port);
}

string_view variable_value(const Exchange& x, string_view name)
{
    for (const LogVariable* v = x.log_variables(); v; v = v->next)
        if (v->name == name) return v->value;
    return {};
}
void variable(LogLine& line, const Exchange& x, const Instruction& i)
{
    put_value(line, variable_value(x, i.argument));
}
/// Whoever authenticates a client offers this variable.
void user(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, variable_value(x, "user"));
}

void ncsa_time(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put('[');
    line.put(string_view(local_time(x.traffic.started_us / 1'000'000).ncsa, 26));
    line.put(']');
}
void iso_time(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put_iso_time(x.traffic.started_us);
}
void time_seconds(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.started_us / 1'000'000);
}
void time_milliseconds(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.started_us / 1000);
}

void request_line(LogLine& line, const Exchange& x, const Instruction&)
{
    if (!has_request_line(x)) return line.put(absent);
    line.put_ascii(x.request.method_name, access_value_size);
    line.put(' ');
    line.put_ascii(x.request.target, access_value_size);
    line.put(" HTTP/1.");
    line.put(x.request.minor_version);
}
void method(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, has_request_line(x) ? x.request.method_name : absent);
}
void path(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, x.request.raw_path.empty() ? x.request.path : x.request.raw_path);
}
void query(LogLine& line, const Exchange& x, const Instruction&)
{
    if (!x.request.has_query) return;
    line.put('?');
    line.put_ascii(x.request.query, access_value_size);
}
void protocol(LogLine& line, const Exchange& x, const Instruction&)
{
    if (!has_request_line(x)) return line.put(absent);
    line.put("HTTP/1.");
    line.put(x.request.minor_version);
}
void host(LogLine& line, const Exchange& x, const Instruction&)
{
    const string_view configured = x.routed() ? x.pipeline().host : string_view{};
    put_value(line, configured.empty() ? x.request.host : configured);
}
void request_id(LogLine& line, const Exchange& x, const Instruction&)
{
    put_value(line, x.request.id);
}

void status(LogLine& line, const Exchange& x, const Instruction&) { line.put(access_status(x)); }
void bytes(LogLine& line, const Exchange& x, const Instruction&) { line.put(x.traffic.sent_body); }
void bytes_or_absent(LogLine& line, const Exchange& x, const Instruction&)
{
    if (x.traffic.sent_body == 0) return line.put(absent);
    line.put(x.traffic.sent_body);
}
void received(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.received);
}
void sent(LogLine& line, const Exchange& x, const Instruction&) { line.put(x.traffic.sent); }
void duration_us(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.duration_us);
}
void duration_ms(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.duration_us / 1000);
}
void duration_s(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(x.traffic.duration_us / 1'000'000);
}
void connection_state(LogLine& line, const Exchange& x, const Instruction&)
{
    line.put(!x.traffic.complete ? 'X' : x.response.close ? '-' : '+');
}

void put_field(LogLine& line, const Fields& fields, const Instruction& i)
{
    const string_view* value =
        i.field == FieldId::other ? fields.find(i.argument) : fields.find(i.field);
    put_value(line, value ? *value : string_view{});
}
void request_field(LogLine& line, const Exchange& x, const Instruction& i)
{
    put_field(line, x.request.fields, i);
}
void response_field(LogLine& line, const Exchange& x, const Instruction& i)
{
    put_field(line, x.response.fields, i);
}
/// Whoever can read a log must not be able to become somebody else with it.
void redacted_request_field(LogLine& line, const Exchange& x, const Instruction& i)
{
    line.put(x.request.fields.find(i.argument) ? "redacted" : absent);
}
void redacted_response_field(LogLine& line, const Exchange& x, const Instruction& i)
{
    line.put(x.response.fields.find(i.argument) ? "redacted" : absent);
}

void cookie(LogLine& line, const Exchange& x, const Instruction& i)
{
    put_value(line, find_cookie(x.request.fields, i.argument).value);
}
void redacted_cookie(LogLine& line, const Exchange& x, const Instruction& i)
{
    const bool sent = find_cookie(x.request.fields, i.argument).sent != CookieLookup::Sent::never;
    line.put(sent ? "redacted" : absent);
}

// --- the compiler --------------------------------------------------------------------------

enum class Argument : unsigned char { none, field, variable, cookie };

struct Directive {
    string_view name;  // after the '%', an argument that is a choice included
    Instruction::Write write;
    Argument argument = Argument::none;
};

constexpr Directive directives[] = {
    {"h", client},
    {"a", client},
    {"A", local_address},
    {"p", local_port},
    {"l", nobody},
    {"u", user},
    {"t", ncsa_time},
    {"{iso}t", iso_time},
    {"{sec}t", time_seconds},
    {"{msec}t", time_milliseconds},
    {"r", request_line},
    {"m", method},
    {"U", path},
    {"q", query},
    {"H", protocol},
    {"v", host},
    {"V", host},
    {"L", request_id},
    {"s", status},
    {">s", status},
    {"b", bytes_or_absent},
    {"B", bytes},
    {"I", received},
    {"O", sent},
    {"D", duration_us},
    {"T", duration_s},
    {"{s}T", duration_s},
    {"{ms}T", duration_ms},
    {"{us}T", duration_us},
    {"X", connection_state},
    {"i", request_field, Argument::field},
    {"o", response_field, Argument::field},
    {"v", variable, Argument::variable},
    {"C", cookie, Argument::cookie},
};

constexpr string_view secret_fields[] = {"authorization", "cookie",  "proxy-authorization",
                                         "set-cookie",    "session", "x-replace-session"};

bool is_secret(string_view name)
{
    return std::any_of(std::begin(secret_fields), std::end(secret_fields),
                       [&](string_view s) { return same_ignoring_case(s, name); });
}

class Program final : public AccessFormat {
 public:
    Program(const std::string& text, const std::vector<std::string>& shown)
        : text_(text), shown_cookies_(shown)
    {
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Empty, or what is wrong.
    std::string compile();
    void write(LogLine& line, const Exchange& exchange) const override
    {
        for (const Instruction& i : instructions_) i.write(line, exchange, i);
    }

 private:
    void add_literal(string_view text)
    {
        if (!text.empty()) instructions_.push_back({literal, text});
    }
    std::string compile_directive(std::size_t& at);
    std::string add_directive(string_view whole, string_view argument, string_view name);

    bool shows_cookie(string_view name) const
    {
        return std::any_of(shown_cookies_.begin(), shown_cookies_.end(),
                           [=](const std::string& shown) { return shown == name; });
    }

    const std::string text_;
    const std::vector<std::string> shown_cookies_;
    std::vector<Instruction> instructions_;
};

std::string Program::compile()
{
    const string_view text = text_;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t percent = std::min(text.find('%', at), text.size());
        add_literal(text.substr(at, percent - at));
        at = percent;
        if (at == text.size()) break;
        std::string error = compile_directive(at);
        if (!error.empty()) return cat("column ", percent + 1, " of the format: ", error);
    }
    return {};
}

// `at` is the '%'; moves it behind the directive.
std::string Program::compile_directive(std::size_t& at)
{
    const string_view rest = string_view(text_).substr(at + 1);
    if (rest.starts_with('%')) {
        add_literal(rest.substr(0, 1));
        at += 2;
        return {};
    }
    std::size_t used = 0;
    string_view argument;
    if (rest.starts_with('{')) {
        used = rest.find('}');
        if (used == string_view::npos) return "%{ without }";
        argument = rest.substr(1, used - 1);
        if (argument.empty()) return "%{} needs a name between the braces";
        ++used;
    }
    if (rest.substr(used).starts_with('>')) ++used;
    if (used == rest.size()) return "a directive is missing after %; a percent sign is written %%";
    const string_view whole = rest.substr(0, used + 1);
    at += 1 + whole.size();
    return add_directive(whole, argument, rest.substr(used, 1));
}

std::string Program::add_directive(string_view whole, string_view argument, string_view name)
{
    bool takes_argument = false;
    bool needs_argument = false;
    for (const Directive& d : directives) {
        if (d.argument == Argument::none && d.name == whole) {
            instructions_.push_back({d.write, {}});
            return {};
        }
        if (!d.name.ends_with(name)) continue;
        if (d.argument == Argument::none) {
            takes_argument |= d.name.starts_with('{');
            continue;
        }
        needs_argument |= argument.empty();
        if (argument.empty() || whole.size() != argument.size() + 3) continue;
        Instruction i{d.write, argument, FieldId::other};
        if (d.argument == Argument::field) {
            if (!is_token(argument)) return cat("%", whole, ": not the name of a field");
            i.field = field_id(argument);
            if (is_secret(argument))
                i.write =
                    d.write == request_field ? redacted_request_field : redacted_response_field;
        }
        if (d.argument == Argument::cookie) {
            if (!is_token(argument)) return cat("%", whole, ": not the name of a cookie");
            if (!shows_cookie(argument)) i.write = redacted_cookie;
        }
        instructions_.push_back(i);
        return {};
    }
    if (needs_argument) return cat("%", name, " needs a name: %{NAME}", name);
    if (takes_argument)
        return cat("%", whole, " is unknown; there are ",
                   name == "t" ? "%t, %{iso}t, %{sec}t and %{msec}t"
                               : "%T, %{s}T, %{ms}T and %{us}T");
    return cat("unknown directive %", whole);
}

struct Named {
    string_view name, text;
};
constexpr Named named_formats[] = {
    {"combined", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""},
    {"common", "%h %l %u %t \"%r\" %>s %b"},
    {"vhost_combined", "%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""},
};

}  // namespace

std::shared_ptr<const AccessFormat> compile_access_format(const std::string& format, bool colour,
                                                          std::string& error,
                                                          const std::vector<std::string>& cookies)
{
    if (format == "json") return make_json_format();
    if (format == "terminal") return make_terminal_format(colour);
    string_view text = format;
    for (const Named& named : named_formats)
        if (named.name == format) text = named.text;
    if (text.find('%') == string_view::npos) {
        error = "neither combined, common, vhost_combined, json or terminal nor a string with "
                "% directives";
        return nullptr;
    }
    auto program = std::make_shared<Program>(std::string(text), cookies);
    error = program->compile();
    if (!error.empty()) return nullptr;
    return program;
}

}  // namespace ostler
