// tls_bio.cc - gathers records, and never reorders or loses one.
#include "server/tls_bio.h"

#include <openssl/bio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/check.h"

namespace ostler {

namespace {

#if defined(MSG_NOSIGNAL)
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;  // SIGPIPE is ignored in every worker
#endif

// Held records of the one call that is under way: a worker has one thread.
constexpr std::size_t most_held = 160 * 1024;
char held[most_held];
std::size_t held_size = 0;
const TlsSocket* holder = nullptr;  // whose they are

TlsSocket& socket_of(BIO* b) { return *static_cast<TlsSocket*>(BIO_get_data(b)); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

/// What stands before the next record: the tail of this connection or what is held.
iovec ahead_of(TlsSocket& s)
{
    if (s.unsent() > 0) return {s.tail.data() + s.tail_at, s.unsent()};
    return {held, held_size};
}

/// The first `sent` bytes of what stood ahead have left.
void note_sent(TlsSocket& s, std::size_t sent)
{
    if (s.unsent() == 0) {
        s.tail.assign(held + sent, held_size - sent);
        s.tail_at = 0;
        held_size = 0;
    } else {
        s.tail_at += sent;
    }
    if (s.unsent() > 0) return;
    std::string().swap(s.tail);  // an idle connection keeps no room for it
    s.tail_at = 0;
}

int write_record(BIO* b, const char* bytes, int size)
{
    TlsSocket& s = socket_of(b);
    const auto count = static_cast<std::size_t>(size);
    BIO_clear_retry_flags(b);
    CHECK_THAT(held_size == 0 || holder == &s);
    if (s.hold && s.unsent() == 0 && count <= most_held - held_size) {
        std::memcpy(held + held_size, bytes, count);
        held_size += count;
        holder = &s;
        return size;
    }
    iovec parts[2] = {ahead_of(s), {const_cast<char*>(bytes), count}};
    const std::size_t ahead = parts[0].iov_len;
    msghdr message{};
    message.msg_iov = ahead > 0 ? parts : parts + 1;
    message.msg_iovlen = ahead > 0 ? 2 : 1;
    const ssize_t n = sendmsg(s.fd, &message, send_flags);
    if (n < 0 && !would_block()) {
        held_size = 0;
        return -1;
    }
    const std::size_t sent = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (ahead > 0) note_sent(s, std::min(sent, ahead));
    if (sent > ahead) return static_cast<int>(sent - ahead);
    BIO_set_retry_write(b);
    return -1;
}

int read_some(BIO* b, char* to, int size)
{
    BIO_clear_retry_flags(b);
    const ssize_t n = recv(socket_of(b).fd, to, static_cast<std::size_t>(size), 0);
    if (n < 0 && would_block()) BIO_set_retry_read(b);
    if (n == 0) BIO_set_flags(b, BIO_FLAGS_IN_EOF);
    return static_cast<int>(n);
}

long control(BIO* b, int command, long number, void* out)
{
    switch (command) {
    case BIO_C_GET_FD:
        if (out) *static_cast<int*>(out) = socket_of(b).fd;
        return socket_of(b).fd;
    case BIO_CTRL_GET_CLOSE: return BIO_get_shutdown(b);
    case BIO_CTRL_SET_CLOSE: BIO_set_shutdown(b, static_cast<int>(number)); return 1;
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
    default: return 0;
    }
}

int destroy(BIO* b)
{
    delete static_cast<TlsSocket*>(BIO_get_data(b));
    BIO_set_data(b, nullptr);
    return 1;
}

const BIO_METHOD* method()
{
    static const BIO_METHOD* const made = [] {
        const int type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR;
        BIO_METHOD* m = BIO_meth_new(type, "records of ostler");
        if (!m || BIO_meth_set_write(m, write_record) != 1 ||
            BIO_meth_set_read(m, read_some) != 1 || BIO_meth_set_ctrl(m, control) != 1 ||
            BIO_meth_set_destroy(m, destroy) != 1)
            std::abort();
        return m;
    }();
    return made;
}

}  // namespace

void TlsSocket::keep_held()
{
    if (held_size == 0) return;
    CHECK_THAT(holder == this);
    tail.append(held, held_size);
    held_size = 0;
}

BIO* make_tls_bio(int fd, TlsSocket*& socket)
{
    BIO* b = BIO_new(method());
    if (!b) std::abort();
    socket = new TlsSocket(fd);
    BIO_set_data(b, socket);
    BIO_set_init(b, 1);
    return b;
}

}  // namespace ostler
