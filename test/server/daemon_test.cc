// daemon_test.cc - the pid file and its lock.
#include "server/daemon.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/base/platform.h"
#include "common/base/text.h"

using namespace ostler;

namespace {

struct Folder {
    Folder() { REQUIRE(mkdtemp(path)); }
    ~Folder() { rmdir(path); }
    std::string file() const { return cat(static_cast<const char*>(path), "/pid"); }
    char path[32] = "/tmp/ostler-test-XXXXXX";
};

std::string read_line(const std::string& path)
{
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

/// Another process that holds `path` until it is killed.
class Holder {
 public:
    explicit Holder(const std::string& path)
    {
        Fd reader;
        Fd writer;
        REQUIRE(open_pipe(reader, writer));
        set_nonblocking(reader.get(), false);
        pid_ = fork();
        if (pid_ == 0) {
            PidFile file;
            std::string error;
            const char ok = file.create(path, error) ? 'y' : 'n';
            if (write(writer.get(), &ok, 1) != 1) _exit(1);
            for (;;) pause();
        }
        char ok = 0;
        REQUIRE(read(reader.get(), &ok, 1) == 1);
        REQUIRE(ok == 'y');
    }
    ~Holder()
    {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    pid_t pid() const { return pid_; }

 private:
    pid_t pid_;
};

}  // namespace

TEST_CASE("the pid file names us and goes with us")
{
    const Folder folder;
    std::string error;
    {
        PidFile file;
        REQUIRE(file.create(folder.file(), error));
        CHECK(read_line(folder.file()) == cat(getpid()));
    }
    CHECK(access(folder.file().c_str(), F_OK) != 0);
}

TEST_CASE("a second master is refused and told the pid of the first")
{
    const Folder folder;
    std::string error;
    {
        const Holder first(folder.file());
        PidFile second;
        CHECK(!second.create(folder.file(), error));
        CHECK(error.find(cat("runs already with pid ", first.pid())) != std::string::npos);
        CHECK(PidFile::holder(folder.file()) == first.pid());
        CHECK(read_line(folder.file()) == cat(first.pid()));
    }
    // Killed: the file is still there, but nobody holds it.
    CHECK(PidFile::holder(folder.file()) == 0);
    PidFile next;
    CHECK(next.create(folder.file(), error));
    CHECK(read_line(folder.file()) == cat(getpid()));
}

TEST_CASE("a longer number left in the file is overwritten whole")
{
    const Folder folder;
    std::ofstream(folder.file()) << "123456789012\n9\n";
    PidFile file;
    std::string error;
    REQUIRE(file.create(folder.file(), error));
    std::ifstream in(folder.file());
    const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    CHECK(all == cat(getpid(), '\n'));
}

TEST_CASE("a pid file that cannot be written says which and why")
{
    PidFile file;
    std::string error;
    CHECK(!file.create("/nonexistent/folder/pid", error));
    CHECK(error == "pid file /nonexistent/folder/pid: No such file or directory");
}

TEST_CASE("moving the lock to another file removes the first")
{
    const Folder folder;
    std::string error;
    const std::string other = folder.file() + "2";
    PidFile file;
    REQUIRE(file.create(folder.file(), error));
    PidFile next;
    REQUIRE(next.create(other, error));
    file = std::move(next);
    CHECK(access(folder.file().c_str(), F_OK) != 0);
    CHECK(access(other.c_str(), F_OK) == 0);
    CHECK(file.path() == other);
}

TEST_CASE("nobody holds a file that does not exist")
{
    CHECK(PidFile::holder("/nonexistent/pid") == 0);
}

TEST_CASE("the parent of a daemon ends with the status the child reports")
{
    struct Row {
        int reported;  // -1: the child dies without a word
        int expected;
    };
    for (const Row row : {Row{0, 0}, Row{1, 1}, Row{78, 78}, Row{-1, 1}}) {
        CAPTURE(row.reported);
        const pid_t parent = fork();
        if (parent == 0) {
            Background background;
            std::string error;
            if (!background.enter(error)) _exit(99);
            if (row.reported >= 0) background.report(row.reported);
            _exit(55);
        }
        int status = 0;
        REQUIRE(waitpid(parent, &status, 0) == parent);
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == row.expected);
    }
}
