// module.h - the contract between the server and its modules.
//
// A module is one constant: a name, a configuration, and the hooks it fills in.
// Empty hooks cost nothing; a module that is off in a location is not in its pipeline.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ostler {

class Exchange;
class Loop;
class Metric;
class Section;

/// What a hook tells the server.
enum class Step : unsigned char {
    next,     ///< not mine: ask the next hook
    done,     ///< the response is decided: run the response hooks
    wait,     ///< not yet: Exchange::resume() will say which of the others it is
    reroute,  ///< the path changed: find host and location again
};

/// Request hooks may say any Step.
using RequestHook = Step (*)(Exchange&, const void* conf);
/// Response hooks say `next` or `wait` (then resume(Step::next)): a session is saved before
/// the head leaves, and its store may be on the network.
using ResponseHook = Step (*)(Exchange&, const void* conf);
using LogHook = void (*)(const Exchange&, const void* conf);

/// Configuration of a module in one scope (server, host or location).
struct ConfHooks {
    /// A copy of the enclosing scope's Conf, or a default one when `outer` is null.
    std::shared_ptr<void> (*inherit)(const void* outer) = nullptr;
    /// Overwrites what this scope mentions.
    void (*read)(void* conf, Section&) = nullptr;
};

/// Who the workers will be, for files that are made for them while we are somebody else.
struct RunAs {
    bool change = false;  ///< we are root and they will not be
    uid_t uid = 0;
    gid_t gid = 0;
};

/// A folder of the file system that stands for a part of the URL space.
struct FileRoot {
    std::string_view folder;  ///< absolute, without a final '/'
    std::string_view prefix;  ///< URL path; what follows it is the path below `folder`
};

/// A command of a module's own: `ostler WORD …`.
struct ModuleCommand {
    std::string_view word;
    std::string_view usage;   ///< what stands behind the word: "list | show ID"
    std::string_view about;   ///< a phrase for -h
    /// As the user of the workers, without any hook called before.  `confs` are those of all scopes
    /// where the module is on.  Returns 0, 1 when it failed, 2 when `words` make no sense; says why.
    int (*run)(std::span<const void* const> confs, std::span<const std::string> words, bool json);
};

struct Module {
    std::string_view name;                        ///< key in the file, prefix in the log
    std::string_view about;                       ///< one sentence, shown by -m
    std::span<const std::string_view> needs = {}; ///< modules that must be on as well
    bool on_by_default = true;                    ///< when `modules` does not name it

    /// What it sends must not be read on the way: -t warns where it is on and TLS is not.
    bool wants_tls = false;

    ConfHooks config = {};
    /// In the master, once a configuration is accepted, before privileges drop and before the
    /// fork: opens what needs them (log files).  False: the reason was logged, do not start.
    bool (*open)(void* conf, const RunAs&) = nullptr;
    /// In each worker, before the first request; once for every scope's Conf.
    void (*start)(void* conf, Loop&) = nullptr;

    /// For modules that map paths to files: where those of a scope are, for modules that run or
    /// list them.
    FileRoot (*files)(const void* conf) = nullptr;

    /// Numbers it counts (common/base/board.h), for whoever watches the server.
    std::span<const Metric* const> metrics = {};
    /// Null: none.
    const ModuleCommand* command = nullptr;

    // Request hooks, in the order the phases run.
    RequestHook rewrite = nullptr;   ///< change the path, or redirect
    RequestHook prepare = nullptr;   ///< load what later hooks ask for (session)
    RequestHook access = nullptr;    ///< refuse
    RequestHook content = nullptr;   ///< answer

    // Response hooks.
    ResponseHook response = nullptr; ///< edit the head, wrap response.body
    LogHook log = nullptr;           ///< after the last byte; read only
};

// --- typed hooks ------------------------------------------------------------------
// A module writes `Step content(Exchange&, const Conf&)` and registers `on<content>`:
// the cast between `const void*` and `const Conf&` lives here and nowhere else.

namespace detail {
template <auto F> struct Typed;
template <class R, class X, class Conf, R (*F)(X&, const Conf&)> struct Typed<F> {
    static R call(X& x, const void* conf) { return F(x, *static_cast<const Conf*>(conf)); }
};
template <class Conf, FileRoot (*F)(const Conf&)> struct Typed<F> {
    static FileRoot call(const void* conf) { return F(*static_cast<const Conf*>(conf)); }
};
template <class Conf, void (*F)(Conf&, Section&)> struct Typed<F> {
    static std::shared_ptr<void> inherit(const void* outer)
    {
        return outer ? std::make_shared<Conf>(*static_cast<const Conf*>(outer))
                     : std::make_shared<Conf>();
    }
    static void read(void* conf, Section& s) { F(*static_cast<Conf*>(conf), s); }
};
template <class Conf, void (*F)(Conf&, Loop&)> struct Typed<F> {
    static void call(void* conf, Loop& loop) { F(*static_cast<Conf*>(conf), loop); }
};
template <class Conf, bool (*F)(Conf&)> struct Typed<F> {
    static bool call(void* conf, const RunAs&) { return F(*static_cast<Conf*>(conf)); }
};
template <class Conf, bool (*F)(Conf&, RunAs)> struct Typed<F> {
    static bool call(void* conf, const RunAs& who) { return F(*static_cast<Conf*>(conf), who); }
};
}  // namespace detail

template <auto F> inline constexpr auto on = &detail::Typed<F>::call;
template <auto F>
inline constexpr ConfHooks conf = {&detail::Typed<F>::inherit, &detail::Typed<F>::read};

}  // namespace ostler
