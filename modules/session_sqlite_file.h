// session_sqlite_file.h - one connection to the database of sessions.
//
// Used by one thread at a time, and never by the loop's: any call may wait for the disk or for
// another process.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "modules/session_store.h"

namespace ostler {

/// One prepared statement of a connection; made on first use.
class SqliteStatement {
 public:
    explicit SqliteStatement(const char* text) : text_(text) {}
    ~SqliteStatement() { finalize(); }
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    /// Ready to be bound and stepped; a result code of SQLite.
    int begin(sqlite3* db);
    void bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }
    /// `text` must stay until end().
    void bind(int at, std::string_view text);
    void bind(int at, const SessionKey& key);
    void bind_null(int at) { sqlite3_bind_null(statement_, at); }
    int step() { return sqlite3_step(statement_); }
    /// Steps a statement without rows; SQLITE_DONE when it worked.
    int run();
    std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
    /// Valid until the next step.
    std::string_view text(int column);
    void end();
    void finalize();

 private:
    const char* text_;
    sqlite3_stmt* statement_ = nullptr;
};

/// Carries out orders in transactions.
class SqliteFile {
 public:
    enum class Access : unsigned char { reads, writes };
    SqliteFile(const SessionStoreConf&, Access);
    ~SqliteFile() { close(); }

    /// Begins a transaction, opening the file when that is to be done.  False, and the reason is
    /// in why(), when it cannot be.
    bool begin();
    /// Within a transaction.  False: all of it is lost, and what was done in it.
    bool carry_out(const SessionOrder&, SessionAnswer&);
    /// False: as above.
    bool commit();

    StoreResult failure() const { return failure_; }
    const std::string& why() const { return why_; }

    /// From another thread: waiting for others ends now.
    void hurry() { hurry_.store(true, std::memory_order_relaxed); }

    /// Path of the file in a store's URL; empty when it has none.
    static std::string path_of(std::string_view url);

 private:
    using Clock = std::chrono::steady_clock;
    static int on_busy(void* file, int count);
    bool open();
    void close();
    bool create_file();
    bool prepare_schema();
    bool execute(const char* sql);
    bool was_replaced();
    /// Notes what went wrong and takes everything back.
    bool fail(int code, const char* what = nullptr);

    bool load(const SessionOrder&, SessionAnswer&);
    bool find(const SessionOrder&, SessionAnswer&);
    bool create(const SessionOrder&, SessionAnswer&);
    bool save(const SessionOrder&, SessionAnswer&);
    bool update(const SessionOrder&, SessionRecord&);
    bool destroy(const SessionOrder&, SessionAnswer&);
    bool list(const SessionOrder&, SessionAnswer&);
    bool purge(const SessionOrder&, SessionAnswer&);
    bool touch(const SessionActivity&);
    bool touch_all(const SessionOrder&, SessionAnswer&);
    bool take_row(SqliteStatement&, SessionAnswer&);

    const std::string path_;
    const bool sync_;
    const Access access_;
    const std::chrono::milliseconds patience_;
    sqlite3* db_ = nullptr;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    Clock::time_point began_, looked_at_, opened_at_;
    bool broken_ = false;  // to be opened anew
    StoreResult failure_ = StoreResult::unavailable;
    std::string why_;
    std::atomic<bool> hurry_{false};

    SqliteStatement begin_, commit_, rollback_, by_key_, by_old_key_, by_handle_, behind_, count_,
        insert_, update_, rotate_, touch_, delete_, purge_;
};

}  // namespace ostler
