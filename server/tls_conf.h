// tls_conf.h - the group `tls` of the server scope and of hosts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/tls_pair.h"

namespace ostler {

class Section;

enum class ClientCertificates : unsigned char { off, optional, require };

/// Read like a module's Conf: a copy of the outer scope's, then overwritten.
struct TlsConf {
    /// Side by side, for what clients can: one with an EC key, one with RSA.  Empty: none.
    std::vector<PairPtr> pairs;
    int min_version = 2;  ///< of TLS 1.x
    /// For TLS 1.2; those of 1.3 are all sound.  Forward secrecy and AEAD only.
    std::string ciphers = "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20";
    std::string groups;  ///< of the key exchange, in OpenSSL's names; empty: ours
    ClientCertificates client_certificates = ClientCertificates::off;
    std::string client_ca;  ///< file with the authorities that may vouch for clients
    std::vector<std::shared_ptr<x509_st>> client_authorities;  ///< what is in it
    int client_depth = 3;                                      ///< intermediates allowed
};

/// Of the server as a whole: clients may come back to any worker.
struct TlsResumption {
    std::chrono::milliseconds time = std::chrono::hours(4);  ///< zero: none
};

/// Reads the group and the files it names.  `resumption` is null in a host, which has none.
void configure_tls(TlsConf&, TlsResumption* resumption, Section&);

/// Why clients that ask for `name` will not accept any of these certificates; empty: they do.
std::string names_problem(const TlsConf&, std::string_view name);

}  // namespace ostler
