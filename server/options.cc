// options.cc - the command line as a value.
#include "server/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "common/base/suggest.h"
#include "common/base/text.h"
#include "server/module_command.h"

namespace ostler {

namespace {

using Action = Options::Action;

constexpr std::array<std::string_view, 6> signal_names = {"reload", "reopen", "quit",
                                                          "stop",   "status", "upgrade"};

/// What may stand in the place of the first option.
std::vector<std::string_view> subcommands()
{
    std::vector<std::string_view> words = module_command_words();
    words.insert(words.begin(), {"serve", "cgi", "explain"});
    return words;
}

/// One option: what it is called, whether it takes a value, and for which actions it is.
struct Option {
    std::string_view name;
    enum class Value : unsigned char { none, needed, optional } value;
    std::string_view value_name;
    bool of_serve;
};

constexpr std::array<Option, 25> known_options = {{
    {"-c", Option::Value::needed, "FILE", false},
    {"-D", Option::Value::none, "", false},
    {"-t", Option::Value::none, "", false},
    {"-q", Option::Value::none, "", false},
    {"-T", Option::Value::none, "", false},
    {"-m", Option::Value::optional, "MODULE", false},
    {"-v", Option::Value::none, "", false},
    {"-V", Option::Value::none, "", false},
    {"-s", Option::Value::needed, "SIGNAL", false},
    {"-h", Option::Value::none, "", false},
    {"--json", Option::Value::none, "", false},
    {"--run-tests", Option::Value::none, "", false},
    {"--header", Option::Value::needed, "\"NAME: VALUE\"", false},
    {"--from", Option::Value::needed, "ADDRESS", false},
    {"--environment", Option::Value::none, "", false},
    {"--help", Option::Value::none, "", false},
    {"--version", Option::Value::none, "", false},
    {"-p", Option::Value::needed, "PORT", true},
    {"--port", Option::Value::needed, "PORT", true},
    {"--cgi", Option::Value::none, "", true},
    {"--open", Option::Value::none, "", true},
    {"--lan", Option::Value::none, "", true},
    {"--https", Option::Value::none, "", true},
    {"-h", Option::Value::none, "", true},
    {"--help", Option::Value::none, "", true},
}};

const Option* find_option(std::string_view name, bool serve)
{
    for (const Option& option : known_options)
        if (option.name == name && option.of_serve == serve) return &option;
    return nullptr;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> words)
{
    const std::string_view nearest = nearest_word(word, words);
    return nearest.empty() ? std::string() : cat("; did you mean \"", nearest, "\"?");
}

class Parser {
 public:
    explicit Parser(std::span<const char* const> arguments) : arguments_(arguments) {}

    Result<Options, std::string> parse()
    {
        options_.file = default_config_file();
        if (!arguments_.empty() && arguments_[0][0] != '-') subcommand();
        while (error_.empty() && at_ < arguments_.size()) argument(arguments_[at_++]);
        if (error_.empty()) check_together();
        if (!error_.empty()) return Unexpected{std::move(error_)};
        return std::move(options_);
    }

 private:
    bool serving() const { return options_.action == Action::serve; }

    void subcommand()
    {
        const std::string_view word = arguments_[at_++];
        if (word == "serve") {
            options_.action = Action::serve;
        } else if (word == "explain") {
            options_.action = Action::explain;
            action_name_ = "explain";
        } else if (word == "cgi") {
            options_.action = Action::cgi_run;
            action_name_ = "cgi run";
            if (at_ == arguments_.size() || std::string_view(arguments_[at_++]) != "run")
                error_ = "\"cgi\" goes on with \"run\": ostler cgi run PATH[?QUERY]";
        } else if (find_module_command(word)) {
            options_.action = Action::command;
            options_.command = action_name_ = word;
        } else {
            error_ = cat("there is no command \"", word, '"', did_you_mean(word, subcommands()));
        }
    }

    void argument(std::string_view word)
    {
        if (only_operands_ || word.size() < 2 || word[0] != '-') return operand(word);
        if (word == "--") {
            only_operands_ = true;
        } else if (word.starts_with("--")) {
            const std::size_t equals = word.find('=');
            rest_ = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
            has_rest_ = equals != std::string_view::npos;
            option(word.substr(0, equals));
            if (has_rest_ && error_.empty())
                error_ = cat(word.substr(0, equals), " takes no value");
        } else {
            letters(word.substr(1));
        }
    }

    // -tq is -t -q; -cFILE is -c FILE.
    void letters(std::string_view word)
    {
        while (!word.empty() && error_.empty()) {
            const std::string name = cat('-', word[0]);
            rest_ = word.substr(1);
            has_rest_ = !rest_.empty();
            const Option* known = find_option(name, serving());
            option(name);
            if (known && known->value != Option::Value::none) return;  // it took the rest
            word.remove_prefix(1);
        }
        has_rest_ = false;
    }

    void operand(std::string_view word)
    {
        if (options_.action == Action::command) {
            options_.words.emplace_back(word);
            return;
        }
        if (options_.action == Action::cgi_run && options_.target.empty() && !word.empty()) {
            options_.target = word;
            return;
        }
        if (options_.action == Action::explain && take_url(word)) return;
        if (serving() && !folder_given_) {
            options_.folder = word;
            folder_given_ = true;
            if (word.empty()) error_ = "the folder to serve has an empty name";
            return;
        }
        error_ = serving() ? cat("one folder is served, \"", word, "\" is one more")
                           : cat("unexpected \"", word, '"', did_you_mean(word, subcommands()));
    }

    /// `explain [METHOD] URL`: what begins with a letter and has no colon is a method.
    bool take_url(std::string_view word)
    {
        if (!options_.url.empty() || word.empty()) return false;
        const bool is_method = !method_given_ && word.find_first_of("/:.*") == word.npos;
        (is_method ? options_.method : options_.url) = word;
        method_given_ = true;
        return true;
    }

    void option(std::string_view name)
    {
        const Option* known = find_option(name, serving());
        if (!known) return unknown_option(name);
        std::string_view value;
        if (known->value != Option::Value::none && !take_value(*known, value)) return;
        if (serving())
            apply_serve(name, value);
        else
            apply(name, value);
    }

    /// The rest of the word, or the next one.
    bool take_value(const Option& known, std::string_view& value)
    {
        const bool needed = known.value == Option::Value::needed;
        if (has_rest_) {
            value = rest_;
        } else if (at_ < arguments_.size() && (needed || arguments_[at_][0] != '-')) {
            value = arguments_[at_++];
        } else if (needed) {
            error_ = cat(known.name, " needs a value: ", known.name, ' ', known.value_name);
            return false;
        }
        has_rest_ = false;
        return true;
    }

    void unknown_option(std::string_view name)
    {
        if (find_option(name, !serving())) {
            error_ = serving() ? cat(name, " does not go with serve")
                               : cat(name, " is an option of \"ostler serve\"");
            return;
        }
        std::vector<std::string_view> names;
        for (const Option& option : known_options)
            if (option.of_serve == serving() && option.name.starts_with("--"))
                names.push_back(option.name);
        error_ = cat("there is no option ", name, name.size() > 2 ? did_you_mean(name, names) : "");
    }

    void act(Action action, std::string_view name)
    {
        if (options_.action != Action::run && options_.action != action)
            error_ = cat(action_name_, " and ", name, " exclude each other");
        options_.action = action;
        action_name_ = name;
    }

    void apply(std::string_view name, std::string_view value)
    {
        if (name == "-c") {
            options_.file = value;
            options_.file_given = true;
            if (value.empty()) error_ = "-c needs the name of a file";
        } else if (name == "-D") {
            options_.foreground = true;
        } else if (name == "-q") {
            options_.quiet = true;
        } else if (name == "--json") {
            options_.json = true;
        } else if (name == "--run-tests") {
            options_.run_tests = true;
        } else if (name == "--environment") {
            options_.environment = explaining_ = true;
        } else if (name == "--from") {
            read_client(value);
        } else if (name == "--header") {
            read_header(value);
        } else if (name == "-t") {
            act(Action::test, name);
        } else if (name == "-T") {
            act(Action::print, name);
        } else if (name == "-m") {
            act(Action::modules, name);
            options_.module = value;
        } else if (name == "-v" || name == "--version") {
            act(Action::version, name);
        } else if (name == "-V") {
            act(Action::versions, name);
        } else if (name == "-s") {
            act(Action::signal, name);
            read_signal(value);
        } else {
            act(Action::help, name);
        }
    }

    void apply_serve(std::string_view name, std::string_view value)
    {
        if (name == "--cgi")
            options_.cgi = true;
        else if (name == "--open")
            options_.open = true;
        else if (name == "--lan")
            options_.lan = true;
        else if (name == "--https")
            options_.https = true;
        else if (name == "-p" || name == "--port")
            read_port(value);
        else
            options_.action = Action::help;
    }

    void read_header(std::string_view value)
    {
        explaining_ = true;
        const std::size_t colon = value.find(':');
        if (colon == value.npos || colon == 0)
            error_ = cat("--header takes \"NAME: VALUE\", not \"", value, '"');
        else
            options_.fields.emplace_back(value.substr(0, colon), trim(value.substr(colon + 1)));
    }

    void read_signal(std::string_view value)
    {
        const auto at = std::find(signal_names.begin(), signal_names.end(), value);
        if (at == signal_names.end())
            error_ = cat("-s takes ", list_words(signal_names), ", not \"", value, '"');
        else
            options_.signal = static_cast<Options::Signal>(at - signal_names.begin());
    }

    void read_client(std::string_view value)
    {
        options_.from = value;
        explaining_ = true;
        in6_addr address;  // has room for either
        if (::inet_pton(AF_INET, options_.from.c_str(), &address) != 1 &&
            ::inet_pton(AF_INET6, options_.from.c_str(), &address) != 1)
            error_ = cat("--from takes an address such as 192.0.2.7 or 2001:db8::7, not \"", value, '"');
    }

    void read_port(std::string_view value)
    {
        const auto [end, failed] =
            std::from_chars(value.data(), value.data() + value.size(), options_.port);
        if (failed != std::errc() || end != value.data() + value.size() || options_.port < 0 ||
            options_.port > 65535)
            error_ = cat("-p takes a port from 0 to 65535, not \"", value, '"');
        options_.port_given = true;
    }

    void check_together()
    {
        const Action a = options_.action;
        const bool reads = a == Action::test || a == Action::print;
        if (a == Action::help) return;
        if (options_.https && !options_.port_given) options_.port = 8443;
        if (a == Action::cgi_run && options_.target.empty())
            error_ = "which script? ostler cgi run PATH[?QUERY]";
        else if (a == Action::explain && options_.url.empty())
            error_ = "which address? ostler explain [METHOD] URL";
        else if (explaining_ && a != Action::explain)
            error_ = "--header, --from and --environment go with explain";
        else if (options_.run_tests && a != Action::test)
            error_ = "--run-tests goes with -t";
        else if (options_.quiet && a != Action::test)
            error_ = "-q goes with -t";
        else if (options_.json && !reads && a != Action::signal && a != Action::explain &&
                 a != Action::command)
            error_ = "--json goes with -t, -T, -s status, explain and sessions";
        else if (options_.foreground && a != Action::run)
            error_ = cat("-D and ", action_name_, " exclude each other");
        else if (options_.file_given && !reads && a != Action::run && a != Action::signal &&
                 a != Action::cgi_run && a != Action::explain && a != Action::command)
            error_ = cat("-c and ", action_name_, " exclude each other");
    }

    std::span<const char* const> arguments_;
    std::size_t at_ = 0;
    Options options_;
    std::string error_;
    std::string action_name_;
    std::string_view rest_;  // what stands behind the option in the same word
    bool has_rest_ = false;
    bool only_operands_ = false;
    bool folder_given_ = false;
    bool method_given_ = false;
    bool explaining_ = false;  // an option of explain was given
};

}  // namespace

const char* default_config_file() { return OSTLER_DEFAULT_CONFIG; }

Result<Options, std::string> parse_options(int argc, const char* const* argv)
{
    const std::span all(argv, static_cast<std::size_t>(std::max(argc, 0)));
    return Parser(all.empty() ? all : all.subspan(1)).parse();
}

std::string help_text()
{
    return cat(R"(ostler - a light, strict web server

  ostler [-c FILE] [-D]        run; -D: stay in the foreground
  ostler -t [-q] [--run-tests] test the configuration; every problem, not the first
  ostler -T                    test the configuration and print what is in force
  ostler -s SIGNAL             reload, reopen, quit, stop, status or upgrade
  ostler -m [MODULE]           modules compiled in; one module's settings
  ostler -v | -V               version; with compiler, libraries and features
  ostler serve [DIR] [-p PORT] [--cgi] [--https] [--open] [--lan]
                               this folder, now, on this machine, no configuration
  ostler cgi run [-c FILE] PATH[?QUERY]
                               run a script as the server would, and show all of it
  ostler explain [-c FILE] [METHOD] URL
                               how the answer comes about: host, location, modules, file
)",
               module_command_help(), R"(
  -c FILE                      not )",
               default_config_file(), R"(
  -q                           with -t: errors only
  --run-tests                  with -t: the requests in "tests", too
  --json                       as JSON: problems with -t and -T, the state with -s status, sessions
  --header "NAME: VALUE"       with explain: a field of the request; also
  --from ADDRESS               the client's address, and
  --environment                the variables of a script
  -p PORT                      not 8080 (8443 with --https); without it the next free port is taken
  --cgi                        files in cgi-bin are scripts
  --https                      by TLS, with a certificate for localhost that is made for you
  --open                       show it in a browser
  --lan                        for other machines, too

Exit codes: 0 ok, 1 runtime, 2 usage, 78 configuration.
)");
}

}  // namespace ostler
