// config_check_test.cc - a configuration is tried where it can do no harm.
#include "server/config_check.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

using namespace ostler;

namespace {

ConfigCheck::Verdict check(const Loader& load)
{
    ConfigCheck c;
    REQUIRE(c.start(load, [] {}, SteadyClock::now()));
    CHECK(c.running());
    while (true) {
        std::vector<pollfd> fds;
        c.watch(fds);
        if (fds.empty()) break;
        poll(fds.data(), 1, 10'000);
        c.receive(SteadyClock::now());
    }
    int status = 0;
    REQUIRE(waitpid(c.pid(), &status, 0) == c.pid());
    const auto verdict = c.finish(status);
    CHECK(!c.running());
    return verdict;
}

Problem problem(Problem::Severity severity, const char* text)
{
    Problem p;
    p.severity = severity;
    p.file = "a.conf";
    p.line = 3;
    p.column = 1;
    p.text = text;
    p.source = "x = 1;";
    return p;
}

}  // namespace

TEST_CASE("a good configuration is good, with its warnings")
{
    const auto verdict = check([](std::vector<Problem>& problems) {
        auto configuration = load_configuration_text("", "empty", "/", problems);
        problems.push_back(problem(Problem::Severity::warning, "odd"));
        return configuration;
    });
    CHECK(verdict.good);
    REQUIRE(!verdict.problems.empty());
    CHECK(verdict.problems.back().starts_with("a.conf:3:1: warning: odd"));
}

TEST_CASE("every problem of a bad one is told, each with its lines")
{
    const auto verdict = check([](std::vector<Problem>& problems) {
        problems.push_back(problem(Problem::Severity::error, "first"));
        problems.push_back(problem(Problem::Severity::error, "second"));
        return nullptr;
    });
    CHECK(!verdict.good);
    REQUIRE(verdict.problems.size() == 2);
    CHECK(verdict.problems[0] == format_problem(problem(Problem::Severity::error, "first")));
    CHECK(verdict.problems[1] == format_problem(problem(Problem::Severity::error, "second")));
}

TEST_CASE("many problems are told completely")
{
    const auto verdict = check([](std::vector<Problem>& problems) {
        for (int i = 0; i < 5000; ++i)
            problems.push_back(problem(Problem::Severity::error, "again"));
        return nullptr;
    });
    CHECK(verdict.problems.size() == 5000);
}

TEST_CASE("a parser that crashes costs one reload, not the server")
{
    const auto verdict = check([](std::vector<Problem>&) -> std::unique_ptr<Configuration> {
        raise(SIGKILL);
        return nullptr;
    });
    CHECK(!verdict.good);
    REQUIRE(verdict.problems.size() == 1);
    CHECK(verdict.problems[0] ==
          "the process that checks the configuration failed: killed by SIGKILL");
}

TEST_CASE("a parser that never ends is ended")
{
    ConfigCheck c;
    const SteadyTime now = SteadyClock::now();
    const Loader endless = [](std::vector<Problem>&) -> std::unique_ptr<Configuration> {
        for (;;) pause();
    };
    REQUIRE(c.start(endless, [] {}, now));
    c.receive(now + std::chrono::seconds(29));
    CHECK(waitpid(c.pid(), nullptr, WNOHANG) == 0);
    c.receive(now + std::chrono::seconds(31));
    int status = 0;
    REQUIRE(waitpid(c.pid(), &status, 0) == c.pid());
    CHECK(WIFSIGNALED(status));
    CHECK(!c.finish(status).good);
}
