// transport_tls.cc - the transport over TLS: whole records, written at once, read to the last one.
//
// EV_WRITE stays on: libevent arms it by itself when something stands in its output, and that is
// only ever the one record a full socket refused.  What comes behind it waits in TlsWire.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "server/transport.h"

namespace ostler {

namespace {

constexpr std::size_t record = TlsWire::record_size;
constexpr std::size_t most_pending = 64 * 1024;  // taken off OpenSSL ahead of who asked
constexpr std::size_t file_block = 128 * 1024;   // of one pread

// A worker has one thread, and nothing is kept here between two calls.
alignas(64) char scratch[file_block];

}  // namespace

void Transport::open_tls(ssl_st* ssl)
{
    tls_ = std::make_unique<TlsWire>(loop_.base(), fd_, ssl);
    bev_ = tls_->bev();
}

// The descriptor of a bufferevent that was freed closes in a later turn: it goes on as a copy.
bool Transport::become_plain()
{
    const int copy = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    if (closed_) event_free(std::exchange(closed_, nullptr));
    bufferevent_free(bev_);
    tls_.reset();
    fd_ = copy;
    open_plain();
    bufferevent_setcb(bev_, on_read, on_write, on_event, this);
    seen_input_ = 0;
    failed_ = ended_ = leaving_ = reading_ = false;
    return true;
}

// --- input --------------------------------------------------------------------------------

/// Reads what is left of one record into the input; false when there is nothing now.
bool Transport::read_record()
{
    // The handshake is libevent's: it knows what to wait for.
    if (!tls_->is_open()) return false;
    evbuffer* in = bufferevent_get_input(bev_);
    char bytes[4096];
    std::size_t got = 0;
    switch (tls_->read(bytes, sizeof bytes, got)) {
    case TlsWire::Io::done: break;
    case TlsWire::Io::later: return false;
    case TlsWire::Io::ended: end(); return false;
    case TlsWire::Io::failed: fail(); return false;
    }
    if (evbuffer_add(in, bytes, got) != 0) std::abort();
    received_ += got;
    seen_input_ += got;
    return true;
}

/// Takes over what OpenSSL has read ahead; true when there is something new.
bool Transport::take_pending()
{
    bool news = false;
    while (!failed_ && !ended_ && tls_->has_pending() && input_size() < most_pending) {
        const bool some = read_record();
        news = news || some || failed_ || ended_;
        if (!some) break;
    }
    return news;
}

std::size_t Transport::read_into_tls(Buffer& out, std::size_t max)
{
    if (!tls_->is_open()) return 0;
    evbuffer_iovec room[2];
    const int parts = evbuffer_reserve_space(out.raw(), static_cast<ev_ssize_t>(max), room, 2);
    if (parts <= 0) std::abort();
    std::size_t total = 0;
    bool more = true;
    for (int i = 0; i < parts; ++i) {
        const std::size_t space = std::min(room[i].iov_len, max - total);
        std::size_t filled = 0;
        while (more && filled < space) {
            std::size_t got = 0;
            const auto io =
                tls_->read(static_cast<char*>(room[i].iov_base) + filled, space - filled, got);
            filled += got;
            more = io == TlsWire::Io::done;
            if (io == TlsWire::Io::ended) end();
            if (io == TlsWire::Io::failed) fail();
        }
        room[i].iov_len = filled;
        total += filled;
    }
    evbuffer_commit_space(out.raw(), room, parts);
    received_ += total;
    return total;
}

// --- output -------------------------------------------------------------------------------

/// Writes one record; false when it, and everything behind it, has to wait.  `more`: the next one
/// is there, and both may leave together.
bool Transport::write_record(const char* bytes, std::size_t size, bool more)
{
    switch (tls_->write(bytes, size, more)) {
    case TlsWire::Io::done: return true;
    case TlsWire::Io::later:
        // OpenSSL wants the same bytes again, contiguous: libevent repeats the write with them.
        if (evbuffer_add(output(), bytes, size) != 0) std::abort();
        return false;
    case TlsWire::Io::ended:
    case TlsWire::Io::failed: break;
    }
    fail();
    return false;
}

void Transport::send_tls(std::span<iovec> parts, bool more)
{
    bool waits = more || queued() > 0;
    std::size_t gathered = 0;  // bytes of small parts, copied together to leave as one record
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const char* at = static_cast<const char*>(parts[i].iov_base);
        std::size_t left = parts[i].iov_len;
        const bool last = i + 1 == parts.size();
        handed_ += left;
        while (left > 0 && !waits && !failed_) {
            const std::size_t size = std::min(left, record - gathered);
            const char* from = at;
            if (gathered > 0 || (size < record && !last)) {
                std::memcpy(scratch + gathered, at, size);
                from = scratch;
            }
            gathered += size;
            at += size;
            left -= size;
            const bool ends = last && left == 0;
            if (gathered == record || ends)
                waits = !write_record(from, std::exchange(gathered, 0), last && !ends);
        }
        if (left > 0 && !failed_) wait_behind({at, left}, more);
    }
    if (gathered > 0 && !waits && !failed_)
        write_record(scratch, gathered, false);  // empty last part
    if (!more) flush_tls();
}

/// Heads are short and may be gone before a file is: those are copied.
void Transport::wait_behind(std::string_view bytes, bool copy)
{
    evbuffer* to = tls_->need_waiting();
    const int added =
        copy ? evbuffer_add(to, bytes.data(), bytes.size())
             : evbuffer_add_reference(to, bytes.data(), bytes.size(), nullptr, nullptr);
    if (added != 0) std::abort();
}

void Transport::flush_tls()
{
    evbuffer* from = tls_->waiting();
    if (!from) return;
    while (!failed_ && evbuffer_get_length(output()) == 0) {
        evbuffer_iovec part;
        if (evbuffer_peek(from, static_cast<ev_ssize_t>(record), nullptr, &part, 1) < 1) return;
        const char* bytes = static_cast<const char*>(part.iov_base);
        std::size_t size = std::min(part.iov_len, record);
        if (size < record && size < evbuffer_get_length(from)) {
            size = static_cast<std::size_t>(evbuffer_copyout(from, scratch, record));
            bytes = scratch;
        }
        write_record(bytes, size, size < evbuffer_get_length(from));
        evbuffer_drain(from, size);  // written, or in the output
    }
}

// No sendfile and no mmap (a file that became shorter would be a SIGBUS): blocks of it are read,
// the first one behind the head, and written as whole records.
Transport::FileSent Transport::send_file_tls(Body& body, std::size_t max)
{
    if (tls_->waiting_size() > file_block / 2) flush_tls();
    if (failed_) return FileSent::failed;
    if (evbuffer_get_length(output()) > 0) return FileSent::later;
    const FileRange& range = *body.file();
    std::size_t left = static_cast<std::size_t>(std::min<std::uint64_t>(range.length, max));
    while (left > 0) {
        const std::size_t ahead = tls_->waiting_size();
        const std::size_t count = std::min(left, file_block - ahead);
        const ssize_t n = pread(range.fd, scratch + ahead, count, static_cast<off_t>(range.offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            flush_tls();
            return FileSent::truncated;
        }
        if (ahead > 0) evbuffer_remove(tls_->waiting(), scratch, ahead);
        const auto got = static_cast<std::size_t>(n);
        left -= got;
        handed_ += got;
        body.sent(got);
        for (std::size_t at = 0; at < ahead + got; at += record) {
            const std::size_t size = std::min(record, ahead + got - at);
            if (write_record(scratch + at, size, at + size < ahead + got)) continue;
            if (failed_) return FileSent::failed;
            at += size;
            if (at < ahead + got) wait_behind({scratch + at, ahead + got - at}, true);
            return FileSent::some;
        }
    }
    return FileSent::some;
}

}  // namespace ostler
