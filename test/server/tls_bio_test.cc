// tls_bio_test.cc - records gathered under an SSL, without an SSL.
#include "server/tls_bio.h"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>

#include "test/support/tls_peer.h"

using namespace ostler;
using namespace ostler::test;

namespace {

struct Pair {
    explicit Pair(int type = SOCK_STREAM)
    {
        std::signal(SIGPIPE, SIG_IGN);
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, type, 0, ends) == 0);
        ours = Fd(ends[0]);
        theirs = Fd(ends[1]);
        make_nonblocking(ends[0]);
        make_nonblocking(ends[1]);
        bio.reset(make_tls_bio(ends[0], socket));
    }
    int write(std::string_view bytes, bool hold)
    {
        socket->hold = hold;
        const int n = BIO_write(bio.get(), bytes.data(), static_cast<int>(bytes.size()));
        socket->hold = false;
        return n;
    }
    /// What one call of the other end gets.
    std::string receive()
    {
        std::string bytes(1 << 18, '\0');
        const ssize_t n = ::recv(theirs.get(), bytes.data(), bytes.size(), 0);
        bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return bytes;
    }
    Fd ours, theirs;
    TlsSocket* socket = nullptr;
    struct FreeBio {
        void operator()(BIO* b) const { BIO_free(b); }
    };
    std::unique_ptr<BIO, FreeBio> bio;
};

}  // namespace

TEST_CASE("held records leave with the next one, in one call and in order")
{
    Pair pair(SOCK_SEQPACKET);  // keeps the calls apart
    CHECK(pair.write("one ", true) == 4);
    CHECK(pair.write("two ", true) == 4);
    CHECK(pair.receive().empty());
    CHECK(pair.write("three", false) == 5);
    CHECK(pair.receive() == "one two three");
    CHECK(pair.write("four", false) == 4);
    CHECK(pair.receive() == "four");
    CHECK(pair.socket->unsent() == 0);
}

TEST_CASE("records that nothing follows are kept, and leave before the next one")
{
    Pair pair(SOCK_SEQPACKET);
    CHECK(pair.write("one ", true) == 4);
    pair.socket->keep_held();
    CHECK(pair.socket->unsent() == 4);
    CHECK(pair.write("two ", true) == 4);
    CHECK(pair.receive() == "one two ");
    CHECK(pair.socket->unsent() == 0);
}

TEST_CASE("more than is held at most goes out early")
{
    Pair pair;
    std::string all;
    const std::string record(16'000, 'r');
    for (int i = 0; i < 12; ++i) {
        all += record;
        const int n = pair.write(record, true);
        if (n != 16'000) break;
    }
    CHECK_FALSE(pair.receive().empty());
    pair.socket->keep_held();
}

TEST_CASE("what a full socket does not take is tried again, and nothing is lost or repeated")
{
    Pair pair;
    std::string sent, got, record;
    int refused = 0;
    for (int i = 0; sent.size() < 4'000'000; ++i) {
        if (record.empty()) {
            record.assign(10'000, static_cast<char>('a' + i % 26));
            for (std::size_t k = 0; k < record.size(); k += 5)
                record[k] = static_cast<char>(i >> 3);
        }
        // OpenSSL writes the rest of a record that was taken in part, and the same again when
        // none of it was.
        const int n = pair.write(record, i % 4 != 3);
        if (n > 0) {
            sent += record.substr(0, static_cast<std::size_t>(n));
            record.erase(0, static_cast<std::size_t>(n));
            continue;
        }
        CHECK(BIO_should_retry(pair.bio.get()));
        CHECK(BIO_should_write(pair.bio.get()));
        pair.socket->keep_held();
        ++refused;
        if (refused % 3 == 0) got += pair.receive();
    }
    CHECK(refused > 10);
    pair.socket->keep_held();
    while (pair.socket->unsent() > 0 || got.size() < sent.size()) {
        got += pair.receive();
        if (pair.socket->unsent() > 0 && pair.write(".", false) == 1) sent += '.';
    }
    CHECK(got == sent);
    CHECK(pair.socket->tail.capacity() < 100);
}

TEST_CASE("a peer that is gone is an error, not a reason to wait")
{
    Pair pair;
    pair.theirs.reset();
    CHECK(pair.write("one", true) == 3);
    CHECK(pair.write("two", false) == -1);
    CHECK_FALSE(BIO_should_retry(pair.bio.get()));
    // Nothing of it comes out on another connection.
    Pair other;
    CHECK(other.write("mine", false) == 4);
    CHECK(other.receive() == "mine");
}

TEST_CASE("reading: bytes, nothing yet, and the end")
{
    Pair pair;
    char bytes[10];
    CHECK(BIO_read(pair.bio.get(), bytes, sizeof bytes) == -1);
    CHECK(BIO_should_read(pair.bio.get()));
    REQUIRE(::send(pair.theirs.get(), "abc", 3, 0) == 3);
    CHECK(BIO_read(pair.bio.get(), bytes, sizeof bytes) == 3);
    CHECK(BIO_get_fd(pair.bio.get(), nullptr) == pair.ours.get());
    pair.theirs.reset();
    CHECK(BIO_read(pair.bio.get(), bytes, sizeof bytes) == 0);
    CHECK(BIO_eof(pair.bio.get()) == 1);
}
