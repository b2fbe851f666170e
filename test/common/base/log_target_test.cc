// log_target_test.cc - what may have no room: FIFOs, pipes, terminals, sockets; and who opens what.
#include "common/base/log_target.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>

#include "common/base/log_sink.h"
#include "common/base/text.h"
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

/// Everything that can be read from `fd` now.
std::string read_now(int fd)
{
    std::string all;
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t n = ::read(fd, piece.data(), piece.size());
        if (n <= 0) return all;
        all.append(piece.data(), static_cast<std::size_t>(n));
    }
}

/// Lines with their numbers in front, of many lengths.
std::string numbered(int i)
{
    return cat("line ", i, ' ', std::string(static_cast<std::size_t>(i * 37 % 400), 'x'));
}

LogTarget stream_on(int fd, bool own, bool is_socket = false)
{
    LogTarget target;
    target.kind = LogTarget::Kind::stream;
    target.fd = Fd(fd);
    target.has_own_description = own;
    target.is_socket = is_socket;
    return target;
}

/// Writes until there is no room; fails the test when a target never says so.
std::size_t fill(const LogTarget& target)
{
    const std::string line(511, 'x');
    for (std::size_t i = 0; i < 1'000'000; ++i)
        if (write_log_target(target, line + "\n") < 0) {
            CHECK((errno == EAGAIN || errno == EWOULDBLOCK));
            return i;
        }
    FAIL_CHECK("it took everything");
    return 0;
}

}  // namespace

TEST_CASE("a FIFO whose reader stands still: lines are dropped, what arrives is whole")
{
    Scratch folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    const Fd reader(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    LogSink& sink = open_sink(folder.path("fifo"));
    int written = 0;
    while (sink.dropped() < 1000) {
        sink.write(numbered(written++) + "\n");
        sink.flush();
    }
    // It goes on reading: what was kept arrives, then new lines do.
    std::string text = read_now(reader.get());
    for (int i = 0; i < 100; ++i) {
        sink.flush();
        text += read_now(reader.get());
    }
    sink.write("new\n");
    sink.flush();
    text += read_now(reader.get());

    const auto lines = lines_of(text);
    CHECK(lines.size() + sink.dropped() == static_cast<std::size_t>(written) + 1);
    CHECK(lines.back() == "new");
    int last = -1;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        const int number = std::stoi(lines[i].substr(5));
        CHECK(number > last);
        CHECK(lines[i] == numbered(number));
        last = number;
    }
}

TEST_CASE("two writers of one full FIFO leave each other's lines whole")
{
    Scratch folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    // Two names for it, two sinks: what two workers are.
    LogSink& a = open_sink(folder.path("fifo"));
    LogSink& b = open_sink(folder.path("./fifo"));
    REQUIRE(&a != &b);
    const Fd reader(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const std::string line_a(100, 'a'), line_b(103, 'b');
    std::string text;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 700; ++i) {  // more than it takes
            a.write(line_a + "\n");
            b.write(line_b + "\n");
        }
        (round % 2 ? b : a).flush();
        (round % 2 ? a : b).flush();
        std::array<char, 10'000> piece{};  // a little room: who writes next goes behind the others
        const ssize_t n = ::read(reader.get(), piece.data(), piece.size());
        REQUIRE(n > 0);
        text.append(piece.data(), static_cast<std::size_t>(n));
    }
    text += read_now(reader.get());
    for (const std::string& line : lines_of(text)) CHECK((line == line_a || line == line_b));
    CHECK(text.find(line_b) != std::string::npos);
}

TEST_CASE("a FIFO needs no reader to be opened, and outlives the one it has")
{
    Scratch folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    LogSink& sink = open_sink(folder.path("fifo"));
    sink.write("one\n");
    sink.flush();
    Fd reader(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(read_now(reader.get()) == "one\n");
    reader.reset();
    sink.write("two\n");
    sink.flush();
    reader = Fd(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    CHECK(read_now(reader.get()) == "two\n");
    CHECK(sink.dropped() == 0);
}

TEST_CASE("a pipe whose reader is gone: lines are dropped and counted, nobody is killed")
{
    ::signal(SIGPIPE, SIG_IGN);
    Scratch folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    LogSink& sink = open_sink(folder.path("fifo"));
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::close(ends[0]);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    sink.replace_fd(ends[1]);
    sink.write("one\n");
    sink.write("two\n");
    sink.flush();
    CHECK(sink.dropped() == 2);
    sink.write("three\n");
    sink.flush();
    CHECK(sink.dropped() == 3);
    ::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("a line longer than a pipe takes in one piece arrives whole")
{
    Scratch folder;
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);
    const Fd reader(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    LogSink& sink = open_sink(folder.path("fifo"));
    const std::string line(40'000, 'x');
    std::string text;
    sink.write("short\n");
    sink.write(line + "\n");
    sink.write("short\n");
    for (int i = 0; i < 10; ++i) {
        sink.flush();
        text += read_now(reader.get());
    }
    CHECK(lines_of(text) == std::vector<std::string>{"short", line, "short"});
}

TEST_CASE("writing never waits: pipes shared with others, our own, sockets, terminals")
{
    int ends[2];
    SUBCASE("a blocking pipe that is not ours alone stays blocking for the others")
    {
        REQUIRE(::pipe(ends) == 0);
        const LogTarget target = stream_on(ends[1], false);
        CHECK(fill(target) > 0);
        CHECK((::fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0);
    }
    SUBCASE("our own pipe")
    {
        REQUIRE(::pipe(ends) == 0);
        ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
        CHECK(fill(stream_on(ends[1], true)) > 0);
    }
    SUBCASE("a blocking socket")
    {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        CHECK(fill(stream_on(ends[1], false, true)) > 0);
    }
    SUBCASE("a terminal nobody reads")
    {
        ends[0] = ::posix_openpt(O_RDWR | O_NOCTTY);
        if (ends[0] < 0) return;
        REQUIRE(::grantpt(ends[0]) == 0);
        REQUIRE(::unlockpt(ends[0]) == 0);
        std::string error;
        LogTarget target;
        REQUIRE(open_log_target(::ptsname(ends[0]), target, error));
        CHECK(target.is_terminal);
        CHECK(fill(target) > 0);
    }
    ::close(ends[0]);
}

TEST_CASE("stdout that is a pipe gets a description of our own, so that the shell's stays blocking")
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Fd reader(ends[0]);
    const Fd before(::dup(1));
    REQUIRE(::dup2(ends[1], 1) == 1);
    ::close(ends[1]);
    LogTarget target;
    std::string error;
    const bool is_open = open_log_target("stdout", target, error);
    const int flags = ::fcntl(1, F_GETFL);
    const std::size_t filled = is_open ? fill(target) : 0;
    ::dup2(before.get(), 1);
    CHECK(is_open);
    CHECK((flags & O_NONBLOCK) == 0);
    CHECK(filled > 0);
    CHECK((::fcntl(target.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(target.fd.get() > 2);
#ifdef __linux__
    CHECK(target.has_own_description);
#endif
}

TEST_CASE("stdout that is a file shares its position with whoever else writes there")
{
    Scratch folder;
    const Fd before(::dup(1));
    const Fd file(::open(folder.path("out").c_str(), O_WRONLY | O_CREAT, 0600));
    REQUIRE(::dup2(file.get(), 1) == 1);
    LogTarget target;
    std::string error;
    const bool is_open = open_log_target("stdout", target, error);
    ssize_t n = ::write(1, "shell\n", 6);
    n += write_log_target(target, "ours\n");
    n += ::write(1, "shell\n", 6);
    ::dup2(before.get(), 1);
    CHECK(is_open);
    CHECK(n == 17);
    CHECK(folder.read("out") == "shell\nours\nshell\n");
}

TEST_CASE("a symbolic link is followed where only we could have put it")
{
    Scratch folder;
    folder.write("precious", "content\n");
    std::filesystem::create_directory(folder.path("logs"));
    std::filesystem::create_symlink(folder.path("precious"), folder.path("logs/a.log"));
    LogTarget target;
    std::string error;
    ::chmod(folder.path("logs").c_str(), 0777);
    CHECK_FALSE(open_log_target(folder.path("logs/a.log"), target, error));
    CHECK(error.find("symbolic links") != std::string::npos);
    ::chmod(folder.path("logs").c_str(), 0755);
    CHECK(open_log_target(folder.path("logs/a.log"), target, error));
    if (::geteuid() == 0) {  // the folder of another user, opened by root
        REQUIRE(::chown(folder.path("logs").c_str(), 65534, 65534) == 0);
        CHECK_FALSE(open_log_target(folder.path("logs/a.log"), target, error));
    }
    CHECK(folder.read("precious") == "content\n");
}
