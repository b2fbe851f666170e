// log_syslog_test.cc - a syslog daemon of the test's own: what it receives, and what if it does
// not.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <regex>
#include <string>

#include "common/base/log.h"
#include "common/base/log_sink.h"
#include "common/base/log_target.h"
#include "test/support/scratch.h"

using namespace ostler;
using namespace ostler::test;

namespace {

class Daemon {
 public:
    explicit Daemon(const std::string& path) : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    }
    ~Daemon() { ::unlink(path_.c_str()); }

    /// The next message; empty when there is none.  Reports of what other test cases lost on
    /// purpose come when they may, and do not count.
    std::string receive()
    {
        for (;;) {
            std::array<char, 8192> memory{};
            const ssize_t n = ::recv(fd_.get(), memory.data(), memory.size(), 0);
            if (n < 0) return {};
            std::string message(memory.data(), static_cast<std::size_t>(n));
            if (message.find("]: log: ") == std::string::npos) return message;
        }
    }

 private:
    std::string path_;
    Fd fd_;
};

LogSink& open_sink(const std::string& target)
{
    std::string error;
    LogSink* const sink = LogSink::open(target, error);
    REQUIRE_MESSAGE(sink, error);
    return *sink;
}

std::string header(int priority)
{
    return "<" + std::to_string(priority) + R"(>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ostler\[)" +
           std::to_string(::getpid()) + R"(\]: )";
}

}  // namespace

TEST_CASE("a line is one message at once, with facility, level, time and process (RFC 3164)")
{
    Scratch folder;
    Daemon daemon(folder.path("log"));
    LogSink& sink = open_sink("syslog:local3@" + folder.path("log"));
    sink.write("hello\n");
    sink.write("trouble\n", 3);
    CHECK(std::regex_match(daemon.receive(), std::regex(header(19 * 8 + 6) + "hello")));
    CHECK(std::regex_match(daemon.receive(), std::regex(header(19 * 8 + 3) + "trouble")));
    CHECK(daemon.receive() == "");
    CHECK(sink.dropped() == 0);
}

TEST_CASE("a record of the error log goes to syslog without time and process of its own")
{
    Scratch folder;
    Daemon daemon(folder.path("log"));
    LogSink& sink = open_sink("syslog:daemon@" + folder.path("log"));
    set_error_log(sink, Level::info);
    log_write(Level::warn, "cgi: late", {"::1", "a1", "h"});
    log_info("bare");
    set_error_log(open_sink("stderr"), Level::info);
    CHECK(std::regex_match(
        daemon.receive(),
        std::regex(header(3 * 8 + 4) + "client ::1 req a1 host \"h\": cgi: late")));
    CHECK(std::regex_match(daemon.receive(), std::regex(header(3 * 8 + 6) + "bare")));
}

TEST_CASE("a daemon that is restarted gets the next line")
{
    Scratch folder;
    LogTarget target;
    std::string error;
    REQUIRE(open_log_target("syslog:user@" + folder.path("log"), target, error));
    {
        Daemon daemon(folder.path("log"));
        CHECK(send_syslog(target, 6, "one\n") == 0);
        CHECK(daemon.receive().ends_with(": one"));
    }
    target.connect_after_us = 0;  // the second of patience is over
    Daemon daemon(folder.path("log"));
    CHECK(send_syslog(target, 6, "two\n") == 0);
    CHECK(daemon.receive().ends_with(": two"));
}

TEST_CASE("without a daemon, or with one that does not read, lines are lost and nothing waits")
{
    Scratch folder;
    LogSink& sink = open_sink("syslog:user@" + folder.path("log"));
    sink.write("nobody there\n");
    sink.write("nobody there\n");
    CHECK(sink.dropped() == 2);

    LogTarget target;
    std::string error;
    REQUIRE(open_log_target("syslog:user@" + folder.path("log"), target, error));
    Daemon daemon(folder.path("log"));
    int outcome = 0;
    for (int i = 0; i < 100'000 && outcome == 0; ++i) outcome = send_syslog(target, 6, "line\n");
    CHECK((outcome == EAGAIN || outcome == ENOBUFS));
}

TEST_CASE("facilities by name")
{
    CHECK(syslog_facility("kern") == 0);
    CHECK(syslog_facility("daemon") == 3);
    CHECK(syslog_facility("local0") == 16);
    CHECK(syslog_facility("local7") == 23);
    CHECK(syslog_facility("local8") == -1);
    CHECK(syslog_facility("") == -1);
}
