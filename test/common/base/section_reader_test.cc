// section_reader_test.cc - settings read from a group, and what is said about wrong ones.
#include "common/base/section_reader.h"

#include <doctest/doctest.h>

#include "test/support/settings.h"

using namespace ostler;
using namespace ostler::test;

namespace {

constexpr WrongConfig rows[] = {
    {"an unknown setting near a known one", R"~(indx = "a";
)~",
     R"~(test.conf:1:1: error: unknown setting "indx" in "files"; did you mean "index"?
indx = "a";
^
)~"},
    {"an unknown setting near none", R"~(frobnicate = 1;
)~",
     R"~(test.conf:1:1: error: unknown setting "frobnicate" in "files"
frobnicate = 1;
^
)~"},
    {"an unknown setting in a list of groups", R"~(limits = ( { nmae = "a"; } );
)~",
     R"~(test.conf:1:12: error: "name" in "limits": is needed: who is limited
limits = ( { nmae = "a"; } );
           ^
test.conf:1:14: error: unknown setting "nmae" in "limits"; did you mean "name"?
limits = ( { nmae = "a"; } );
             ^
)~"},
    {"a string for a number", R"~(depth = "2";
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a whole number, not "2"
depth = "2";
        ^
)~"},
    {"a fraction for a number", R"~(depth = 1.5;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a whole number, not 1.5
depth = 1.5;
        ^
)~"},
    {"a number above the range", R"~(depth = 11;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a number from 0 to 10, not 11
depth = 11;
        ^
)~"},
    {"a number below the range", R"~(depth = -1;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a number from 0 to 10, not -1
depth = -1;
        ^
)~"},
    {"a number that 32 bits do not hold", R"~(depth = 4294967297;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a number from 0 to 10, not 4294967297
depth = 4294967297;
        ^
)~"},
    {"a number that 64 bits do not hold", R"~(depth = 99999999999999999999;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a number from 0 to 10, not 99999999999999999999
depth = 99999999999999999999;
        ^
)~"},
    {"a hexadecimal number that 32 bits do not hold", R"~(depth = 0xFFFFFFFF;
)~",
     R"~(test.conf:1:9: error: "depth" in "files" must be a number from 0 to 10, not 0xFFFFFFFF
depth = 0xFFFFFFFF;
        ^
)~"},
    {"a number below the least of an open range", R"~(limits = ( { name = "a"; most = 0; } );
)~",
     R"~(test.conf:1:33: error: "most" in "limits" must be a number of at least 1, not 0
limits = ( { name = "a"; most = 0; } );
                                ^
)~"},
    {"a number above what an int holds", R"~(limits = ( { name = "a"; most = 3000000000; } );
)~",
     R"~(test.conf:1:33: error: "most" in "limits" must be a number from 1 to 2147483647, not 3000000000
limits = ( { name = "a"; most = 3000000000; } );
                                ^
)~"},
    {"a string for a switch", R"~(hidden = "true";
)~",
     R"~(test.conf:1:10: error: "hidden" in "files" must be true or false, not "true"
hidden = "true";
         ^
)~"},
    {"a number for a switch", R"~(hidden = 1;
)~",
     R"~(test.conf:1:10: error: "hidden" in "files" must be true or false, not 1
hidden = 1;
         ^
)~"},
    {"a number for a path", R"~(root = 1;
)~",
     R"~(test.conf:1:8: error: "root" in "files" must be a path in double quotes, not 1
root = 1;
       ^
)~"},
    {"a group for a path", R"~(root: { path = "/"; };
)~",
     R"~(test.conf:1:7: error: "root" in "files" must be a path in double quotes, not a group
root: { path = "/"; };
      ^
)~"},
    {"numbers for a list of strings", R"~(index = [ 1, 2 ];
)~",
     R"~(test.conf:1:9: error: "index" in "files" must be a list of strings such as [ "a", "b" ], not [ 1, 2 ]
index = [ 1, 2 ];
        ^
)~"},
    {"a group for a list of strings", R"~(index: { a = 1; };
)~",
     R"~(test.conf:1:8: error: "index" in "files" must be a list of strings such as [ "a", "b" ], not a group
index: { a = 1; };
       ^
)~"},
    {"a bare number for a time", R"~(age = 30;
)~",
     R"~(test.conf:1:7: error: "age" in "files" must be a time with its unit, such as "30s" (ms, s, m, h or d), not 30
age = 30;
      ^
)~"},
    {"an unknown unit of time", R"~(age = "30 seconds";
)~",
     R"~(test.conf:1:7: error: "age" in "files" must be a time such as "30s" (units: ms, s, m, h or d), not "30 seconds"
age = "30 seconds";
      ^
)~"},
    {"a time without a unit", R"~(age = "30";
)~",
     R"~(test.conf:1:7: error: "age" in "files" must be a time such as "30s" (units: ms, s, m, h or d), not "30"
age = "30";
      ^
)~"},
    {"a switch for a time", R"~(age = true;
)~",
     R"~(test.conf:1:7: error: "age" in "files" must be a time such as "30s" (units: ms, s, m, h or d), not true
age = true;
      ^
)~"},
    {"a time out of range", R"~(age = "2h";
)~",
     R"~(test.conf:1:7: error: "age" in "files" must be a time from "1s" to "1h", not "2h"
age = "2h";
      ^
)~"},
    {"a bare number for a size", R"~(cache = 10485760;
)~",
     R"~(test.conf:1:9: error: "cache" in "files" must be a size in quotes, such as "10M" (units: k, M, G or T), not 10485760
cache = 10485760;
        ^
)~"},
    {"a negative number for a size", R"~(cache = -1;
)~",
     R"~(test.conf:1:9: error: "cache" in "files" must be a size such as "10M" (units: k, M, G or T), not -1
cache = -1;
        ^
)~"},
    {"an unknown unit of size", R"~(cache = "10MB";
)~",
     R"~(test.conf:1:9: error: "cache" in "files" must be a size such as "10M" (units: k, M, G or T), not "10MB"
cache = "10MB";
        ^
)~"},
    {"a size that 63 bits do not hold", R"~(cache = "9999999999G";
)~",
     R"~(test.conf:1:9: error: "cache" in "files" must be a size such as "10M" (units: k, M, G or T), not "9999999999G"
cache = "9999999999G";
        ^
)~"},
    {"a size out of range", R"~(cache = "1";
)~",
     R"~(test.conf:1:9: error: "cache" in "files" must be a size from "1k" to "1G", not "1"
cache = "1";
        ^
)~"},
    {"a word that is not allowed", R"~(links = "insde";
)~",
     R"~(test.conf:1:9: error: "links" in "files" must be "same-owner", "inside" or "never", not "insde"
links = "insde";
        ^
)~"},
    {"a number for a word", R"~(links = 1;
)~",
     R"~(test.conf:1:9: error: "links" in "files" must be "same-owner", "inside" or "never", not 1
links = 1;
        ^
)~"},
    {"a number for a log target", R"~(log = 3;
)~",
     R"~(test.conf:1:7: error: "log" in "files" must be a path, "stderr", "stdout", "syslog" or "off", not 3
log = 3;
      ^
)~"},
    {"a number in a group of strings", R"~(types: { txt = 1; html = "text/html"; css = true; };
)~",
     R"~(test.conf:1:16: error: "txt" in "types" must be a string in double quotes, not 1
types: { txt = 1; html = "text/html"; css = true; };
               ^
test.conf:1:45: error: "css" in "types" must be a string in double quotes, not true
types: { txt = 1; html = "text/html"; css = true; };
                                            ^
)~"},
    {"a string for a group of strings", R"~(types = "text/plain";
)~",
     R"~(test.conf:1:9: error: "types" in "files" must be a group of strings such as { name = "value"; }, not "text/plain"
types = "text/plain";
        ^
)~"},
    {"a group for a list of groups", R"~(limits: { name = "a"; };
)~",
     R"~(test.conf:1:9: error: "limits" in "files" must be a list of groups such as ( { ... }, { ... } ), not a group
limits: { name = "a"; };
        ^
)~"},
    {"a string in a list of groups", R"~(limits = ( { name = "a"; }, "b" );
)~",
     R"~(test.conf:1:29: error: every element of "limits" must be a group { ... }, not "b"
limits = ( { name = "a"; }, "b" );
                            ^
)~"},
    {"an array for a list of groups", R"~(limits = [ "a" ];
)~",
     R"~(test.conf:1:10: error: "limits" in "files" must be a list of groups such as ( { ... }, { ... } ), not [ "a" ]
limits = [ "a" ];
         ^
)~"},
    {"a setting that a group needs", R"~(limits = ( { most = 1; } );
)~",
     R"~(test.conf:1:12: error: "name" in "limits": is needed: who is limited
limits = ( { most = 1; } );
           ^
)~"},
    {"a setting that a group needs, of the wrong type: told once", R"~(limits = ( { name = 1; } );
)~",
     R"~(test.conf:1:21: error: "name" in "limits" must be a string in double quotes, not 1
limits = ( { name = 1; } );
                    ^
)~"},
    {"a value the module refuses", R"~(root = "/srv/secret";
)~",
     R"~(test.conf:1:8: error: "root" in "files": must not be secret
root = "/srv/secret";
       ^
)~"},
    {"a value the module warns of", R"~(root = "missing";
)~",
     R"~(test.conf:1:8: warning: "root" in "files": no such folder
root = "missing";
       ^
)~"},
    {"a long string is cut in the message",
     R"~(hidden = "a string that is so long that nobody wants to read it twice, once should do";
)~",
     R"~(test.conf:1:10: error: "hidden" in "files" must be true or false, not "a string that is so long that nobody wants to read it twice, onc..."
hidden = "a string that is so long that nobody wants to read it twice, once should do";
         ^
)~"},
};

}  // namespace

TEST_CASE("a wrong setting is told with its place and what would be right, and changes nothing")
{
    const FilesConf untouched;
    for (const WrongConfig& row : rows) {
        CAPTURE(std::string(row.fact));
        FilesConf c;
        CHECK(read_settings(row.text, [&](Section& s) { configure_files(c, s); }) == row.messages);
        CHECK(c.depth == untouched.depth);
        CHECK(c.age == untouched.age);
        CHECK(c.cache.count == untouched.cache.count);
        CHECK(c.index == untouched.index);
        CHECK(c.types == untouched.types);
    }
}

TEST_CASE("every kind of setting is read")
{
    FilesConf c;
    ConfigNode record;
    CHECK(read_settings(R"(
root = "sub/dir"; index = ( "a", "b" ); hidden = TRUE; depth = 0x0a; age = "90s"; cache = "64k";
links = "never"; types: { a = "1"; b = "2"; }; log = "log/x.log";
limits = ( { name = "x"; most = +7; }, { name = "y"; } );
)",
                        [&](Section& s) { configure_files(c, s); }, &record) == "");
    CHECK(c.root == "/etc/ostler/sub/dir");
    CHECK(c.index == std::vector<std::string>{"a", "b"});
    CHECK(c.hidden);
    CHECK(c.depth == 10);
    CHECK(c.age == std::chrono::seconds(90));
    CHECK(c.cache.count == 65536);
    CHECK(c.links == 2);
    CHECK(c.types == std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}});
    CHECK(c.log == "/etc/ostler/log/x.log");
    CHECK(c.limits == std::vector<std::pair<std::string, int>>{{"x", 7}, {"y", 4}});

    const std::string in_force = R"(root = "/etc/ostler/sub/dir";
index = [ "a", "b" ];
hidden = true;
depth = 10;
age = "90s";
cache = "64k";
links = "never";
types: {
    a = "1";
    b = "2";
};
log = "/etc/ostler/log/x.log";
limits = ( {
    name = "x";
    most = 7;
}, {
    name = "y";
    most = 4;
} );
)";
    CHECK(write_config(record) == in_force);
    // What is in force is a configuration that leads to the same.
    FilesConf again;
    ConfigNode second;
    CHECK(read_settings(
              in_force, [&](Section& s) { configure_files(again, s); }, &second) == "");
    CHECK(write_config(second) == in_force);
}

TEST_CASE("what is not mentioned stays as it was, and is written down as well")
{
    FilesConf c;
    c.depth = 7;
    ConfigNode record;
    CHECK(read_settings(
              "hidden = true;", [&](Section& s) { configure_files(c, s); }, &record) == "");
    CHECK(c.depth == 7);
    CHECK(c.root == "/var/www");
    REQUIRE(record.find("depth"));
    CHECK(record.find("depth")->integer == 7);
}

TEST_CASE("a path starts at the folder of its file; log targets that are words stay")
{
    const std::pair<const char*, const char*> rows_of_paths[] = {
        {"/srv", "/srv"},
        {"srv", "/etc/ostler/srv"},
        {"./srv", "/etc/ostler/srv"},
        {".", "/etc/ostler"},
        {"", ""},
        {"../x", "/etc/ostler/../x"},
        {"stderr", "/etc/ostler/stderr"},
    };
    for (const auto& [written, path] : rows_of_paths) {
        FilesConf c;
        read_settings(std::string("root = \"") + written + "\";",
                      [&](Section& s) { configure_files(c, s); });
        CHECK(c.root == path);
    }
    for (const std::string word : {"stderr", "stdout", "off", "syslog", "syslog:daemon"}) {
        FilesConf c;
        read_settings("log = \"" + word + "\";", [&](Section& s) { configure_files(c, s); });
        CHECK(c.log == word);
    }
}
