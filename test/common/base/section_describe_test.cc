// section_describe_test.cc - which settings there are.
#include "common/base/section_describe.h"

#include <doctest/doctest.h>

#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

TEST_CASE("every setting is noted with type, default and range, and none is changed")
{
    FilesConf c;
    SectionDescriber describer;
    configure_files(c, describer);
    const struct {
        const char *key, *type, *default_value, *range, *about;
    } rows[] = {
        {"root", "path", "\"/var/www\"", "", "folder of the files"},
        {"index", "list of strings", "[ \"index.html\" ]", "", "names to try"},
        {"hidden", "true or false", "false", "", "dot files, too"},
        {"depth", "number", "3", "0 to 10", "levels"},
        {"age", "time", "\"30s\"", "\"1s\" to \"1h\"", "how old"},
        {"cache", "size", "\"1M\"", "\"1k\" to \"1G\"", "how much"},
        {"links", "choice", "\"same-owner\"", "\"same-owner\", \"inside\" or \"never\"",
         "which links"},
        {"types", "group of strings", "{ txt = \"text/plain\"; }", "", "types"},
        {"log", "log target", "\"off\"", "", "where"},
        {"limits", "list of groups", "", "", "limits"},
    };
    const auto& settings = describer.settings();
    REQUIRE(settings.size() == std::size(rows));
    for (std::size_t i = 0; i < settings.size(); ++i) {
        CHECK(settings[i].key == rows[i].key);
        CHECK(settings[i].type == rows[i].type);
        CHECK(settings[i].default_value == rows[i].default_value);
        CHECK(settings[i].range == rows[i].range);
        CHECK(settings[i].about == rows[i].about);
    }
    REQUIRE(settings.back().members.size() == 2);
    CHECK(settings.back().members[1].key == "most");
    CHECK(settings.back().members[1].range == "1 or more");
    CHECK(c.limits.empty());
    CHECK(c.root == "/var/www");
}
