// cgi_command.cc - an exchange without a connection: the dispatcher as in the server, and a stream
// that prints.
#include "server/cgi_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/base/log_sink.h"
#include "common/base/text.h"
#include "common/exchange.h"
#include "common/http/uri.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/privileges.h"

namespace ostler {

namespace {

constexpr std::size_t pull_size = 64 * 1024;

void put(std::FILE* to, std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
}

int complain(std::string_view text)
{
    put(stderr, cat("ostler: ", text, '\n'));
    return exit_runtime;
}

/// Prints an answer and pulls its content to the end.
class Printer final : public Stream, Waker, Job {
 public:
    explicit Printer(Loop& loop) : loop_(loop) {}

    void respond(Exchange& x) override
    {
        x_ = &x;
        std::string text = cat("--- head\nHTTP/1.1 ", to_int(x.response.status), ' ',
                               phrase(x.response.status), '\n');
        for (const Field& f : x.response.fields) append(text, f.name, ": ", f.value, '\n');
        LogSink::flush_all();
        put(stderr, text + "--- content\n");
        body_ = forbids_content(x.response.status) ? nullptr : x.response.body;
        if (body_) body_->set_waker(this);
        loop_.post(*this);
    }
    bool over() const { return over_; }
    bool complete() const { return complete_; }

 private:
    void wake() override { loop_.post(*this); }
    void run() override
    {
        while (body_) {
            const Pull got = body_->pull(buffer_, pull_size);
            put(stdout, buffer_.take());
            if (got == Pull::wait) return;
            if (got == Pull::more) continue;
            complete_ = got == Pull::end;
            over_ = true;
            return;
        }
        complete_ = over_ = true;
    }

    Loop& loop_;
    Exchange* x_ = nullptr;
    Body* body_ = nullptr;
    Buffer buffer_;
    bool over_ = false;
    bool complete_ = false;
};

bool is_file(const std::string& path)
{
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

std::string find_program(std::string_view name)
{
    for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/", "/opt/homebrew/bin/"}) {
        std::string path = cat(folder, name);
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

std::string php_interpreter()
{
    const std::string php = find_program("php-cgi");
    return php.empty() ? php : cat("interpreters: { php = ", quoted(php), "; }; ");
}

/// What is to be run: a path of a server, or a file for which a server is made up.
struct Target {
    std::string path, query;
    bool has_query = false;
    std::string configuration;  ///< made up; empty: that of the server
};

Target split(const std::string& text)
{
    Target t;
    const std::size_t mark = text.find('?');
    t.path = text.substr(0, mark);
    t.has_query = mark != std::string::npos;
    if (t.has_query) t.query = text.substr(mark + 1);
    return t;
}

/// A file and perhaps a path behind it, when there is no server to ask.  False: no such file.
bool make_up_server(Target& t)
{
    std::size_t end = t.path.size();
    while (end != std::string::npos && end > 0 && !is_file(t.path.substr(0, end)))
        end = t.path.rfind('/', end - 1);
    if (end == std::string::npos || end == 0) return false;
    char* const real = ::realpath(t.path.substr(0, end).c_str(), nullptr);
    if (!real) return false;
    const std::string file = real;
    std::free(real);
    const std::size_t slash = file.rfind('/');
    const std::string folder = slash == 0 ? "/" : file.substr(0, slash);
    t.configuration = cat("modules: { cgi = true; };\ncgi: { root = ", quoted(folder), "; ",
                          php_interpreter(), "};\n");
    t.path = encode_path(file.substr(slash)) + encode_path(t.path.substr(end));
    return true;
}

void fill_request(Exchange& x, const Target& t)
{
    Request& r = x.request;
    r.raw_path = t.path;
    r.query = t.query;
    r.has_query = t.has_query;
    r.target = x.arena.copy(cat(t.path, t.has_query ? "?" : "", t.query));
    r.host = "localhost";
    r.fields.add(FieldId::host, "localhost");
    r.peer.address = "127.0.0.1";
    r.peer.local_address = "127.0.0.1";
    r.peer.local_port = 80;
    r.peer.loopback = true;
    r.id = "command";
}

std::string_view variable(const Exchange& x, std::string_view name)
{
    for (const LogVariable* v = x.log_variables(); v; v = v->next)
        if (v->name == name) return v->value;
    return {};
}

void print_summary(const Exchange& x)
{
    std::string text = "--- environment\n";
    for (const char c : variable(x, "cgi_environment")) text += c == '\0' ? '\n' : c;
    text += "--- run\n";
    for (const auto& [name, unit] :
         {std::pair{"cgi_status", ""}, {"cgi_signal", ""}, {"cgi_wall", " us"}, {"cgi_cpu", " us"}, {"cgi_memory", " bytes"}})
        if (const std::string_view value = variable(x, name); !value.empty())
            append(text, std::string_view(name).substr(4), ": ", value, unit, '\n');
    put(stderr, text);
}

int run_target(Configuration& configuration, const Target& t)
{
    LogSink::follow_standard();
    std::string error;
    if (LogSink* sink = LogSink::open("stderr", error)) set_error_log(*sink, Level::debug);
    Loop loop;
    configuration.start(loop);
    Printer printer(loop);
    Arena arena;
    Exchange x(loop, arena, configuration.router(), printer);
    fill_request(x, t);
    if (const Code code = normalise_path(t.path, arena, x.request.path); code != Code::ok) {
        return complain(cat(t.path, ": not a path of a URL (", to_int(code), ")"));
    }
    x.start();
    while (!printer.over()) {
        loop.turn();
        LogSink::flush_all();
    }
    print_summary(x);
    if (!printer.complete()) complain("the answer is not complete");
    return printer.complete() && to_int(x.response.status) < 500 ? exit_ok : exit_runtime;
}

}  // namespace

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) {
            out += c;
            continue;
        }
        constexpr char digits[] = "0123456789abcdef";
        append(out, "\\x", digits[c >> 4], digits[c & 15]);
    }
    return out + '"';
}

std::string cgi_configuration(const std::string& folder, const std::string& state,
                              std::string_view more)
{
    const std::string environment =
        state.empty() ? std::string()
                      : cat("environment: { STATE_FOLDER = ", quoted(state), "; }; ");
    return cat("cgi: { ", php_interpreter(), environment, "explain = true; };\n",
               "locations = ( { path = \"/cgi-bin/\"; cgi: { root = ",
               quoted(cat(folder, "/cgi-bin")), "; }; ", more, "} );\n");
}

int run_cgi_command(const Options& options)
{
    Target target = split(options.target);
    const bool has_server = options.file_given || ::access(options.file.c_str(), R_OK) == 0;
    if (!(target.path.starts_with('/') && has_server) && !make_up_server(target))
        return complain(target.path.starts_with('/')
                            ? cat(target.path, ": no such file, and no configuration ", options.file,
                                  ": give one with -c")
                            : cat(target.path, ": no such file"));
    std::vector<Problem> problems;
    const auto configuration =
        target.configuration.empty()
            ? load_configuration(options.file, problems)
            : load_configuration_text(target.configuration, "cgi run", "/", problems);
    if (!configuration) {
        print_problems(problems);
        return exit_config;
    }
    std::string error;
    if (!become_worker_user(configuration->server, error)) return complain(error);
    return run_target(*configuration, target);
}

}  // namespace ostler
