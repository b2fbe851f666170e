// message.h - requests and responses as values.  Every view points into the arena of the
// exchange or at a constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/arena.h"
#include "common/http/fields.h"
#include "common/http/method.h"
#include "common/http/status.h"

namespace ostler {

class Body;

/// What TLS negotiated with the peer.  The views live as long as the connection.
struct TlsFacts {
    std::string_view protocol;     ///< "TLSv1.3"
    std::string_view cipher;       ///< OpenSSL's name: "TLS_AES_128_GCM_SHA256"
    std::string_view server_name;  ///< as the client named the host (SNI); empty: it did not
    std::string_view alpn;         ///< protocol chosen by ALPN: "http/1.1"; empty: none
    bool resumed = false;          ///< the handshake continued an earlier session
    /// The client's certificate: "NONE", "SUCCESS" or "FAILED:reason".  Empty: not asked for.
    std::string_view client_verify;
    // Empty without a certificate; names in the form of RFC 2253.
    std::string_view client_subject;
    std::string_view client_issuer;
    std::string_view client_serial;       ///< hexadecimal, upper case
    std::string_view client_fingerprint;  ///< SHA-256, hexadecimal, lower case
};

/// Who is at the other end, as facts; there is no socket in a request.
struct Peer {
    std::string_view address;        ///< numeric, IPv4-mapped IPv6 written as IPv4; "unix" for a socket file
    std::uint16_t port = 0;
    std::string_view local_address;  ///< the address the client connected to
    std::uint16_t local_port = 0;
    bool tls = false;
    bool loopback = false;           ///< the peer is this machine
    const TlsFacts* tls_facts = nullptr;  ///< null without TLS
};

struct Request {
    explicit Request(Arena& arena) : fields(arena) {}

    Method method = Method::get;
    std::string_view method_name = "GET";
    std::string_view target;     ///< as received
    std::string_view scheme = "http";  ///< "http" or "https": how the request arrived
    std::string_view host;       ///< lower case, no port, no trailing dot; empty in HTTP/1.0 without Host
    std::uint16_t port = 0;      ///< of Host or the authority; 0 when absent
    std::string_view path;       ///< decoded and normalised once, starts with '/'; "*" for OPTIONS *
    std::string_view raw_path;   ///< of the target, not decoded
    std::string_view query;      ///< raw, without '?'
    bool has_query = false;      ///< "/a?" has an empty query, "/a" has none
    int minor_version = 1;       ///< HTTP/1.N
    Fields fields;
    std::optional<std::uint64_t> content_length;  ///< absent: no content, or chunked
    Body* body = nullptr;        ///< null when the request has no content
    Peer peer;
    std::string_view id;         ///< unique enough to find one request in the logs

    bool is_get_or_head() const { return method == Method::get || method == Method::head; }
};

struct Response {
    explicit Response(Arena& arena) : fields(arena) {}

    Code status = Code::ok;
    Fields fields;               ///< without Date, Server, Connection and framing: the stream adds those
    Body* body = nullptr;        ///< lives in the arena
    /// The size of the representation when there is no body to ask (304, a HEAD answered
    /// without opening anything); usually absent.
    std::optional<std::uint64_t> content_length;
    bool close = false;          ///< the connection must not be used again
};

}  // namespace ostler
