// process_test.cc - programs started from the loop.
#include "common/base/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

using namespace ostler;

namespace {

struct Flag final : Waker {
    void wake() override { woken = true; }
    bool woken = false;
};

/// /bin/sh -c TEXT with its output in a pipe.
struct Shell {
    explicit Shell(std::string text) : text_(std::move(text))
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        from_ = Fd(ends[0]);
        to_ = Fd(ends[1]);
        null_ = Fd(::open("/dev/null", O_RDWR));
        start.program = "/bin/sh";
        start.arguments = arguments_;
        start.environment = environment_;
        start.input = null_.get();
        start.output = to_.get();
        start.error = null_.get();
    }

    /// Runs it to its end; returns what it wrote.
    std::string run(Loop& loop)
    {
        Flag flag;
        auto child = Child::start(loop, start, flag);
        REQUIRE(child);
        to_.reset();
        std::string out;
        char bytes[4096];
        for (ssize_t n; (n = ::read(from_.get(), bytes, sizeof bytes)) > 0;)
            out.append(bytes, static_cast<std::size_t>(n));
        while (!(*child)->ended()) loop.turn();
        end = (*child)->end();
        return out;
    }

    std::string read_line()
    {
        std::string line;
        for (char c; ::read(from_.get(), &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }

    ProgramStart start;
    ProgramEnd end;

 private:
    std::string text_;
    char* arguments_[4] = {const_cast<char*>("sh"), const_cast<char*>("-c"), text_.data(), nullptr};
    char* environment_[2] = {const_cast<char*>("PATH=/usr/bin:/bin"), nullptr};
    Fd from_, to_, null_;
};

/// The ways a program is started and its end noticed, on this system and on others.
struct Way {
    bool by_fork, by_signal;
};
constexpr Way ways[] = {{false, false}, {true, false}, {false, true}, {true, true}};

bool group_is_empty(pid_t group) { return ::kill(-group, 0) != 0 && errno == ESRCH; }

}  // namespace

TEST_CASE("a program runs, its output and exit status arrive")
{
    for (const Way way : ways) {
        CAPTURE(way.by_fork);
        CAPTURE(way.by_signal);
        Loop loop;
        Shell shell("echo hello; exit 3");
        shell.start.by_fork = way.by_fork;
        shell.start.by_signal = way.by_signal;
        CHECK(shell.run(loop) == "hello\n");
        CHECK(shell.end.status == 3);
        CHECK(shell.end.signal == 0);
        CHECK(shell.end.memory_bytes > 64 * 1024);
    }
}

TEST_CASE("the end of a program wakes its owner, once it can be asked how it ended")
{
    for (const Way way : ways) {
        Loop loop;
        Shell shell("kill -9 $$");
        shell.start.by_signal = way.by_signal;
        Flag flag;
        auto child = Child::start(loop, shell.start, flag);
        REQUIRE(child);
        while (!flag.woken || !(*child)->ended()) loop.turn();
        CHECK((*child)->end().signal == SIGKILL);
        CHECK(std::string(signal_name((*child)->end().signal)) == "SIGKILL");
    }
}

TEST_CASE("what cannot be started says why, and leaves no process")
{
    for (const bool by_fork : {false, true}) {
        Loop loop;
        Flag flag;
        Shell shell("");
        shell.start.by_fork = by_fork;
        shell.start.program = "/nonexistent/program";
        auto child = Child::start(loop, shell.start, flag);
        REQUIRE_FALSE(child);
        CHECK(child.error().error == ENOENT);
        CHECK(std::string(child.error().step) == "exec");
        int status;
        CHECK(::waitpid(-1, &status, WNOHANG) == -1);
    }
}

TEST_CASE("a program has the descriptors 0, 1 and 2 and no other")
{
    Loop loop;
    const Fd inherited(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC, as a library would
    Shell shell("ls /proc/self/fd 2>/dev/null || ls /dev/fd");
    const std::string out = shell.run(loop);
    // ls has one more, for the folder it reads.
    CHECK(std::count(out.begin(), out.end(), '\n') <= 4);
    CHECK(out.substr(0, 6) == "0\n1\n2\n");
}

TEST_CASE("signals are at their defaults and none is blocked, whatever we do with ours")
{
    ::signal(SIGUSR1, SIG_IGN);
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &mask, &before);
    for (const char* number : {"USR1", "TERM", "PIPE"}) {
        Loop loop;
        Shell shell(std::string("kill -") + number + " $$; exit 0");
        shell.run(loop);
        CHECK(shell.end.signal != 0);
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("a program leads a process group of its own")
{
    Loop loop;
    Shell shell("echo $$; ps -o pgid= -p $$");
    const std::string out = shell.run(loop);
    const long id = std::stol(out);
    CHECK(std::stol(out.substr(out.find('\n'))) == id);
}

TEST_CASE("limits are set")
{
    Loop loop;
    Shell shell("ulimit -t; ulimit -n; ulimit -v");
    shell.start.limits = {7, 900ull << 20, 20, 0};
    CHECK(shell.run(loop) == "7\n20\n921600\n");
}

TEST_CASE("the working directory and the mask for new files are those asked for")
{
    Loop loop;
    const Fd root(::open("/usr", O_RDONLY | O_DIRECTORY));
    Shell shell("pwd; umask");
    shell.start.directory = root.get();
    shell.start.file_mask = 027;
    CHECK(shell.run(loop) == "/usr\n0027\n");
}

#ifdef __linux__
TEST_CASE("a program cannot get more privileges")
{
    Loop loop;
    Shell shell("grep NoNewPrivs /proc/self/status");
    CHECK(shell.run(loop) == "NoNewPrivs:\t1\n");
}
#endif

TEST_CASE("a group that does not listen to TERM is killed after the grace")
{
    Loop loop;
    Shell shell("trap '' TERM; sleep 100 & echo ready; sleep 100; sleep 100");
    Flag flag;
    auto child = Child::start(loop, shell.start, flag);
    REQUIRE(child);
    CHECK(shell.read_line() == "ready");
    const pid_t group = (*child)->id();
    end_group(loop, group, Milliseconds(30));
    while (!(*child)->ended()) loop.turn();
    CHECK((*child)->end().signal == SIGKILL);
    while (!group_is_empty(group)) loop.turn();
}

TEST_CASE("what a program left behind is still its group; an empty group is told apart")
{
    Loop loop;
    Shell shell("sleep 100 > /dev/null & exit 0");
    Flag flag;
    auto child = Child::start(loop, shell.start, flag);
    REQUIRE(child);
    while (!(*child)->ended()) loop.turn();
    const pid_t group = (*child)->id();
    CHECK(end_group(loop, group, Milliseconds(1000)));
    while (!group_is_empty(group)) loop.turn();
    CHECK_FALSE(end_group(loop, group, Milliseconds(1000)));
}

TEST_CASE("nobody waits for a program that outlives its owner")
{
    Loop loop;
    Shell shell("sleep 100");
    Flag flag;
    pid_t id = 0;
    {
        auto child = Child::start(loop, shell.start, flag);
        REQUIRE(child);
        id = (*child)->id();
    }
    CHECK(::kill(id, 0) != 0);
}
