// tls_client.h - the certificate of a client, in words for scripts and logs.
#pragma once

#include "common/http/message.h"

struct ssl_st;

namespace ostler {

/// Fills in the client's part of `facts`; the words are kept with the SSL.  For connections whose
/// host asks for a certificate, after the handshake.
void describe_client(ssl_st*, TlsFacts& facts);

}  // namespace ostler
