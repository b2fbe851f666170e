// config_check.cc - fork, load, tell by a pipe.
#include "server/config_check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "common/base/platform.h"
#include "common/base/text.h"
#include "server/signals.h"

namespace ostler {

namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr char separator = '\x1e';  // the "record separator" of ASCII: not in a line of ours
constexpr std::size_t longest_text = 1 << 20;

void write_all(int fd, const std::string& text)
{
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        done += static_cast<std::size_t>(n);
    }
}

[[noreturn]] void check(const Loader& load, int out)
{
    std::vector<Problem> problems;
    const auto configuration = load(problems);
    std::string text;
    for (const Problem& p : problems) append(text, format_problem(p), separator);
    set_nonblocking(out, false);
    write_all(out, text);
    constexpr int bad_configuration = 78;
    _exit(configuration ? 0 : bad_configuration);
}

[[noreturn]] void run_program(std::vector<std::string> words, int out)
{
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    set_nonblocking(out, false);
    dup2(out, 1);
    dup2(out, 2);
    execv(arguments[0], arguments.data());
    write_all(out, cat(words[0], ": ", std::strerror(errno), '\n'));
    constexpr int cannot_run = 127;
    _exit(cannot_run);
}

}  // namespace

/// `run` gets the descriptor to write to, in the child, and does not return.
template <class Run> bool ConfigCheck::fork_check(SteadyTime now, const Run& run)
{
    Fd writer;
    if (!open_pipe(reader_, writer)) return false;
    const int pid = fork_child(ForkSignals::defaults);
    if (pid < 0) return false;
    if (pid == 0) run(writer.get());
    pid_ = pid;
    text_.clear();
    deadline_ = now + patience;
    return true;
}

bool ConfigCheck::start(const Loader& load, const std::function<void()>& in_child, SteadyTime now)
{
    return fork_check(now, [&](int out) {
        in_child();
        check(load, out);
    });
}

bool ConfigCheck::start_program(const std::vector<std::string>& argv,
                                const std::function<void()>& in_child, SteadyTime now)
{
    return fork_check(now, [&](int out) {
        in_child();
        run_program(argv, out);
    });
}

void ConfigCheck::watch(std::vector<pollfd>& fds) const
{
    if (reader_) fds.push_back({reader_.get(), POLLIN, 0});
}

void ConfigCheck::receive(SteadyTime now)
{
    char bytes[4096];
    while (reader_) {
        const ssize_t n = read(reader_.get(), bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n > 0 && text_.size() < longest_text) text_.append(bytes, static_cast<std::size_t>(n));
        if (n <= 0) reader_.reset();
    }
    if (pid_ && now > deadline_) ::kill(pid_, SIGKILL);
}

ConfigCheck::Verdict ConfigCheck::finish(int wait_status)
{
    receive(SteadyTime::min());
    pid_ = 0;
    reader_.reset();
    Verdict verdict;
    verdict.good = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    for (std::size_t at = 0; at < text_.size();) {
        const std::size_t end = std::min(text_.find(separator, at), text_.size());
        verdict.problems.push_back(text_.substr(at, end - at));
        at = end + 1;
    }
    if (!verdict.good && verdict.problems.empty())
        verdict.problems.push_back(cat("the process that checks the configuration failed: ",
                                       describe_status(wait_status)));
    return verdict;
}

void ConfigCheck::cancel()
{
    if (pid_) ::kill(pid_, SIGKILL);
    pid_ = 0;
    reader_.reset();
}

}  // namespace ostler
