// section.h - one group of the configuration file, read setting by setting.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ostler {

/// A size in bytes; written "512", "16k", "10M", "2G" in the file (powers of 1024).
struct Bytes {
    std::uint64_t count = 0;
};

/// What paths of the file system are for: `ostler -t` looks whether they are fit for that.
enum class PathUse : unsigned char {
    served,   ///< a folder whose files are read
    scripts,  ///< a folder of programs, which those who run them must not be able to change
    written,  ///< a folder in which files are made
    one_of,   ///< files, one of which should be there
    program,  ///< a file that is run
    holder,   ///< the folder of a file that is made before privileges drop: it has to be there
};

/// Reads settings out of one group of the configuration.
///
/// get() leaves `value` untouched and returns false when the key is absent or unusable, so a
/// Conf that starts as a copy of the enclosing scope's Conf inherits by itself.  Wrong types,
/// values out of range and keys nobody asked for are collected and reported together, each
/// with file, line and column; configure() need not check them.
/// `about` is what `-m` prints and the manual page is made from: a phrase, lower case.
class Section {
 public:
    virtual ~Section() = default;

    virtual bool get(const char* key, bool& value, const char* about) = 0;
    /// Reports a number outside [min, max].
    virtual bool get(const char* key, int& value, const char* about, int min, int max) = 0;
    virtual bool get(const char* key, std::string& value, const char* about) = 0;
    virtual bool get(const char* key, std::vector<std::string>& value, const char* about) = 0;
    /// Written "250ms", "30s", "5m", "2h", "7d".
    virtual bool get(const char* key, std::chrono::milliseconds& value, const char* about,
                     std::chrono::milliseconds min = std::chrono::milliseconds(0),
                     std::chrono::milliseconds max = std::chrono::hours(24 * 366)) = 0;
    virtual bool get(const char* key, Bytes& value, const char* about,
                     Bytes min = Bytes{0}, Bytes max = Bytes{std::uint64_t{1} << 62}) = 0;
    /// One word out of `allowed`; `value` becomes its index.
    virtual bool get_choice(const char* key, std::size_t& value,
                            std::span<const std::string_view> allowed, const char* about) = 0;
    /// A path of the file system, made absolute: a relative one starts at the folder of the
    /// file it is written in.  Whether it exists is not checked.
    virtual bool get_path(const char* key, std::string& value, const char* about) = 0;
    /// Where log lines go: "stdout", "stderr", "syslog", "syslog:FACILITY" and "off" stay as they
    /// are, anything else is a path as in get_path().
    virtual bool get_log_target(const char* key, std::string& value, const char* about)
    {
        return get_path(key, value, about);
    }
    /// A group of free keys with string values: `{ php = "/usr/bin/php-cgi"; py = "..."; }`.
    /// Replaces `value`.
    virtual bool get_map(const char* key,
                         std::vector<std::pair<std::string, std::string>>& value,
                         const char* about) = 0;
    /// A list of groups: calls `read` once for each.  `read` must ask for the same keys
    /// whatever their values are: the manual is made by calling it once on an empty group.
    virtual bool get_groups(const char* key, const char* about,
                            const std::function<void(Section&)>& read) = 0;

    /// Says what the paths that `key` leads to are for; there may be none.  They are not looked at
    /// here: only -t does that, as the user the workers run as.
    virtual void use_paths(const char* /*key*/, std::vector<std::string> /*paths*/, PathUse /*use*/)
    {
    }

    /// The URL path prefix of the scope being read: "/" in the server and host scopes, the
    /// location's path in a location.  Ends in '/' unless the location's does not.
    virtual std::string_view scope_path() const = 0;

    /// Reports that the value of `key` is unusable; `why` says what would be right.
    virtual void error(const char* key, std::string_view why) = 0;
    /// Reports something the operator should know; does not keep the server from starting.
    virtual void warn(const char* key, std::string_view why) = 0;
};

}  // namespace ostler
