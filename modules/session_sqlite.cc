// session_sqlite.cc - sessions in an SQLite file that all workers share.
//
// Two threads a worker: readers of a file in WAL mode wait for no writer, so looking a session up
// takes no longer while another process holds the lock that writing needs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/fd.h"
#include "common/base/log.h"
#include "common/module.h"
#include "modules/session_sqlite_thread.h"

namespace ostler {

namespace {

class SqliteStore final : public SessionStore, Job {
 public:
    SqliteStore(Loop& loop, const SessionStoreConf& conf)
        : SessionStore(loop, conf), reads_(*this, SqliteFile::Access::reads),
          writes_(*this, SqliteFile::Access::writes)
    {
    }

 private:
    /// One thread, and what the loop has for it.
    struct Lane final : Waker {
        Lane(SqliteStore& owner, SqliteFile::Access access)
            : store(owner), thread(owner.conf(), access),
              watch(owner.loop(), thread.wake_fd(), Watch::For::readable, *this)
        {
            if (thread.problem().empty()) watch.arm();
        }
        ~Lane() { thread.give(outbox); }  // what was told last is done, too
        void wake() override
        {
            store.take(*this);
            watch.arm();
        }
        SqliteStore& store;
        SqliteThread thread;
        Watch watch;
        SessionTaskQueue outbox;
    };

    void submit(SessionTask& task) override
    {
        (task.only_reads() ? reads_ : writes_).outbox.push(task);
        loop().post(*this);  // what comes in this turn of the loop goes together
    }
    void run() override
    {
        for (Lane* lane : {&reads_, &writes_}) {
            lane->thread.give(lane->outbox);
            if (!lane->outbox.empty()) refuse(*lane);
        }
    }
    void refuse(Lane& lane)
    {
        while (SessionTask* task = lane.outbox.pop()) {
            task->answer.why = lane.thread.problem();
            finished(*task);
        }
    }
    void take(Lane& lane)
    {
        SessionTaskQueue back = lane.thread.take();
        while (SessionTask* task = back.pop()) finished(*task);
    }

    Lane reads_, writes_;
};

std::string problem_with(const SessionStoreConf& conf)
{
    if (SqliteFile::path_of(conf.url).starts_with('/')) return {};
    return cat('"', conf.url,
               "\" has no absolute path: say \"sqlite:/var/lib/ostler/sessions.db\"");
}

bool refuse(const std::string& path, std::string_view what)
{
    const int error = errno;
    log_error("session: ", path, ": ", what, ": ", std::strerror(error));
    return false;
}

/// The folder is only made when its parent is there; what is there is not changed.
bool make_folder(const std::string& path, const RunAs& who)
{
    const std::size_t slash = path.rfind('/');
    if (slash == 0) return true;
    const std::string folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0750) != 0)
        return errno == EEXIST || refuse(folder, "the folder cannot be made");
    const bool owned = !who.change || ::lchown(folder.c_str(), who.uid, who.gid) == 0;
    return owned || refuse(folder, "the folder cannot be given to the user of the workers");
}

/// In the master, which may be root: only a file that was made just now is given away, so nobody
/// gets another file by putting a link in its place.
bool open_store(const SessionStoreConf& conf, const RunAs& who)
{
    const std::string path = SqliteFile::path_of(conf.url);
    if (!make_folder(path, who)) return false;
    const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return errno == EEXIST || refuse(path, "cannot be made");
    const bool owned = !who.change || ::fchown(fd.get(), who.uid, who.gid) == 0;
    return owned || refuse(path, "cannot be given to the user of the workers");
}

std::unique_ptr<SessionStore> make(Loop& loop, const SessionStoreConf& conf)
{
    return std::make_unique<SqliteStore>(loop, conf);
}

}  // namespace

extern const SessionStoreKind sqlite_session_store;
constexpr SessionStoreKind sqlite_session_store{
    .scheme = "sqlite:", .problem_with = problem_with, .open = open_store, .make = make};

}  // namespace ostler
