// log_test.cc - records of the error log, read back from a file.
#include "common/base/log.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <regex>
#include <string>

#include "common/base/log_sink.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

/// The error log is a file for as long as this lives.
class LogFile {
 public:
    explicit LogFile(Level level)
    {
        std::string error;
        LogSink* const sink = LogSink::open(folder_.path("error.log"), error);
        REQUIRE(sink);
        set_error_log(*sink, level);
    }
    ~LogFile()
    {
        std::string error;
        set_error_log(*LogSink::open("stderr", error), Level::info);
    }
    /// Without reports of what other test cases lost on purpose: those come when they may.
    std::string text() const
    {
        static const std::regex report(R"([^\n]*\] \d+: log: [^\n]*\n)");
        return std::regex_replace(folder_.read("error.log"), report, "");
    }
    /// Without time, level and process.
    std::string messages() const
    {
        static const std::regex stamp(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[\w+\] \d+)");
        return std::regex_replace(text(), stamp, "*");
    }

 private:
    Scratch folder_;
};

}  // namespace

TEST_CASE("a record has time, level, process, client, request, host and text, in one line")
{
    LogFile log(Level::info);
    log_write(Level::error, "cgi: /a.py: no such file or directory",
              {"203.0.113.5", "7f3a91", "example.org"});
    const std::regex form(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[error\] )" +
                          std::to_string(::getpid()) +
                          R"( client 203\.0\.113\.5 req 7f3a91 host "example\.org": )"
                          R"(cgi: /a\.py: no such file or directory\n)");
    CHECK_MESSAGE(std::regex_match(log.text(), form), log.text());
}

TEST_CASE("what is not known is left out")
{
    LogFile log(Level::info);
    log_write(Level::warn, "a", {"::1", "", ""});
    log_write(Level::warn, "b", {"", "", "h"});
    log_write(Level::warn, "c");
    log_write(Level::warn, "");
    CHECK(log.messages() == "* client ::1: a\n* host \"h\": b\n*: c\n*: \n");
}

TEST_CASE("levels: more severe ones are kept, others not, and log_enabled() knows")
{
    LogFile log(Level::warn);
    CHECK(log_enabled(Level::error));
    CHECK(log_enabled(Level::warn));
    CHECK_FALSE(log_enabled(Level::info));
    log_error("n ", 1);
    log_warn("n ", 2);
    log_info("n ", 3);
    log_debug("n ", 4);
    log_write(Level::info, "n 5");
    CHECK(log.messages() == "*: n 1\n*: n 2\n");
    CHECK(log.text().find("[error]") < log.text().find("[warn]"));
}

TEST_CASE("nothing a client sends makes a second line or leaves its quotes")
{
    LogFile log(Level::info);
    log_write(Level::error, "a\nb\r\x1b[31m\xff \xc3\xbc", {"x\ny", "z\n", "h\": \n"});
    CHECK(log.messages() == "* client x\\x0ay req z\\x0a host \"h\\x22: \\x0a\": "
                            "a\\x0ab\\x0d\\x1b[31m\\xff \xc3\xbc\n");
}

TEST_CASE("the newline that a program ended its message with is not shown")
{
    LogFile log(Level::info);
    log_error("traceback\n");
    CHECK(log.messages() == "*: traceback\n");
}

TEST_CASE("a text without end is cut and still one line")
{
    LogFile log(Level::info);
    log_error(std::string(100'000, 'x'));
    const std::string text = log.text();
    CHECK(text.size() == 8 * 1024);
    CHECK(text.substr(text.size() - 5) == "x...\n");
    CHECK(lines_of(text).size() == 1);
}

TEST_CASE("a record is in the file when the call returns, and a child writes its own number")
{
    LogFile log(Level::info);
    log_error("parent");
    CHECK(lines_of(log.text()).size() == 1);
    const pid_t child = ::fork();
    if (child == 0) {
        log_error("child");
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    const auto lines = lines_of(log.text());
    REQUIRE(lines.size() == 2);
    CHECK(lines[1].find("[error] " + std::to_string(child) + ": child") != std::string::npos);
}
