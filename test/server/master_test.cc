// master_test.cc - what the master does with workers that do not work.
//
// The configuration decides in start(), which a worker calls, what becomes of it.  The master runs
// in a process of its own: it owns the signals.  The ordinary life is in test/e2e/test_process.py.
#include "server/master.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "common/base/platform.h"
#include "common/base/text.h"

using namespace ostler;

namespace {

enum class Fate { works, crashes, hangs, lies, crashes_when_told };

/// A real configuration whose workers meet their fate.
class Fateful final : public Configuration {
 public:
    /// `flag`: while that file exists, workers are told to crash.
    Fateful(std::unique_ptr<Configuration> real, Fate fate, std::string flag)
        : real_(std::move(real)), fate_(fate), flag_(std::move(flag))
    {
        server = real_->server;
        listen = real_->listen;
        http = real_->http;
        file = real_->file;
    }
    const Router& router() const override { return real_->router(); }
    bool open(const RunAs& who) override { return real_->open(who); }
    void start(Loop& loop) override
    {
        if (fate_ == Fate::crashes) raise(SIGKILL);
        if (fate_ == Fate::lies) say_nonsense();
        while (fate_ == Fate::hangs || fate_ == Fate::lies) pause();
        if (fate_ == Fate::crashes_when_told && access(flag_.c_str(), F_OK) == 0) raise(SIGKILL);
        real_->start(loop);
    }
    std::string print() const override { return real_->print(); }

 private:
    /// Whichever descriptor the channel is: half a message.
    static void say_nonsense()
    {
        for (int fd = 3; fd < 100; ++fd) send(fd, "12345", 5, MSG_NOSIGNAL);
    }

    std::unique_ptr<Configuration> real_;
    Fate fate_;
    std::string flag_;
};

/// A master in a process of its own, with one fate for each configuration it loads.
class Run {
 public:
    explicit Run(const std::vector<Fate>& fates)
    {
        REQUIRE(mkdtemp(folder_));
        Fd reader;
        Fd writer;
        REQUIRE(open_pipe(reader, writer));
        set_nonblocking(reader.get(), false);
        std::fflush(nullptr);  // or the child writes it, too
        pid_ = fork();
        if (pid_ == 0) {
            reader.reset();
            _exit(run(fates, writer.get()));
        }
        writer.reset();
        char byte = 0;
        ready_ = read(reader.get(), &byte, 1) == 1;
    }
    ~Run()
    {
        if (pid_) stop();
        for (const char* name : {"pid", "pid.ctl", "log", "answer", "flag"}) unlink(path(name).c_str());
        rmdir(folder_);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    bool ready() const { return ready_; }
    /// Waits for the end by itself.
    int end()
    {
        int status = -1;
        waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int stop()
    {
        kill(pid_, SIGTERM);
        return end();
    }
    /// The exit status of `ostler -s COMMAND`; what it prints is in answer().
    int command(const char* name) const
    {
        std::fflush(nullptr);
        const pid_t pid = fork();
        if (pid == 0) {
            const int out = ::open(path("answer").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
            dup2(out, 1);
            dup2(out, 2);
            const int status = send_command(path("pid"), name);
            std::fflush(nullptr);
            _exit(status);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    std::string answer() const { return text("answer"); }
    std::string log() const { return text("log"); }

    std::string path(const char* name) const
    {
        return cat(static_cast<const char*>(folder_), '/', name);
    }
    void wait_for_log(const char* part) const
    {
        while (log().find(part) == std::string::npos) usleep(1000);
    }

 private:
    std::string text(const char* name) const
    {
        std::ifstream in(path(name));
        return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    }
    int run(const std::vector<Fate>& fates, int ready_pipe) const
    {
        const int log = ::open(path("log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        dup2(log, 2);
        LogSink::follow_standard();  // other tests may have opened it
        const std::string text =
            cat("server: { workers = 2; pid_file = \"", path("pid"), "\"; error_log = \"stderr\"; };",
                "listen = ( { address = \"127.0.0.1\"; port = 0; } );");
        MasterOptions options;
        std::size_t loads = 0;  // the process that checks counts in its own copy
        options.load = [&, text](std::vector<Problem>& problems) -> std::unique_ptr<Configuration> {
            auto real = load_configuration_text(text, "test", "/", problems);
            return std::make_unique<Fateful>(std::move(real), fates.at(loads++), path("flag"));
        };
        options.ready_limit = std::chrono::milliseconds(
            fates.back() == Fate::hangs ? 300 : 30'000);
        options.on_ready = [&](const Generation&) {
            if (write(ready_pipe, "r", 1) != 1) _exit(99);
        };
        return Master(std::move(options)).run();
    }

    char folder_[32] = "/tmp/ostler-test-XXXXXX";
    pid_t pid_ = 0;
    bool ready_ = false;
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("workers that die before they accept end the start, with the reason")
{
    Run run({Fate::crashes});
    CHECK(!run.ready());
    CHECK(run.end() == 1);
    CHECK(has(run.log(), "a worker died at its start: killed by SIGKILL"));
}

TEST_CASE("workers that never accept end the start, too")
{
    Run run({Fate::hangs});
    CHECK(!run.ready());
    CHECK(run.end() == 1);
    CHECK(has(run.log(), "the workers did not get ready in time"));
}

TEST_CASE("new workers that die leave the old ones serving, and reload says so")
{
    Run run({Fate::works, Fate::crashes, Fate::works});
    REQUIRE(run.ready());
    CHECK(run.command("reload") == 1);
    CHECK(has(run.answer(), "reload refused; the old configuration goes on\n"
                            "a worker died at its start: killed by SIGKILL\n"));
    CHECK(run.command("status") == 0);
    CHECK(has(run.answer(), "generation 1"));
    CHECK(has(run.answer(), "last reload: reload refused"));
    // And the next one may be better.
    CHECK(run.command("reload") == 0);
    CHECK(run.stop() == 0);
}

TEST_CASE("new workers that do not get ready are given up")
{
    Run run({Fate::works, Fate::hangs});
    REQUIRE(run.ready());
    CHECK(run.command("reload") == 1);
    CHECK(has(run.answer(), "the new workers did not get ready in time"));
    CHECK(run.command("status") == 0);
    CHECK(has(run.answer(), "worker 0"));
    CHECK(run.stop() == 0);
}

TEST_CASE("a stop in the middle of a reload ends both generations")
{
    Run run({Fate::works, Fate::hangs});
    REQUIRE(run.ready());
    const pid_t asking = fork();
    if (asking == 0) _exit(run.command("reload"));
    run.wait_for_log("checking the configuration");
    CHECK(run.stop() == 0);
    int status = 0;
    waitpid(asking, &status, 0);
    CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("a worker that does not keep to the protocol is killed")
{
    Run run({Fate::works, Fate::lies});
    REQUIRE(run.ready());
    CHECK(run.command("reload") == 1);
    CHECK(has(run.log(), "does not keep to the protocol"));
    CHECK(run.stop() == 0);
}

TEST_CASE("workers that die as soon as they start are not started in a tight loop")
{
    Run run({Fate::crashes_when_told});
    REQUIRE(run.ready());
    Fd(::open(run.path("flag").c_str(), O_CREAT | O_WRONLY, 0600));
    CHECK(run.command("status") == 0);
    const std::string status = run.answer();
    const std::size_t at = status.find("worker 1 (pid ");
    REQUIRE(at != std::string::npos);
    kill(std::atoi(status.c_str() + at + 14), SIGKILL);
    run.wait_for_log("workers die as soon as they start: the next one in 100 ms");
    run.wait_for_log("the next one in 200 ms");
    unlink(run.path("flag").c_str());
    do CHECK(run.command("status") == 0);
    while (!has(run.answer(), "worker 1 (pid ") || has(run.answer(), "starting"));
    CHECK(run.stop() == 0);
}

TEST_CASE("an unknown command is refused by name")
{
    Run run({Fate::works});
    REQUIRE(run.ready());
    CHECK(run.command("dance") == 1);
    CHECK(run.answer() == "unknown command \"dance\"\n");
    CHECK(run.stop() == 0);
}
