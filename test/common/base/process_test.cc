// process_test.cc - programs started from the loop.
#include "common/base/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "common/base/spawner.h"

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

    std::unique_ptr<Child> begin(Loop& loop, Waker& owner)
    {
        StartError error;
        auto child = Child::start(loop, start, owner, error);
        REQUIRE(child);
        to_.reset();
        return child;
    }

    /// Runs it to its end; returns what it wrote.
    std::string run(Loop& loop)
    {
        Flag flag;
        const auto child = begin(loop, flag);
        while (!child->ended()) loop.turn();
        CHECK(flag.woken);
        end = child->end();
        std::string out;
        char bytes[4096];
        for (ssize_t n; (n = ::read(from_.get(), bytes, sizeof bytes)) > 0;)
            out.append(bytes, static_cast<std::size_t>(n));
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

bool is_alive(pid_t id) { return ::kill(id, 0) == 0; }

bool group_is_empty(pid_t group) { return ::kill(-group, 0) != 0 && errno == ESRCH; }

}  // namespace

TEST_CASE("a program runs, its output and exit status arrive")
{
    for (const bool by_fork : {false, true}) {
        CAPTURE(by_fork);
        Loop loop;
        Shell shell("echo hello; exit 3");
        shell.start.by_fork = by_fork;
        CHECK(shell.run(loop) == "hello\n");
        CHECK(shell.end.failure.error == 0);
        CHECK(shell.end.status == 3);
        CHECK(shell.end.signal == 0);
        CHECK_FALSE(shell.end.left_behind);
        CHECK(shell.end.memory_bytes > 64 * 1024);
    }
}

TEST_CASE("a signal is told apart from a status, and processor time is counted")
{
    Loop loop;
    Shell shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; kill -9 $$");
    shell.run(loop);
    CHECK(shell.end.signal == SIGKILL);
    CHECK(std::string(signal_name(shell.end.signal)) == "SIGKILL");
    CHECK(shell.end.cpu_us > 0);
}

TEST_CASE("what cannot be started says why")
{
    for (const bool by_fork : {false, true}) {
        Loop loop;
        Shell shell("");
        shell.start.by_fork = by_fork;
        shell.start.program = "/nonexistent/program";
        shell.run(loop);
        CHECK(shell.end.failure.error == ENOENT);
        CHECK(std::string(shell.end.failure.step) == "exec");
    }
}

TEST_CASE("many programs at a time, more than the way to the spawner holds")
{
    Loop loop;
    constexpr int count = 150;
    const std::string large(20'000, 'x');
    std::vector<std::unique_ptr<Shell>> shells;
    std::vector<std::unique_ptr<Child>> children;
    Flag flag;
    for (int i = 0; i < count; ++i) {
        shells.push_back(std::make_unique<Shell>("exit " + std::to_string(i) + " # " + large));
        children.push_back(shells.back()->begin(loop, flag));
    }
    for (int i = 0; i < count; ++i) {
        Child& child = *children[static_cast<std::size_t>(i)];
        while (!child.ended()) loop.turn();
        CHECK(child.end().status == i);
    }
}

TEST_CASE("a spawner that was killed takes its programs with it; the next one is made when needed")
{
    Loop loop;
    Shell shell("echo ready; exec sleep 100");  // its children would be orphans
    Flag flag;
    const auto child = shell.begin(loop, flag);
    CHECK(shell.read_line() == "ready");
    ::kill(Spawner::of(loop, false).process(), SIGKILL);
    while (!child->ended()) loop.turn();
    CHECK(child->end().signal == SIGKILL);
    Shell next("exit 5");
    next.run(loop);
    CHECK(next.end.status == 5);
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
    Shell shell("trap '' TERM; sleep 100 & echo $$; sleep 100; sleep 100");
    Flag flag;
    const auto child = shell.begin(loop, flag);
    const auto group = static_cast<pid_t>(std::stol(shell.read_line()));
    child->stop(Milliseconds(30));
    while (!child->ended()) loop.turn();
    CHECK(child->end().signal == SIGKILL);
    while (!group_is_empty(group)) ::usleep(1000);
}

TEST_CASE("what a program left behind in its group is ended, and told")
{
    Loop loop;
    Shell shell("sleep 100 > /dev/null & echo $$; exit 0");
    Flag flag;
    const auto child = shell.begin(loop, flag);
    const auto group = static_cast<pid_t>(std::stol(shell.read_line()));
    while (!child->ended()) loop.turn();
    CHECK(child->end().left_behind);
    while (!group_is_empty(group)) ::usleep(1000);
}

TEST_CASE("background: what a program left behind lives, what was stopped does not")
{
    Loop loop;
    Shell shell("sleep 100 > /dev/null & echo $!; exit 0");
    shell.start.background = true;
    Flag flag;
    const auto child = shell.begin(loop, flag);
    const auto left = static_cast<pid_t>(std::stol(shell.read_line()));
    while (!child->ended()) loop.turn();
    CHECK_FALSE(child->end().left_behind);
    ::usleep(100'000);
    CHECK(is_alive(left));
    ::kill(left, SIGKILL);
    Shell second("sleep 100 > /dev/null & echo $$; sleep 100");
    second.start.background = true;
    const auto stopped = second.begin(loop, flag);
    const auto group = static_cast<pid_t>(std::stol(second.read_line()));
    stopped->stop(Milliseconds(30));
    while (!group_is_empty(group)) ::usleep(1000);
}

TEST_CASE("nothing lives on when its owner does not")
{
    Loop loop;
    Shell shell("echo $$; sleep 100");
    Flag flag;
    pid_t group = 0;
    {
        const auto child = shell.begin(loop, flag);
        group = static_cast<pid_t>(std::stol(shell.read_line()));
    }
    while (!group_is_empty(group)) ::usleep(1000);
}

TEST_CASE("nothing lives on when the loop does not")
{
    pid_t group = 0;
    Shell shell("trap '' TERM; echo $$; while :; do sleep 1; done");
    Flag flag;
    std::unique_ptr<Child> child;
    {
        Loop loop;
        child = shell.begin(loop, flag);
        group = static_cast<pid_t>(std::stol(shell.read_line()));
    }
    CHECK(child->ended());
    while (!group_is_empty(group)) ::usleep(1000);
}

#ifdef __linux__
namespace {

/// A program in a session of its own whose parents are gone: it writes its id, then sleeps.
std::string daemon(const char* options = "")
{
    return std::string("(setsid ") + options + " sh -c 'echo $$; exec sleep 100 >/dev/null' & ); ";
}

}  // namespace

TEST_CASE("a process that left its group and its parents is ended with its program")
{
    for (const char* options : {"", "env -i"}) {
        CAPTURE(options);
        Loop loop;
        Shell shell(daemon(options) + "sleep 100");
        Flag flag;
        const auto child = shell.begin(loop, flag);
        const auto stray = static_cast<pid_t>(std::stol(shell.read_line()));
        CHECK(is_alive(stray));
        child->stop(Milliseconds(30));
        while (is_alive(stray)) ::usleep(1000);
        while (!child->ended()) loop.turn();
    }
}

TEST_CASE("a process that left its group and its parents is ended after its program")
{
    Loop loop;
    Shell shell("echo $$; " + daemon() + "exec sleep 100");
    Flag flag;
    const auto child = shell.begin(loop, flag);
    const auto program = static_cast<pid_t>(std::stol(shell.read_line()));
    const auto stray = static_cast<pid_t>(std::stol(shell.read_line()));
    ::kill(program, SIGKILL);
    while (!child->ended()) loop.turn();
    while (is_alive(stray)) ::usleep(1000);
}

TEST_CASE("whose a stray is, its environment tells")
{
    Loop loop;
    Flag flag;
    char first[] = "MARK=1";
    char second[] = "MARK=2";
    char path[] = "PATH=/usr/bin:/bin";
    char* variables[][3] = {{path, first, nullptr}, {path, second, nullptr}};
    Shell one(daemon() + "sleep 100");
    Shell two(daemon() + "sleep 100");
    one.start.environment = variables[0];
    two.start.environment = variables[1];
    one.start.mark = two.start.mark = "MARK";
    const auto first_child = one.begin(loop, flag);
    const auto first_stray = static_cast<pid_t>(std::stol(one.read_line()));
    const auto second_child = two.begin(loop, flag);
    const auto second_stray = static_cast<pid_t>(std::stol(two.read_line()));
    second_child->stop(Milliseconds(30));
    while (is_alive(second_stray)) ::usleep(1000);
    CHECK(is_alive(first_stray));
    first_child->stop(Milliseconds(30));
    while (is_alive(first_stray)) ::usleep(1000);
}
#endif
