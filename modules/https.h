// https.h - from http to https, and staying there.
#pragma once

#include <chrono>
#include <string>

#include "common/module.h"

namespace ostler {

/// Settings of one scope.
struct HttpsConf {
    bool redirect = false;              ///< who asks in plain text is sent to https
    int port = 443;                     ///< where https is
    std::chrono::milliseconds hsts{0};  ///< how long browsers remember to use https; 0: not told
    bool hsts_subdomains = false;
    bool hsts_preload = false;
    std::string hsts_value;  ///< of the field; empty: none
};

extern const Module https_module;

}  // namespace ostler
