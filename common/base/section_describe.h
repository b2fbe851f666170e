// section_describe.h - a Section that learns which settings there are.
//
// Nothing is read: each get() notes key, type, range and, as the default, the value before the
// call.  `-m`, the hints of "did you mean" and the manual page are made from the notes.
#pragma once

#include <string>
#include <vector>

#include "common/base/config_tree.h"
#include "common/base/section.h"

namespace ostler {

/// One setting as the manual shows it.
struct SettingInfo {
    std::string key;
    std::string type;           ///< "number", "size", "time", "true or false", "path", …
    std::string default_value;  ///< as written in a file; empty for a list of groups
    std::string range;          ///< "0 to 1024", `"a", "b" or "c"`; empty: any
    std::string about;
    std::vector<SettingInfo> members;  ///< of the groups in a list of groups
};

class SectionDescriber final : public Section {
 public:
    const std::vector<SettingInfo>& settings() const { return settings_; }

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
    std::string_view scope_path() const override { return "/"; }
    void error(const char*, std::string_view) override {}
    void warn(const char*, std::string_view) override {}

 private:
    SettingInfo& note(const char* key, const char* type, const ConfigNode& value,
                      const char* about);

    std::vector<SettingInfo> settings_;
};

}  // namespace ostler
