// status_conf.h - the settings of the module status.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ostler {

class Section;

/// Addresses with the same first bits.  IPv4 is kept as IPv4-mapped IPv6.
struct AddressRange {
    std::array<std::uint8_t, 16> address{};
    int bits = 128;

    /// From "192.0.2.0/24", "2001:db8::/32" or an address alone; false when it is none of these.
    bool parse(std::string_view text);
    bool contains(std::string_view address) const;
};

struct StatusConf {
    bool enabled = false;
    std::string prefix = "/";  ///< path of the scope that says `enabled`, with a final '/'
    std::vector<AddressRange> allow;
};

void configure_status(StatusConf&, Section&);

}  // namespace ostler
