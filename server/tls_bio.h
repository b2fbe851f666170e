// tls_bio.h - the socket under an SSL: records that follow each other leave with one call.
//
// OpenSSL writes record by record, and each write(2) of 16 KiB costs as much as its encryption.
// A record that is held is kept here until the next one that is not, and both go out together.
#pragma once

#include <cstddef>
#include <string>

struct bio_st;  // OpenSSL's BIO

namespace ostler {

/// What a BIO made by make_tls_bio() knows; it lives as long as the BIO.
struct TlsSocket {
    explicit TlsSocket(int socket) : fd(socket) {}
    int fd;
    bool hold = false;  ///< another record follows in the same call of the transport
    /// Records that OpenSSL takes for sent and the socket did not take.  They go out before
    /// anything else; until then OpenSSL is told to try its next record again.
    std::string tail;
    std::size_t tail_at = 0;  ///< bytes of it that have left

    std::size_t unsent() const { return tail.size() - tail_at; }
    /// What is held becomes the tail: nothing follows after all.
    void keep_held();
};

/// A BIO over `fd`, which it does not close; `socket` is set to what it knows.  Aborts when there
/// is no memory for it.
bio_st* make_tls_bio(int fd, TlsSocket*& socket);

}  // namespace ostler
