// fuzz_config.cc - a configuration is refused with messages, or printed and read back the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/check.h"
#include "common/base/config_tree.h"
#include "modules/table.h"
#include "server/config_load.h"

using namespace ostler;

namespace {

/// Every node was found in the text again: its name stands at its place.
void check_places(const ConfigNode& node)
{
    for (const ConfigNode& child : node.children) {
        CHECK_THAT(child.place.line > 0 && child.place.column > 0);
        CHECK_THAT(child.value_place.line > 0 && child.value_place.column > 0);
        if (!child.name.empty()) {
            const std::string_view line = child.place.file->line(child.place.line);
            const auto before = static_cast<std::size_t>(child.place.column - 1);
            CHECK_THAT(before < line.size());
            CHECK_THAT(line.substr(before).starts_with(child.name));
        }
        check_places(child);
    }
}

void check_problems(const std::vector<Problem>& problems)
{
    for (const Problem& p : problems) {
        CHECK_THAT(p.file == "fuzz.conf" && p.line >= 0 && p.column >= 0 && !p.text.empty());
        CHECK_THAT(p.source.find('\n') == std::string::npos);
        CHECK_THAT(format_problem(p).starts_with("fuzz.conf:"));
    }
    CHECK_THAT(format_problems_json(problems).ends_with("]\n"));
}

std::string print(std::string_view text, bool must_load)
{
    ConfigNode root;
    std::vector<Problem> problems;
    if (!parse_config(text, "fuzz.conf", "/nonexistent", root, problems)) {
        check_problems(problems);
        CHECK_THAT(has_errors(problems) && !must_load);
        return {};
    }
    check_places(root);
    const auto configuration = build_configuration(root, module_table(), problems);
    check_problems(problems);
    CHECK_THAT((configuration == nullptr) == has_errors(problems));
    CHECK_THAT(configuration || !must_load);
    return configuration ? configuration->print() : std::string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.find("@include") != text.npos) return 0;  // the disk is not part of the input
    const std::string once = print(text, false);
    if (!once.empty()) CHECK_THAT(print(once, true) == once);
    return 0;
}
