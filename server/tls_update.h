// tls_update.h - what the master tells workers about TLS while they run: a pair that replaces
// one, new ticket keys.
//
// It travels through a pipe whose reading end goes over the channel: too large for a message of
// fixed size, and nothing that should ever be in a file.
#pragma once

#include <string>
#include <string_view>

#include "common/base/fd.h"
#include "server/tls_pair.h"

namespace ostler {

class Tls;

struct TlsUpdate {
    enum class Kind : unsigned char { pair, ticket_keys };
    Kind kind = Kind::pair;
    PairFiles files;
    PairText text;
    std::string keys;  ///< TicketKeys::encode()
};

/// To be wiped by whoever has it.
std::string encode_update(const TlsUpdate&);
/// False when `bytes` are none.
bool decode_update(std::string_view bytes, TlsUpdate&);

/// Overwrites what held keys.
void wipe(std::string&);

/// A pipe with `bytes` in it and no writer; empty when it does not take them all (64 KiB).
Fd pipe_with(std::string_view bytes);

/// Reads an update from `pipe` and does what it says.  False, with the reason in `why`, when it
/// cannot be done: nothing has changed then.
bool apply_update(Tls&, int pipe, std::string& why);

}  // namespace ostler
