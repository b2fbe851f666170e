// tls_tickets.h - the keys of session tickets (RFC 5077, RFC 8446 section 4.6.1).
//
// The state of a session is with the client, sealed by a key that every worker of every
// generation has: whoever is connected next can continue it.  Three keys at a time: the next
// one, which all know before anybody uses it, the current one, and the one before, so that
// a ticket stays good for as long as it says.
#pragma once

#include <array>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace ostler {

class TicketKeys {
 public:
    /// New keys out of the system's random numbers.
    TicketKeys();
    TicketKeys(const TicketKeys&) = default;
    TicketKeys& operator=(const TicketKeys&) = default;
    ~TicketKeys();  // wipes them

    /// The next key becomes the current one; the oldest is forgotten.
    void rotate();

    /// For another process; wiped by whoever has it.
    std::string encode() const;
    /// False, and nothing has changed, when `bytes` did not come from encode().
    bool decode(std::string_view bytes);

    enum class Opened : unsigned char { no, yes, renew };
    /// Prepares for the sealing of a new ticket: writes its key's name (16 bytes) and a fresh
    /// initial vector (16 bytes).
    bool seal(unsigned char* name, unsigned char* iv, evp_cipher_ctx_st*, evp_mac_ctx_st*) const;
    /// Prepares for the opening of one; `no` when none of our keys has this name.
    Opened open(const unsigned char* name, const unsigned char* iv, evp_cipher_ctx_st*,
                evp_mac_ctx_st*) const;

 private:
    struct Key {
        unsigned char name[16], cipher[32], mac[32];
    };
    enum Role : std::size_t { next, current, previous };
    static void fill(Key&);
    static bool use(const Key&, const unsigned char* iv, evp_cipher_ctx_st*, evp_mac_ctx_st*,
                    bool sealing);

    std::array<Key, 3> keys_;
};

}  // namespace ostler
