// session_sqlite_thread.cc - batches of orders, one transaction each.
#include "modules/session_sqlite_thread.h"

#include <csignal>
#include <system_error>
#include <utility>

#include "common/base/platform.h"
#include "common/base/text.h"

namespace ostler {

namespace {

/// Orders of one transaction: others wait for its lock.
constexpr int most_in_batch = 256;

/// Signals are the loop's: a thread started while this lives gets none.
class NoSignals {
 public:
    NoSignals()
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
    sigset_t before_;
};

void set_failure(SessionTask& task, const SqliteFile& file)
{
    task.answer = SessionAnswer();
    task.answer.result = file.failure();
    task.answer.why = file.why();
}

}  // namespace

void SessionTaskQueue::push(SessionTask& task)
{
    task.next = nullptr;
    (last ? last->next : first) = &task;
    last = &task;
}

SessionTask* SessionTaskQueue::pop()
{
    SessionTask* task = first;
    if (task) first = task->next;
    if (!first) last = nullptr;
    return task;
}

void SessionTaskQueue::append(SessionTaskQueue& other)
{
    if (other.empty()) return;
    (last ? last->next : first) = other.first;
    last = other.last;
    other = {};
}

SqliteThread::SqliteThread(const SessionStoreConf& conf, SqliteFile::Access access)
    : file_(conf, access)
{
    if (!open_pipe(wake_reader_, wake_writer_)) problem_ = "no pipe to its thread";
}

bool SqliteThread::start()
{
    if (thread_.joinable()) return true;
    if (!problem_.empty()) return false;
    const NoSignals quiet;
    try {
        thread_ = std::thread([this] { run(); });
        return true;
    } catch (const std::system_error& error) {
        problem_ = cat("no thread: ", error.what());
        return false;
    }
}

SqliteThread::~SqliteThread()
{
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    file_.hurry();
    news_.notify_one();
    thread_.join();
}

void SqliteThread::give(SessionTaskQueue& tasks)
{
    if (tasks.empty() || !start()) return;
    {
        const std::lock_guard lock(mutex_);
        in_.append(tasks);
    }
    news_.notify_one();
}

SessionTaskQueue SqliteThread::take()
{
    char bytes[64];
    while (::read(wake_reader_.get(), bytes, sizeof bytes) > 0) {
    }
    const std::lock_guard lock(mutex_);
    return std::exchange(out_, {});
}

void SqliteThread::run()
{
    SessionTaskQueue waiting;
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            if (waiting.empty()) news_.wait(lock, [this] { return ending_ || !in_.empty(); });
            waiting.append(in_);
            if (waiting.empty()) return;
        }
        SessionTaskQueue batch = take_batch(waiting);
        work(batch);
        hand_back(batch);
    }
}

SessionTaskQueue SqliteThread::take_batch(SessionTaskQueue& waiting)
{
    SessionTaskQueue batch;
    for (int i = 0; i < most_in_batch && !waiting.empty(); ++i) batch.push(*waiting.pop());
    return batch;
}

/// All or nothing: when the transaction is lost, every order of it has failed.
void SqliteThread::work(SessionTaskQueue& batch)
{
    const auto is_wanted = [](const SessionTask& task) {
        return !task.expired && !(task.only_reads() && task.abandoned);
    };
    bool good = false, begun = false;
    for (SessionTask* task = batch.first; task; task = task->next) {
        if (!is_wanted(*task)) continue;
        if (!begun) good = file_.begin();
        begun = true;
        if (!good || !(good = file_.carry_out(task->order, task->answer))) break;
    }
    if (good) good = file_.commit();
    if (begun && !good)
        for (SessionTask* task = batch.first; task; task = task->next) set_failure(*task, file_);
}

void SqliteThread::hand_back(SessionTaskQueue& batch)
{
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = out_.empty();
        out_.append(batch);
    }
    // A full pipe has woken the loop already.
    if (first && ::write(wake_writer_.get(), "", 1) < 0) {
    }
}

}  // namespace ostler
