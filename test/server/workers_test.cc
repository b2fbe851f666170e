// workers_test.cc - how an end is described; the rest is in test/e2e/test_process.py.
#include "server/workers.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace ostler;

TEST_CASE("the end of a process is told by number or by name")
{
    struct Row {
        int exit_status;
        int signal;
        const char* says;
    };
    const Row rows[] = {
        {0, 0, "exit status 0"},
        {3, 0, "exit status 3"},
        {0, SIGKILL, "killed by SIGKILL"},
        {0, SIGTERM, "killed by SIGTERM"},
    };
    for (const Row& row : rows) {
        const pid_t pid = fork();
        if (pid == 0) {
            if (row.signal) {
                signal(row.signal, SIG_DFL);
                raise(row.signal);
            }
            _exit(row.exit_status);
        }
        int status = 0;
        REQUIRE(waitpid(pid, &status, 0) == pid);
        CHECK(describe_status(status) == row.says);
    }
}

TEST_CASE("a worker is named by its place and its process")
{
    WorkerProcess worker;
    worker.index = 2;
    worker.pid = 812;
    CHECK(worker.name() == "worker 2 (pid 812)");
}
