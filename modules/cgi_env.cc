// cgi_env.cc - meta-variables and protocol variables.
#include "modules/cgi_env.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view computed[] = {
    "AUTH_TYPE",      "CONTENT_LENGTH",  "CONTENT_TYPE",    "DOCUMENT_ROOT", "GATEWAY_INTERFACE",
    "HTTPS",          "PATH_INFO",       "PATH_TRANSLATED", "QUERY_STRING",  "REDIRECT_STATUS",
    "REMOTE_ADDR",    "REMOTE_PORT",     "REMOTE_USER",     "REQUEST_ID",    "REQUEST_METHOD",
    "REQUEST_SCHEME", "REQUEST_URI",     "SCRIPT_FILENAME", "SCRIPT_NAME",   "SERVER_NAME",
    "SERVER_PORT",    "SERVER_PROTOCOL", "SERVER_SOFTWARE"};

/// Variables one after the other in a string, which becomes one block of the arena.
class Builder {
 public:
    template <class... Parts> void add(std::string_view name, const Parts&... value)
    {
        text_ += name;
        text_ += '=';
        const std::size_t start = text_.size();
        append(text_, value...);
        // No NUL gets here from a request; from elsewhere it would begin another variable.
        std::replace(text_.begin() + static_cast<std::ptrdiff_t>(start), text_.end(), '\0', '?');
        text_ += '\0';
        ++count_;
    }
    bool has(std::string_view name) const
    {
        std::string_view rest = text_;
        while (!rest.empty()) {
            if (rest.starts_with(name) && rest.substr(name.size()).starts_with('=')) return true;
            rest.remove_prefix(rest.find('\0') + 1);
        }
        return false;
    }
    Environment finish(Arena& arena) const
    {
        const std::string_view block = arena.copy(text_);
        auto** list =
            static_cast<char**>(arena.allocate((count_ + 1) * sizeof(char*), alignof(char*)));
        std::size_t at = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            list[i] = const_cast<char*>(block.data()) + at;
            at = block.find('\0', at) + 1;
        }
        list[count_] = nullptr;
        return {list, block};
    }

 private:
    std::string text_;
    std::size_t count_ = 0;
};

/// Letters, digits and '-' only: no two names become one variable, whatever else they have.
bool is_plain_name(std::string_view name)
{
    return std::all_of(name.begin(), name.end(), [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-';
    });
}

bool is_hop_by_hop(std::string_view name)
{
    for (std::string_view known :
         {"connection", "keep-alive", "proxy-connection", "proxy-authorization",
          "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"})
        if (same_ignoring_case(name, known)) return true;
    return false;
}

/// Named in a Connection field: for this hop only.  Host is not theirs to take away.
bool is_named_in_connection(const Fields& fields, const Field& field)
{
    if (field.id == FieldId::host) return false;
    for (const Field& f : fields)
        if (f.id == FieldId::connection && has_token(f.value, field.name)) return true;
    return false;
}

bool is_exported(const Request& request, const CgiConf& conf, const Field& field)
{
    switch (field.id) {
    case FieldId::content_length:  // CONTENT_LENGTH tells what the script really gets
    case FieldId::content_type:
    case FieldId::proxy: return false;  // HTTP_PROXY steers the clients inside scripts (httpoxy)
    case FieldId::authorization: return conf.authorization;
    default: break;  // every other one by its name
    }
    if (same_ignoring_case(field.name, "session")) return false;  // HTTP_SESSION is the server's
    return is_plain_name(field.name) && !is_hop_by_hop(field.name) &&
           !is_named_in_connection(request.fields, field);
}

void add_field(Builder& env, const Fields& fields, const Field& field)
{
    for (const Field* f = fields.begin(); f != &field; ++f)
        if (same_ignoring_case(f->name, field.name)) return;  // joined to the first one
    std::string name = "HTTP_";
    for (char c : field.name) {
        const char small = lower(c);
        name += c == '-' ? '_' : small >= 'a' && small <= 'z' ? static_cast<char>(small - 32) : c;
    }
    const std::string_view separator = field.id == FieldId::cookie ? "; " : ", ";
    std::string value(field.value);
    for (const Field* f = &field + 1; f != fields.end(); ++f)
        if (same_ignoring_case(f->name, field.name)) append(value, separator, f->value);
    env.add(name, value);
}

/// In the names that mod_ssl gave them.
void add_tls(Builder& env, const TlsFacts& facts)
{
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) env.add(name, value);
    };
    add("SSL_PROTOCOL", facts.protocol);
    add("SSL_CIPHER", facts.cipher);
    add("SSL_TLS_SNI", facts.server_name);
    add("SSL_CLIENT_VERIFY", facts.client_verify);
    add("SSL_CLIENT_S_DN", facts.client_subject);
    add("SSL_CLIENT_I_DN", facts.client_issuer);
    add("SSL_CLIENT_M_SERIAL", facts.client_serial);
    add("SSL_CLIENT_FINGERPRINT", facts.client_fingerprint);
}

void add_server(Builder& env, const Exchange& x)
{
    const Request& r = x.request;
    const std::string_view name = !x.pipeline().host.empty() ? x.pipeline().host
                                  : !r.host.empty()          ? r.host
                                                             : r.peer.local_address;
    env.add("GATEWAY_INTERFACE", "CGI/1.1");
    env.add("SERVER_SOFTWARE", "ostler");
    env.add("SERVER_NAME", name);
    env.add("SERVER_PORT", r.peer.local_port ? r.peer.local_port : std::uint16_t{80});
    env.add("SERVER_PROTOCOL", "HTTP/1.", r.minor_version);
    env.add("REMOTE_ADDR", r.peer.address);
    env.add("REMOTE_PORT", r.peer.port);
    env.add("REQUEST_SCHEME", r.scheme);
    if (r.peer.tls) env.add("HTTPS", "on");
    if (r.peer.tls_facts) add_tls(env, *r.peer.tls_facts);
    env.add("REQUEST_ID", r.id);
    env.add("REDIRECT_STATUS", 200);  // php-cgi runs for nobody without it
}

void add_request(Builder& env, const Exchange& x, const Script& script,
                 std::optional<std::uint64_t> length)
{
    const Request& r = x.request;
    env.add("REQUEST_METHOD", r.method_name);
    env.add("REQUEST_URI", r.raw_path, r.has_query ? "?" : "", r.query);
    env.add("QUERY_STRING", r.query);
    env.add("SCRIPT_NAME", script.name);
    env.add("SCRIPT_FILENAME", script.file);
    env.add("DOCUMENT_ROOT", script.document_root);
    if (!script.path_info.empty()) {
        env.add("PATH_INFO", script.path_info);
        env.add("PATH_TRANSLATED", script.document_root, script.path_info);
    }
    if (const std::string_view* type = r.fields.find(FieldId::content_type))
        env.add("CONTENT_TYPE", *type);
    if (length) env.add("CONTENT_LENGTH", *length);
}

}  // namespace

bool is_computed_variable(std::string_view name)
{
    return name.starts_with("HTTP_") || name.starts_with("SSL_") ||
           std::find(std::begin(computed), std::end(computed), name) != std::end(computed);
}

Environment make_environment(Exchange& x, const CgiConf& conf, const Script& script,
                             std::optional<std::uint64_t> length)
{
    Builder env;
    add_server(env, x);
    add_request(env, x, script, length);
    for (const Field& field : x.request.fields)
        if (is_exported(x.request, conf, field)) add_field(env, x.request.fields, field);
    // What other modules know: REMOTE_USER, AUTH_TYPE, the session.
    for (const LogVariable* v = x.script_variables(); v; v = v->next)
        if (!env.has(v->name)) env.add(v->name, v->value);
    for (const auto& [name, value] : conf.environment)
        if (!env.has(name)) env.add(name, value);
    if (!env.has("PATH")) env.add("PATH", default_search_path);
    // UTF-8, and nothing else of a locale: LANG=C.UTF-8 would have every program that calls
    // setlocale() open a dozen files (Perl: 1.30 ms a run, 1.47 with it).
    if (!env.has("LANG") && !env.has("LC_ALL")) {
        env.add("LANG", "C");
        if (!env.has("LC_CTYPE")) env.add("LC_CTYPE", "C.UTF-8");
    }
    return env.finish(x.arena);
}

}  // namespace ostler
