// serve.h - `ostler serve`: one folder, now, without a configuration file.
#pragma once

#include <string>

#include "server/options.h"

namespace ostler {

/// Serves options.folder until Ctrl-C; returns the exit status.
int serve_folder(const Options&);

/// What `serve` would have written into a configuration file.
struct ServePlan {
    std::string folder;  ///< absolute
    bool lan = false;    ///< all addresses, not loopback only
    bool ipv6 = false;   ///< loopback of IPv6, too
    bool cgi = false;    ///< files in cgi-bin are scripts, and *.php when there is php-cgi
    std::string state = {};  ///< with cgi: a folder for sessions and files of scripts; empty: none
    std::string certificate = {};  ///< file for HTTPS; empty: plain HTTP
    std::string key = {};
    int port = 8080;               ///< asked for; 0: any
    int bound_port = 8080;         ///< got
    bool tls() const { return !certificate.empty(); }
};
std::string serve_configuration(const ServePlan&);

}  // namespace ostler
