// session_sqlite_thread.h - a thread that waits for the disk, so that the loop need not.
//
// Orders go in as a batch, under one lock; the thread carries out what is there in one transaction
// and hands the batch back through a pipe that wakes the loop.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/fd.h"
#include "modules/session_sqlite_file.h"

namespace ostler {

/// Tasks in a row, first in, first out; linked by SessionTask::next.
struct SessionTaskQueue {
    SessionTask* first = nullptr;
    SessionTask* last = nullptr;

    bool empty() const { return first == nullptr; }
    void push(SessionTask& task);
    SessionTask* pop();
    /// Moves all of `other` to the end.
    void append(SessionTaskQueue& other);
};

class SqliteThread {
 public:
    SqliteThread(const SessionStoreConf&, SqliteFile::Access);
    /// Carries out what it was given, without waiting for others, and ends.
    ~SqliteThread();
    SqliteThread(const SqliteThread&) = delete;
    SqliteThread& operator=(const SqliteThread&) = delete;

    /// Empty when there is no pipe or no thread: why.
    const std::string& problem() const { return problem_; }
    /// Readable when take() has something.
    int wake_fd() const { return wake_reader_.get(); }
    /// Takes all `tasks`, or none when there is a problem.  The first ones start the thread: a
    /// worker that forks as it starts has none yet.
    void give(SessionTaskQueue& tasks);
    SessionTaskQueue take();

 private:
    bool start();
    void run();
    void work(SessionTaskQueue& batch);
    SessionTaskQueue take_batch(SessionTaskQueue& waiting);
    void hand_back(SessionTaskQueue& batch);

    SqliteFile file_;  // the thread's alone
    std::string problem_;
    Fd wake_reader_, wake_writer_;
    std::mutex mutex_;
    std::condition_variable news_;
    SessionTaskQueue in_, out_;  // under the mutex
    bool ending_ = false;        // the same
    std::thread thread_;
};

}  // namespace ostler
