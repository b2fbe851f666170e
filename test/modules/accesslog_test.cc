// accesslog_test.cc - the module: its settings, what gets a line, where the line goes.
#include "modules/accesslog.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <map>
#include <string>

#include "common/base/log_sink.h"
#include "test/modules/accesslog_sample.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace ostler {
extern const Module accesslog_module;
}

namespace {

/// Settings as the module asks for them; what it complains about is kept.
class FakeSection final : public Section {
 public:
    std::map<std::string, std::string> texts;
    std::map<std::string, std::vector<std::string>> lists;
    std::vector<std::string> errors;

    bool get(const char* key, std::string& value, const char*) override
    {
        if (!texts.count(key)) return false;
        value = texts[key];
        return true;
    }
    bool get_log_target(const char* key, std::string& value, const char*) override
    {
        if (!texts.count(key)) return false;
        const std::string& text = texts[key];
        value = LogSink::is_path(text) && !text.starts_with('/') ? "/" + text : text;
        return true;
    }
    bool get_path(const char*, std::string&, const char*) override { return false; }
    bool get(const char* key, std::vector<std::string>& value, const char*) override
    {
        if (!lists.count(key)) return false;
        value = lists[key];
        return true;
    }
    void error(const char* key, std::string_view why) override
    {
        errors.push_back(cat(key, ": ", why));
    }
    void warn(const char*, std::string_view) override {}
    std::string_view scope_path() const override { return "/"; }

    bool get(const char*, bool&, const char*) override { return false; }
    bool get(const char*, int&, const char*, int, int) override { return false; }
    bool get(const char*, std::chrono::milliseconds&, const char*, std::chrono::milliseconds,
             std::chrono::milliseconds) override
    {
        return false;
    }
    bool get(const char*, Bytes&, const char*, Bytes, Bytes) override { return false; }
    bool get_choice(const char*, std::size_t&, std::span<const std::string_view>,
                    const char*) override
    {
        return false;
    }
    bool get_map(const char*, std::vector<std::pair<std::string, std::string>>&,
                 const char*) override
    {
        return false;
    }
    bool get_groups(const char*, const char*, const std::function<void(Section&)>&) override
    {
        return false;
    }
};

/// A request that is over, in a site that has nothing but this log.
struct Logged : Sample {
    Logged() : Sample({&accesslog_module}) {}
    AccesslogConf& conf() { return site.conf<AccesslogConf>(); }
    void configure(FakeSection& section)
    {
        site.read(section);
        CHECK(section.errors.empty());
    }
    bool open() { return accesslog_module.open(&conf(), {}); }
    std::string log(const Scratch& folder, const std::string& name)
    {
        x.finish();
        LogSink::flush_all();
        return folder.read(name);
    }
};

}  // namespace

TEST_CASE("without a setting there is no log")
{
    Logged s;
    CHECK(s.open());
    CHECK(s.conf().sink == nullptr);
    s.x.finish();
}

TEST_CASE("a file gets one combined line a request")
{
    Scratch folder;
    Logged s;
    FakeSection section;
    section.texts["file"] = folder.path("access.log");
    s.configure(section);
    REQUIRE(s.open());
    CHECK(s.log(folder, "access.log") ==
          "203.0.113.5 - - [22/Nov/2026:17:03:09 +0100] \"GET /x?y=1 HTTP/1.1\" 200 512 \"ref\" "
          "\"ua\"\n");
    CHECK(lines_of(s.log(folder, "access.log")).size() == 2);
}

TEST_CASE("an inner scope changes what it mentions and keeps the rest")
{
    Scratch folder;
    Logged s;
    FakeSection outer, inner;
    outer.texts["file"] = folder.path("outer.log");
    outer.texts["format"] = "%>s";
    outer.lists["skip"] = {"/health"};
    s.configure(outer);
    const auto conf = accesslog_module.config.inherit(&s.conf());
    inner.texts["file"] = folder.path("inner.log");
    accesslog_module.config.read(conf.get(), inner);
    const auto& made = *static_cast<AccesslogConf*>(conf.get());
    CHECK(made.file == folder.path("inner.log"));
    CHECK(made.format == "%>s");
    CHECK(made.skip.paths.size() == 1);
    CHECK(s.conf().file == folder.path("outer.log"));
}

TEST_CASE("where lines can go")
{
    struct Row {
        const char *setting, *file, *error;
    };
    const Row rows[] = {
        {"logs/a", "/logs/a", ""},
        {"stdout", "stdout", ""},
        {"syslog", "syslog", ""},
        {"syslog:local0", "syslog:local0", ""},
        {"off", "off", ""},
        {"syslog:nobody", "off", "file: unknown syslog facility \"nobody\""},
        {"", "off", "file: is a directory"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.setting);
        AccesslogConf conf;
        FakeSection section;
        section.texts["file"] = row.setting;
        accesslog_module.config.read(&conf, section);
        CHECK(conf.file == row.file);
        CHECK(section.errors ==
              (*row.error ? std::vector<std::string>{row.error} : std::vector<std::string>{}));
    }
}

TEST_CASE("mistakes in format and skip are the operator's to see before anything starts")
{
    AccesslogConf conf;
    FakeSection section;
    section.texts["format"] = "%h %z";
    section.lists["skip"] = {"/ok", "304", "2xx", "html", "999", "6xx", "20x", ""};
    accesslog_module.config.read(&conf, section);
    REQUIRE(section.errors.size() == 6);
    CHECK(section.errors[0] == "format: column 4 of the format: unknown directive %z");
    CHECK(section.errors[1] == "skip: \"html\" is neither a path, which starts with /, nor a "
                               "status like 304 or 2xx");
    CHECK(conf.skip.paths == std::vector<std::string>{"/ok"});
    CHECK(conf.skip.statuses == std::vector<int>{304, 2});
}

TEST_CASE("a log that cannot be opened keeps the server from starting")
{
    Logged s;
    s.conf().file = "/nonexistent/folder/a.log";
    CHECK_FALSE(s.open());
}

TEST_CASE("requests to skip get no line: by path prefix, status and class of status")
{
    struct Row {
        std::vector<std::string> skip;
        const char* path;
        Code status;
        bool is_logged;
    };
    const Row rows[] = {
        {{}, "/x", Code::ok, true},
        {{"/health"}, "/x", Code::ok, true},
        {{"/health"}, "/health", Code::ok, false},
        {{"/health"}, "/health/db", Code::ok, false},
        {{"304"}, "/x", Code::not_modified, false},
        {{"304"}, "/x", Code::ok, true},
        {{"3xx", "2xx"}, "/x", Code::not_modified, false},
        {{"3xx", "2xx"}, "/x", Code::ok, false},
        {{"3xx", "2xx"}, "/x", Code::not_found, true},
    };
    for (const Row& row : rows) {
        Scratch folder;
        Logged s;
        FakeSection section;
        section.texts["file"] = folder.path("a.log");
        section.lists["skip"] = row.skip;
        s.configure(section);
        REQUIRE(s.open());
        s.x.request.path = row.path;
        s.x.response.status = row.status;
        CHECK(s.log(folder, "a.log").empty() != row.is_logged);
    }
}

TEST_CASE("colours only for a terminal, and not when the person wants none")
{
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) return;
    REQUIRE(::grantpt(terminal) == 0);
    REQUIRE(::unlockpt(terminal) == 0);
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    const auto line_has_colours = [](const std::string& file) {
        Logged s;
        s.conf().file = file;
        s.conf().format = "terminal";
        REQUIRE(s.open());
        return s.line(*s.conf().compiled).find('\x1b') != std::string::npos;
    };
    const std::string name = ::ptsname(terminal);
    CHECK(line_has_colours(name));
    ::setenv("NO_COLOR", "1", 1);
    CHECK_FALSE(line_has_colours(name));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "dumb", 1);
    CHECK_FALSE(line_has_colours(name));
    ::setenv("TERM", "xterm", 1);
    Scratch folder;
    CHECK_FALSE(line_has_colours(folder.path("a.log")));
    ::close(terminal);
}
