// module_command.cc - a configuration, the rights of a worker, and a module's own command.
#include "server/module_command.h"

#include <cstdio>

#include "common/base/log_sink.h"
#include "common/base/text.h"
#include "modules/table.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/privileges.h"

namespace ostler {

const Module* find_module_command(std::string_view word)
{
    for (const Module* module : module_table())
        if (module->command && module->command->word == word) return module;
    return nullptr;
}

std::vector<std::string_view> module_command_words()
{
    std::vector<std::string_view> words;
    for (const Module* module : module_table())
        if (module->command) words.push_back(module->command->word);
    return words;
}

std::string module_command_help()
{
    std::string help;
    for (const Module* module : module_table())
        if (const ModuleCommand* c = module->command)
            append(help, "  ostler ", c->word, " [-c FILE] [--json] ", c->usage, '\n',
                   "                               ", c->about, '\n');
    return help;
}

int run_module_command(const Options& options)
{
    const Module* module = find_module_command(options.command);
    std::vector<Problem> problems;
    const auto configuration = load_configuration(options.file, problems);
    if (!configuration) {
        print_problems(problems);
        return exit_config;
    }
    // Files it makes are the workers' then, and it may do no more than they.
    Identity identity;
    std::string error;
    if (!find_identity(configuration->server, identity, error) ||
        (identity.change && !drop_privileges(identity, error))) {
        std::fprintf(stderr, "ostler: %s\n", error.c_str());
        return exit_runtime;
    }
    const std::vector<const void*> confs = configuration->confs_of(*module);
    const int status = module->command->run(confs, options.words, options.json);
    std::fflush(stdout);
    LogSink::flush_all();
    return status;
}

}  // namespace ostler
