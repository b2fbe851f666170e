// section_reader.h - a Section over one group of a parsed configuration.
//
// Every get() both reads and writes down: what is in force can be printed afterwards without
// asking anybody again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section.h"

namespace ostler {

/// Paths that a setting leads to, and what they are for.
struct UsedPaths {
    SourcePlace place;   ///< of the setting's value
    std::string title;   ///< `"static"`
    std::string key;
    std::vector<std::string> paths;
    PathUse use = PathUse::served;
};

class SectionReader final : public Section {
 public:
    /// What a reader is told beside its group.
    struct Context {
        std::vector<Problem>& problems;
        /// In messages, after "in ": `"static"`, `host "example.org"`.
        std::string title;
        /// Where problems go when there is no group to point at.
        SourcePlace place;
        std::string scope_path = "/";
        /// Gets a member for every setting read: its value in force.  May be null.
        ConfigNode* record = nullptr;
        /// Also those that the group does not mention.
        bool record_defaults = false;
        /// What to add to the message about an unknown setting that is near to none of this
        /// group's: `; did you mean "root" in "static"?` or nothing.  May be null.
        const std::function<std::string(std::string_view key)>* elsewhere = nullptr;
        /// Gets what use_paths() says of settings that the group mentions.  May be null.
        std::vector<UsedPaths>* paths = nullptr;
    };

    /// `group` may be null: nothing is mentioned.  Both must outlive the reader.
    SectionReader(const ConfigNode* group, Context context)
        : group_(group), context_(std::move(context))
    {
    }

    bool get(const char* key, bool& value, const char* about) override;
    bool get(const char* key, int& value, const char* about, int min, int max) override;
    bool get(const char* key, std::string& value, const char* about) override;
    bool get(const char* key, std::vector<std::string>& value, const char* about) override;
    bool get(const char* key, std::chrono::milliseconds& value, const char* about,
             std::chrono::milliseconds min, std::chrono::milliseconds max) override;
    bool get(const char* key, Bytes& value, const char* about, Bytes min, Bytes max) override;
    bool get_choice(const char* key, std::size_t& value, std::span<const std::string_view> allowed,
                    const char* about) override;
    bool get_path(const char* key, std::string& value, const char* about) override;
    bool get_log_target(const char* key, std::string& value, const char* about) override;
    bool get_map(const char* key, std::vector<std::pair<std::string, std::string>>& value,
                 const char* about) override;
    bool get_groups(const char* key, const char* about,
                    const std::function<void(Section&)>& read) override;
    void use_paths(const char* key, std::vector<std::string> paths, PathUse use) override;
    std::string_view scope_path() const override { return context_.scope_path; }
    void error(const char* key, std::string_view why) override;
    void warn(const char* key, std::string_view why) override;

    // --- for those who read whole scopes ------------------------------------------------

    /// The member, which counts as asked for; null when it is not mentioned.
    const ConfigNode* take(std::string_view key);
    /// The same, reported and null when it is not a group.
    const ConfigNode* take_group(std::string_view key);
    /// The same, reported and null when it is not a list of groups.
    const ConfigNode* take_groups(std::string_view key);

    /// The members nobody asked for.
    std::vector<const ConfigNode*> unknown() const;
    /// Reports them, each with the nearest of the settings that were asked for.
    void report_unknown() const;
    /// Everything that was asked for, mentioned or not.
    const std::vector<std::string>& asked() const { return asked_; }

 private:
    void must_be(const ConfigNode& node, std::string_view what);
    void report(Problem::Severity severity, const char* key, std::string_view why);
    const ConfigNode* take_string(const char* key, std::string_view what);
    void record(ConfigNode node, const ConfigNode* mentioned);
    bool usable_time(const ConfigNode& node, std::chrono::milliseconds& value,
                     std::chrono::milliseconds min, std::chrono::milliseconds max);
    bool usable_size(const ConfigNode& node, Bytes& value, Bytes min, Bytes max);
    bool read_map(const ConfigNode& node, std::vector<std::pair<std::string, std::string>>& value);
    bool strings_of(const ConfigNode& node, std::vector<std::string>& values) const;

    const ConfigNode* group_;
    Context context_;
    std::vector<std::string> asked_;
    std::vector<std::string> unusable_;  // keys whose value was refused
};

/// `"key" in TITLE must be WHAT, not VALUE`, at the value.
Problem must_be_problem(const ConfigNode& node, std::string_view title, std::string_view what);

/// `in "static"`, `at the top level` when the title is empty.
std::string in_title(std::string_view title);

}  // namespace ostler
