// session_sqlite_file.cc - orders as statements.
#include "modules/session_sqlite_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/fd.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using namespace std::chrono_literals;

constexpr int schema_version = 1;

/// Between two tries to open a file that failed, and between two looks whether it is still there.
constexpr auto reopen_interval = 200ms;
constexpr auto look_interval = 500ms;

#define SESSION_COLUMNS                                                                            \
    "handle,key,generation,created,seen,idle_until,ends,requests,origin,address,agent,data"

constexpr const char* schema = R"(
CREATE TABLE session(
  number INTEGER PRIMARY KEY,
  handle TEXT NOT NULL UNIQUE,
  key BLOB NOT NULL UNIQUE,
  old_key BLOB,
  old_until INTEGER,
  generation INTEGER NOT NULL,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  idle_until INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  origin TEXT NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  data TEXT NOT NULL);
CREATE INDEX session_old_key ON session(old_key) WHERE old_key IS NOT NULL;
CREATE INDEX session_origin ON session(origin, expires);
CREATE INDEX session_expires ON session(expires);
PRAGMA user_version = 1;
)";

SessionKey key_of(std::string_view blob)
{
    SessionKey key;
    if (blob.size() == key.hash.size()) std::memcpy(key.hash.data(), blob.data(), blob.size());
    return key;
}

}  // namespace

// --- statements ------------------------------------------------------------------------------

int SqliteStatement::begin(sqlite3* db)
{
    if (statement_) return SQLITE_OK;
    return sqlite3_prepare_v3(db, text_, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
}

void SqliteStatement::bind(int at, std::string_view text)
{
    sqlite3_bind_text(statement_, at, text.data() ? text.data() : "", static_cast<int>(text.size()),
                      SQLITE_STATIC);
}

void SqliteStatement::bind(int at, const SessionKey& key)
{
    sqlite3_bind_blob(statement_, at, key.hash.data(), static_cast<int>(key.hash.size()),
                      SQLITE_STATIC);
}

int SqliteStatement::run()
{
    const int code = step();
    end();
    return code;
}

std::string_view SqliteStatement::text(int column)
{
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes ? std::string_view(bytes, static_cast<std::size_t>(size)) : std::string_view();
}

void SqliteStatement::end()
{
    if (!statement_) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

void SqliteStatement::finalize()
{
    sqlite3_finalize(statement_);
    statement_ = nullptr;
}

// --- the file --------------------------------------------------------------------------------

SqliteFile::SqliteFile(const SessionStoreConf& conf, Access access)
    : path_(path_of(conf.url)), sync_(conf.sync), access_(access), patience_(conf.timeout),
      begin_(access == Access::writes ? "BEGIN IMMEDIATE" : "BEGIN"), commit_("COMMIT"),
      rollback_("ROLLBACK"),
      by_key_("SELECT " SESSION_COLUMNS " FROM session WHERE key=?1 AND expires>?2"),
      by_old_key_("SELECT " SESSION_COLUMNS
                  " FROM session WHERE old_key=?1 AND old_until>?2 AND expires>?2"),
      by_handle_("SELECT " SESSION_COLUMNS " FROM session WHERE handle=?1 AND expires>?2"),
      behind_("SELECT " SESSION_COLUMNS
              " FROM session WHERE handle>?1 AND expires>?2 ORDER BY handle LIMIT ?3"),
      count_("SELECT count(*) FROM "
             "(SELECT 1 FROM session WHERE origin=?1 AND expires>?2 LIMIT ?3)"),
      insert_("INSERT INTO session(" SESSION_COLUMNS ",expires) "
              "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,min(?6,?7))"),
      update_("UPDATE session SET data=?2,generation=?3 WHERE handle=?1"),
      rotate_("UPDATE session SET old_key=CASE WHEN ?3>0 THEN key END,old_until=?3,key=?2 "
              "WHERE handle=?1"),
      touch_("UPDATE session SET requests=requests+?2,seen=max(seen,?3),"
             "idle_until=max(idle_until,?4),expires=min(max(idle_until,?4),ends),"
             "address=?5,agent=?6 WHERE handle=?1"),
      delete_("DELETE FROM session WHERE handle=?1"),
      purge_("DELETE FROM session WHERE number IN "
             "(SELECT number FROM session WHERE expires<=?1 ORDER BY expires LIMIT ?2)")
{
}

std::string SqliteFile::path_of(std::string_view url)
{
    constexpr std::string_view scheme = "sqlite:";
    if (!url.starts_with(scheme)) return {};
    url.remove_prefix(scheme.size());
    while (url.starts_with("//")) url.remove_prefix(1);  // sqlite:///var/… is meant the same way
    return std::string(url);
}

int SqliteFile::on_busy(void* file, int)
{
    auto* self = static_cast<SqliteFile*>(file);
    if (self->hurry_.load(std::memory_order_relaxed)) return 0;
    if (Clock::now() - self->began_ > self->patience_) return 0;
    // Others hold the file for a millisecond or so: SQLite's own pauses grow far beyond that.
    ::usleep(500);
    return 1;
}

bool SqliteFile::fail(int code, const char* what)
{
    failure_ = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? StoreResult::nonsense
                                                               : StoreResult::unavailable;
    why_ = what ? what : db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    if ((code & 0xff) == SQLITE_IOERR && db_)
        if (const int error = sqlite3_system_errno(db_)) append(why_, ": ", std::strerror(error));
    if (failure_ == StoreResult::nonsense)
        append(why_, ": move ", path_, " and its -wal and -shm away, a new one is made then");
    // A reason that passes by itself leaves the connection as good as it was.
    const int kind = code & 0xff;
    if (kind != SQLITE_BUSY && kind != SQLITE_FULL) broken_ = true;
    for (SqliteStatement* s : {&by_key_, &by_old_key_, &by_handle_, &behind_, &count_, &insert_,
                               &update_, &rotate_, &touch_, &delete_, &purge_, &commit_, &begin_})
        s->end();
    if (db_ && !sqlite3_get_autocommit(db_) && rollback_.begin(db_) == SQLITE_OK) rollback_.run();
    return false;
}

/// Made by whoever comes first, for nobody else to read.
bool SqliteFile::create_file()
{
    const Fd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd || errno == EEXIST) return true;
    why_ = cat("cannot be made: ", std::strerror(errno));
    return false;
}

bool SqliteFile::open()
{
    failure_ = StoreResult::unavailable;
    close();
    opened_at_ = Clock::now();
    broken_ = true;
    struct stat st {};
    if (::stat(path_.c_str(), &st) != 0 && errno == ENOENT && !create_file()) return false;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (const int code = sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr); code != SQLITE_OK)
        return fail(code);
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_handler(db_, on_busy, this);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    if (!execute("PRAGMA trusted_schema=OFF; PRAGMA journal_mode=WAL; PRAGMA temp_store=MEMORY;") ||
        !execute(sync_ ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL") ||
        !prepare_schema())
        return false;
    if (::stat(path_.c_str(), &st) != 0) return fail(SQLITE_CANTOPEN, std::strerror(errno));
    device_ = st.st_dev;
    inode_ = st.st_ino;
    looked_at_ = Clock::now();
    broken_ = false;
    return true;
}

void SqliteFile::close()
{
    for (SqliteStatement* s :
         {&begin_, &commit_, &rollback_, &by_key_, &by_old_key_, &by_handle_, &behind_, &count_,
          &insert_, &update_, &rotate_, &touch_, &delete_, &purge_})
        s->finalize();
    sqlite3_close(db_);
    db_ = nullptr;
}

bool SqliteFile::execute(const char* sql)
{
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    return code == SQLITE_OK || fail(code);
}

/// Several processes may be at it: the first one to get the lock makes the tables.
bool SqliteFile::prepare_schema()
{
    const auto version = [this](int& number) {
        SqliteStatement ask("PRAGMA user_version");
        int code = ask.begin(db_);
        if (code == SQLITE_OK) code = ask.step();
        if (code != SQLITE_ROW) return fail(code);
        number = static_cast<int>(ask.number(0));
        return true;
    };
    int found = 0;
    if (!version(found)) return false;
    if (found == 0) {
        if (!execute("BEGIN IMMEDIATE") || !version(found)) return false;
        if (found == 0 && !execute(schema)) return false;
        if (!execute("COMMIT")) return false;
        found = schema_version;
    }
    if (found == schema_version) return true;
    return fail(SQLITE_ERROR, "made by another version of ostler: move it away");
}

bool SqliteFile::was_replaced()
{
    const auto now = Clock::now();
    if (now - looked_at_ < look_interval) return false;
    looked_at_ = now;
    struct stat st {};
    return ::stat(path_.c_str(), &st) != 0 || st.st_dev != device_ || st.st_ino != inode_;
}

// --- transactions ----------------------------------------------------------------------------

bool SqliteFile::begin()
{
    began_ = Clock::now();
    if (db_ && !broken_ && was_replaced()) broken_ = true;
    if (!db_ || broken_) {
        const bool too_soon =
            opened_at_ != Clock::time_point() && began_ - opened_at_ < reopen_interval;
        if (too_soon && !why_.empty()) return false;
        if (!open()) return false;
    }
    int code = begin_.begin(db_);
    if (code == SQLITE_OK) code = begin_.run();
    return code == SQLITE_DONE || fail(code);
}

bool SqliteFile::commit()
{
    int code = commit_.begin(db_);
    if (code == SQLITE_OK) code = commit_.run();
    return code == SQLITE_DONE || fail(code);
}

bool SqliteFile::carry_out(const SessionOrder& order, SessionAnswer& answer)
{
    switch (order.kind) {
    case SessionOrder::Kind::load: return load(order, answer);
    case SessionOrder::Kind::find: return find(order, answer);
    case SessionOrder::Kind::create: return create(order, answer);
    case SessionOrder::Kind::save: return save(order, answer);
    case SessionOrder::Kind::destroy: return destroy(order, answer);
    case SessionOrder::Kind::list: return list(order, answer);
    case SessionOrder::Kind::purge: return purge(order, answer);
    case SessionOrder::Kind::touch: return touch_all(order, answer);
    }
    return false;
}

namespace {

void read_row(SqliteStatement& s, SessionRecord& r)
{
    r.handle = s.text(0);
    r.key = key_of(s.text(1));
    r.generation = static_cast<std::uint64_t>(s.number(2));
    r.created = s.number(3);
    r.seen = s.number(4);
    r.idle_until = s.number(5);
    r.ends = s.number(6);
    r.requests = static_cast<std::uint64_t>(s.number(7));
    r.origin = s.text(8);
    r.address = s.text(9);
    r.agent = s.text(10);
    r.values = decode_session_values(s.text(11));
}

}  // namespace

/// The one row of a statement that is bound, or none.
bool SqliteFile::take_row(SqliteStatement& s, SessionAnswer& answer)
{
    const int code = s.step();
    if (code == SQLITE_ROW) read_row(s, answer.record);
    s.end();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(code);
    answer.result = code == SQLITE_ROW ? StoreResult::done : StoreResult::absent;
    return true;
}

bool SqliteFile::load(const SessionOrder& order, SessionAnswer& answer)
{
    for (SqliteStatement* s : {&by_key_, &by_old_key_}) {
        if (const int code = s->begin(db_); code != SQLITE_OK) return fail(code);
        s->bind(1, order.key);
        s->bind(2, order.now);
        if (!take_row(*s, answer)) return false;
        if (answer.result == StoreResult::done) return true;
    }
    return true;
}

bool SqliteFile::find(const SessionOrder& order, SessionAnswer& answer)
{
    if (const int code = by_handle_.begin(db_); code != SQLITE_OK) return fail(code);
    by_handle_.bind(1, order.handle);
    by_handle_.bind(2, order.now);
    return take_row(by_handle_, answer);
}

bool SqliteFile::create(const SessionOrder& order, SessionAnswer& answer)
{
    const SessionRecord& r = order.record;
    if (order.most_of_origin > 0) {
        if (const int code = count_.begin(db_); code != SQLITE_OK) return fail(code);
        count_.bind(1, r.origin);
        count_.bind(2, order.now);
        count_.bind(3, static_cast<std::int64_t>(order.most_of_origin));
        const int code = count_.step();
        const bool full = code == SQLITE_ROW &&
                          count_.number(0) >= static_cast<std::int64_t>(order.most_of_origin);
        count_.end();
        if (code != SQLITE_ROW) return fail(code);
        if (full) {
            answer.result = StoreResult::full;
            return true;
        }
    }
    const std::string data = encode_session_values(r.values);
    if (data.size() > order.most_bytes) {
        answer.result = StoreResult::too_large;
        return true;
    }
    if (const int code = insert_.begin(db_); code != SQLITE_OK) return fail(code);
    insert_.bind(1, r.handle);
    insert_.bind(2, r.key);
    insert_.bind(3, static_cast<std::int64_t>(r.generation));
    insert_.bind(4, r.created);
    insert_.bind(5, r.seen);
    insert_.bind(6, r.idle_until);
    insert_.bind(7, r.ends);
    insert_.bind(8, static_cast<std::int64_t>(r.requests));
    insert_.bind(9, r.origin);
    insert_.bind(10, r.address);
    insert_.bind(11, r.agent);
    insert_.bind(12, data);
    if (const int code = insert_.run(); code != SQLITE_DONE) return fail(code);
    answer.result = StoreResult::done;
    return true;
}

bool SqliteFile::save(const SessionOrder& order, SessionAnswer& answer)
{
    if (!find(order, answer)) return false;
    if (answer.result != StoreResult::done) return true;
    SessionRecord& r = answer.record;
    apply_session_changes(r.values, order.changes);
    if (r.values.size() > most_session_values ||
        encoded_session_size(r.values) > order.most_bytes) {
        answer.result = StoreResult::too_large;
        return true;
    }
    ++r.generation;
    if (!update(order, r)) return false;
    return order.activity.empty() || touch(order.activity.front());
}

bool SqliteFile::update(const SessionOrder& order, SessionRecord& r)
{
    const std::string data = encode_session_values(r.values);
    if (const int code = update_.begin(db_); code != SQLITE_OK) return fail(code);
    update_.bind(1, order.handle);
    update_.bind(2, data);
    update_.bind(3, static_cast<std::int64_t>(r.generation));
    if (const int code = update_.run(); code != SQLITE_DONE) return fail(code);
    if (!order.new_key) return true;
    if (const int code = rotate_.begin(db_); code != SQLITE_OK) return fail(code);
    r.key = *order.new_key;
    rotate_.bind(1, order.handle);
    rotate_.bind(2, r.key);
    rotate_.bind(3, order.grace.count() > 0 ? order.now + order.grace.count() : 0);
    const int code = rotate_.run();
    return code == SQLITE_DONE || fail(code);
}

bool SqliteFile::destroy(const SessionOrder& order, SessionAnswer& answer)
{
    if (const int code = delete_.begin(db_); code != SQLITE_OK) return fail(code);
    delete_.bind(1, order.handle);
    if (const int code = delete_.run(); code != SQLITE_DONE) return fail(code);
    answer.result = sqlite3_changes(db_) > 0 ? StoreResult::done : StoreResult::absent;
    return true;
}

bool SqliteFile::list(const SessionOrder& order, SessionAnswer& answer)
{
    if (const int code = behind_.begin(db_); code != SQLITE_OK) return fail(code);
    behind_.bind(1, order.handle);
    behind_.bind(2, order.now);
    behind_.bind(3, static_cast<std::int64_t>(order.most));
    int code = SQLITE_ROW;
    while ((code = behind_.step()) == SQLITE_ROW) read_row(behind_, answer.records.emplace_back());
    behind_.end();
    if (code != SQLITE_DONE) return fail(code);
    answer.result = StoreResult::done;
    return true;
}

bool SqliteFile::purge(const SessionOrder& order, SessionAnswer& answer)
{
    if (const int code = purge_.begin(db_); code != SQLITE_OK) return fail(code);
    purge_.bind(1, order.now);
    purge_.bind(2, static_cast<std::int64_t>(order.most));
    if (const int code = purge_.run(); code != SQLITE_DONE) return fail(code);
    answer.count = static_cast<std::size_t>(sqlite3_changes(db_));
    answer.result = StoreResult::done;
    return true;
}

bool SqliteFile::touch(const SessionActivity& a)
{
    if (const int code = touch_.begin(db_); code != SQLITE_OK) return fail(code);
    touch_.bind(1, a.handle);
    touch_.bind(2, static_cast<std::int64_t>(a.requests));
    touch_.bind(3, a.seen);
    touch_.bind(4, a.idle_until);
    touch_.bind(5, a.address);
    touch_.bind(6, a.agent);
    const int code = touch_.run();
    return code == SQLITE_DONE || fail(code);
}

bool SqliteFile::touch_all(const SessionOrder& order, SessionAnswer& answer)
{
    for (const SessionActivity& a : order.activity)
        if (!touch(a)) return false;
    answer.result = StoreResult::done;
    return true;
}

}  // namespace ostler
