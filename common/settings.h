// settings.h - what the dispatcher and the transports are told, per scope: `http: { … }`.
//
// Read like a module's Conf (copy of the outer scope, then overwritten).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/http/status.h"

namespace ostler {

class Section;

/// A page of the user's own for an error: an internal request for `path` gives the body.
struct ErrorPage {
    Code status = Code::not_found;
    std::string path;
};

struct HttpConf {
    using Ms = std::chrono::milliseconds;
    // Those the head needs are taken from the server scope: no host is known yet.
    Ms handshake_timeout{10'000};   ///< whole TLS handshake
    Ms head_timeout{10'000};        ///< whole head, from its first byte
    Ms idle_timeout{60'000};        ///< keep-alive without a request
    int keep_alive_requests = 10'000;  ///< after that many the connection closes; 0: the first closes
    std::uint64_t request_line_size = 8 * 1024;
    std::uint64_t fields_size = 32 * 1024;

    Ms body_timeout{30'000};        ///< longest silence while a request body is awaited
    Ms send_timeout{30'000};        ///< longest time without a byte taken by the client
    std::uint64_t body_rate = 100;  ///< least bytes/s of a request body, after a grace of body_timeout
    std::uint64_t send_rate = 100;  ///< least bytes/s taken by the client, after a grace of send_timeout
    std::uint64_t max_body = 1 << 20;   ///< largest request body; more: 413
    std::vector<ErrorPage> error_pages;
};

/// Reads the group `http`.
void configure_http(HttpConf&, Section&);

}  // namespace ostler
