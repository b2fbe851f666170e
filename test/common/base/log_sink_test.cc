// log_sink_test.cc - files: whole lines, full disks, rotation, several processes.
#include "common/base/log_sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "common/base/fd.h"
#include "common/base/log.h"
#include "common/base/loop.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

LogSink& open_sink(const std::string& target)
{
    std::string error;
    LogSink* const sink = LogSink::open(target, error);
    REQUIRE_MESSAGE(sink, error);
    return *sink;
}

/// stderr is a file of the folder for as long as this lives.
class CapturedStderr {
 public:
    explicit CapturedStderr(const Scratch& folder) : folder_(folder), before_(::dup(2))
    {
        const Fd file(::open(folder.path("stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
        REQUIRE(::dup2(file.get(), 2) == 2);
        open_sink("stderr");
        LogSink::follow_standard();
    }
    ~CapturedStderr()
    {
        ::dup2(before_.get(), 2);
        LogSink::follow_standard();
    }
    std::string text() const { return folder_.read("stderr"); }

 private:
    const Scratch& folder_;
    Fd before_;
};

/// The error log goes to a file, and back to stderr at the end.
class ErrorLog {
 public:
    explicit ErrorLog(LogSink& sink) { set_error_log(sink, Level::info); }
    ~ErrorLog() { set_error_log(open_sink("stderr"), Level::info); }
};

/// No file may grow beyond `bytes`: what a full disk looks like, at a byte of our choice.
class FileSizeLimit {
 public:
    explicit FileSizeLimit(rlim_t bytes)
    {
        ::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FileSizeLimit()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, SIG_DFL);
    }

 private:
    rlimit before_{};
};

std::size_t count_lines_with(const std::string& text, const std::string& part)
{
    const auto lines = lines_of(text);
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(),
                      [&](const auto& line) { return line.find(part) != line.npos; }));
}

/// Most reports there may be when they are a second apart.
class ReportLimit {
 public:
    std::size_t now() const
    {
        const std::int64_t us = Loop::wall_clock_microseconds() - started_us_;
        return static_cast<std::size_t>(us / 1'000'000) + 1;
    }

 private:
    std::int64_t started_us_ = Loop::wall_clock_microseconds();
};

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("one target is one sink however often and however it is named")
{
    Scratch folder;
    LogSink& a = open_sink(folder.path("a"));
    LogSink& b = open_sink(folder.path("b"));
    CHECK(&a != &b);
    CHECK(&open_sink(folder.path("a")) == &a);
    CHECK(&LogSink::at(LogSink::count() - 1) == &b);
    CHECK(&open_sink("stderr") == &open_sink("/dev/stderr"));
    CHECK(open_sink("/dev/stderr").target() == "stderr");
}

TEST_CASE("\"off\" takes everything and counts nothing")
{
    LogSink& sink = open_sink("off");
    sink.write("x\n");
    sink.flush();
    CHECK(sink.dropped() == 0);
    CHECK(sink.reopen() == -1);
}

TEST_CASE("what cannot be opened says why")
{
    Scratch folder;
    struct Row {
        std::string target;
        const char* why;
    };
    const Row rows[] = {
        {"", "no file is named"},
        {folder.path("no/such"), "no such file or directory"},
        {folder.path(), "is a directory"},
        {"syslog:nobody", "unknown syslog facility \"nobody\""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.target);
        std::string error;
        CHECK(LogSink::open(row.target, error) == nullptr);
        CHECK(error == row.why);
    }
}

TEST_CASE("a configuration can be checked without opening anything")
{
    CHECK(LogSink::problem_with("/nowhere/at/all") == "");
    CHECK(LogSink::problem_with("syslog:local7") == "");
    CHECK(LogSink::problem_with("off") == "");
    CHECK(LogSink::problem_with("/") == "is a directory");
    CHECK(LogSink::problem_with("") == "no file is named");
    CHECK(LogSink::problem_with("syslog:x") == "unknown syslog facility \"x\"");
    CHECK(LogSink::is_path("syslog.txt"));
    CHECK_FALSE(LogSink::is_path("syslog:local0"));
}

TEST_CASE("lines wait in the buffer for flush(); a new file is not for the world to read")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    sink.write("one\n");
    sink.write("two\n");
    CHECK(folder.read("a.log") == "");
    sink.flush();
    CHECK(folder.read("a.log") == "one\ntwo\n");
    struct stat s {};
    REQUIRE(::stat(folder.path("a.log").c_str(), &s) == 0);
    CHECK((s.st_mode & 0777 & ~0640u) == 0);
    CHECK((s.st_mode & 0600) == 0600);
}

TEST_CASE("a full buffer is written out, in whole lines; nothing is lost")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    std::string all;
    for (int i = 0; i < 10'000; ++i) {
        const std::string line = cat("line number ", i, '\n');
        sink.write(line);
        all += line;
    }
    const std::string before = folder.read("a.log");
    CHECK(before.size() > 64 * 1024);
    CHECK(before.back() == '\n');
    sink.flush();
    CHECK(folder.read("a.log") == all);
    CHECK(sink.dropped() == 0);
}

TEST_CASE("a line longer than the buffer is lost and counted, its neighbours are not")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    sink.write("one\n");
    sink.write(std::string(70'000, 'x') + "\n");
    sink.write("two\n");
    sink.flush();
    CHECK(folder.read("a.log") == "one\ntwo\n");
    CHECK(sink.dropped() == 1);
}

TEST_CASE("processes that append to one file leave its lines whole")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    constexpr std::size_t lines = 20'000;
    std::vector<pid_t> children;
    for (const char c : {'a', 'b', 'c'}) {
        const pid_t child = ::fork();
        if (child == 0) {
            const std::string line = std::string(50 + static_cast<unsigned char>(c) % 7, c) + '\n';
            for (std::size_t i = 0; i < lines; ++i) sink.write(line);
            sink.flush();
            ::_exit(0);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    const auto found = lines_of(folder.read("a.log"));
    CHECK(found.size() == 3 * lines);
    const auto is_mixed = [](const std::string& line) {
        return line.empty() ||
               line != std::string(50 + static_cast<unsigned char>(line[0]) % 7, line[0]);
    };
    CHECK(std::none_of(found.begin(), found.end(), is_mixed));
}

TEST_CASE("what is in the buffer at a fork is written once, by the parent")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    sink.write("before\n");
    const pid_t child = ::fork();
    if (child == 0) {
        sink.write("child\n");
        sink.flush();
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    sink.flush();
    CHECK(folder.read("a.log") == "child\nbefore\n");
}

TEST_CASE("a child that ends by exit() has flushed its lines")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    const pid_t child = ::fork();
    if (child == 0) {
        sink.write("child\n");
        ::close(1);  // the summary of doctest is the parent's
        ::exit(0);
    }
    ::waitpid(child, nullptr, 0);
    CHECK(folder.read("a.log") == "child\n");
}

// --- losses ----------------------------------------------------------------------------

TEST_CASE("a full disk: lines are dropped, counted and reported with the cause")
{
    if (!std::filesystem::exists("/dev/full")) return;
    Scratch folder;
    const ErrorLog to(open_sink(folder.path("error.log")));
    LogSink& sink = open_sink("/dev/full");
    const std::uint64_t before = sink.dropped();
    for (int i = 0; i < 123; ++i) sink.write("line\n");
    LogSink::flush_all();
    CHECK(sink.dropped() == before + 123);
    // At most one report a second: another test may have made one just now.
    const ReportLimit limit;
    while (!contains(folder.read("error.log"), "/dev/full")) LogSink::flush_all();
    CHECK(contains(folder.read("error.log"), "[error]"));
    CHECK(contains(folder.read("error.log"),
                   ": log: /dev/full: no space left on device: 123 lines lost\n"));
    sink.write("line\n");
    LogSink::flush_all();
    CHECK(count_lines_with(folder.read("error.log"), "/dev/full") <= limit.now());
}

TEST_CASE("an error log on a full disk says so on stderr, at most once a second")
{
    if (!std::filesystem::exists("/dev/full")) return;
    Scratch folder;
    CapturedStderr captured(folder);
    const ErrorLog to(open_sink("/dev/./full"));  // a sink of its own, with losses of its own
    const ReportLimit limit;
    while (!contains(captured.text(), "/dev/./full")) log_error("unheard");
    CHECK(contains(captured.text(), "log: /dev/./full: no space left on device: "));
    for (int i = 0; i < 10; ++i) log_error("unheard");
    CHECK(count_lines_with(captured.text(), "/dev/./full") <= limit.now());
}

TEST_CASE("a line the disk took half of is completed when there is room, not glued to the next")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    const std::string line(29, 'x');
    {
        const FileSizeLimit limit(100);
        for (int i = 0; i < 5; ++i) sink.write(line + "\n");
        sink.flush();
        CHECK(folder.read("a.log").size() == 100);  // three lines and a third
        CHECK(sink.dropped() == 1);                 // the fifth; the fourth is half done
        sink.write("lost\n");
        sink.flush();
        CHECK(sink.dropped() == 2);
    }
    sink.write("next\n");
    sink.flush();
    CHECK(lines_of(folder.read("a.log")) ==
          std::vector<std::string>{line, line, line, line, "next"});
    CHECK(sink.dropped() == 2);
}

TEST_CASE("half a line is not continued in the file after rotation")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    std::filesystem::path path = folder.path("a.log");
    {
        const FileSizeLimit limit(10);
        sink.write("one\n");
        sink.write("two and a half\n");
        sink.flush();
        std::filesystem::rename(path, folder.path("a.log.1"));
        CHECK(sink.reopen() >= 0);
    }
    CHECK(sink.dropped() == 1);
    sink.write("three\n");
    sink.flush();
    CHECK(folder.read("a.log") == "three\n");
}

// --- rotation ----------------------------------------------------------------------------

TEST_CASE("after reopen() lines go to a new file, buffered ones to the old; the number stays")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    const int number = sink.reopen();
    CHECK(number >= 0);
    sink.write("old\n");
    std::filesystem::rename(folder.path("a.log"), folder.path("a.log.1"));
    CHECK(sink.reopen() == number);
    sink.write("new\n");
    sink.flush();
    CHECK(folder.read("a.log.1") == "old\n");
    CHECK(folder.read("a.log") == "new\n");
    CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a worker is handed the new file: replace_fd() takes it over under the same number")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    const int number = sink.reopen();
    sink.write("old\n");
    const int fresh =
        ::open(folder.path("b.log").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(fresh >= 0);
    sink.replace_fd(fresh);
    CHECK(::fcntl(fresh, F_GETFD) == -1);
    sink.write("new\n");
    sink.flush();
    CHECK(folder.read("a.log") == "old\n");
    CHECK(folder.read("b.log") == "new\n");
    CHECK(sink.reopen() == number);
}

TEST_CASE("a file that cannot be opened anew: the old one stays, and the error log says why")
{
    Scratch folder;
    const ErrorLog to(open_sink(folder.path("error.log")));
    std::filesystem::create_directory(folder.path("logs"));
    LogSink& sink = open_sink(folder.path("logs/a.log"));
    std::filesystem::rename(folder.path("logs"), folder.path("gone"));
    CHECK(sink.reopen() == -1);
    sink.write("still here\n");
    sink.flush();
    CHECK(folder.read("gone/a.log") == "still here\n");
    CHECK(contains(folder.read("error.log"), "a.log: cannot reopen: no such file or directory"));
}

TEST_CASE("once started on a loop, buffers are flushed without anybody asking")
{
    Scratch folder;
    LogSink& sink = open_sink(folder.path("a.log"));
    Loop loop;
    LogSink::start(loop);
    for (const char* expected : {"line\n", "line\nline\n"}) {
        sink.write("line\n");
        loop.skip(Milliseconds(1000));
        loop.turn();
        CHECK(folder.read("a.log") == expected);
    }
}

TEST_CASE("stderr made something else is followed")
{
    Scratch folder;
    LogSink& sink = open_sink("stderr");
    {
        CapturedStderr captured(folder);
        sink.write("to the file\n");
        sink.flush();
        CHECK(captured.text() == "to the file\n");
        CHECK(sink.reopen() == -1);
    }
    CHECK(folder.read("stderr") == "to the file\n");
}
