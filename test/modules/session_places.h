// session_places.h - where sessions can be stored: what a test of a store needs around it.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "test/support/scratch.h"

namespace ostler::test {

/// A file for SQLite, in a folder of its own.
class Sqlite {
 public:
    static bool is_there() { return true; }
    std::string url() const { return "sqlite:" + folder_.path("sessions.db"); }

 private:
    Scratch folder_;
};

/// A redis-server of the test's own, on a Unix socket.
class Redis {
 public:
    explicit Redis(std::vector<std::string> options = {}) : options_(std::move(options))
    {
        start();
    }
    ~Redis() { stop(); }
    static bool is_there() { return std::system("command -v redis-server >/dev/null 2>&1") == 0; }

    std::string socket() const { return folder_.path("redis.sock"); }
    std::string url(std::string_view more = {}) const
    {
        return cat("redis:unix:", socket(), more.empty() ? "" : "?", more);
    }
    void start()
    {
        ::unlink(socket().c_str());
        std::vector<std::string> words = {
            "redis-server", "--port", "0",           "--unixsocket", socket(), "--save",        "",
            "--appendonly", "no",     "--daemonize", "no",           "--dir",  folder_.path("")};
        words.insert(words.end(), options_.begin(), options_.end());
        pid_ = fork();
        if (pid_ == 0) {
            std::vector<char*> argv;
            for (std::string& word : words) argv.push_back(word.data());
            argv.push_back(nullptr);
            const int null = ::open("/dev/null", O_RDWR);
            for (const int fd : {0, 1, 2}) ::dup2(null, fd);
            ::execvp(argv[0], argv.data());
            _exit(127);
        }
        wait_for_socket();
    }
    void stop()
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGCONT);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    void signal(int number) const { ::kill(pid_, number); }
    void cli(const std::string& command) const
    {
        CHECK(std::system(cat("redis-cli -s ", socket(), " ", command, " >/dev/null").c_str()) ==
              0);
    }

 private:
    void wait_for_socket() const
    {
        for (int i = 0; i < 3000; ++i) {
            const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
            sockaddr_un name{};
            name.sun_family = AF_UNIX;
            socket().copy(name.sun_path, sizeof name.sun_path - 1);
            const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
            ::close(fd);
            if (up) return;
            ::usleep(10'000);
        }
        FAIL("redis-server did not start");
    }

    Scratch folder_;
    std::vector<std::string> options_;
    pid_t pid_ = 0;
};

}  // namespace ostler::test

/// Leaves the test when the store of `place` is not installed.
#define NEEDS_STORE(place)                                                                         \
    if (!place::is_there()) {                                                                      \
        MESSAGE("not installed: packaging/install-deps.sh test has it");                           \
        return;                                                                                    \
    }
