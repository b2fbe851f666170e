// status_conf.cc - the settings of the module status.
#include "modules/status_conf.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/base/section.h"
#include "common/base/text.h"

namespace ostler {

namespace {

/// How many bits the text form has: 32 or 128; 0 when it is no address.
int read_address(std::string_view text, std::array<std::uint8_t, 16>& address)
{
    const std::string name(text);
    address = {};
    if (::inet_pton(AF_INET, name.c_str(), address.data() + 12) == 1) {
        address[10] = address[11] = 0xff;
        return 32;
    }
    return ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1 ? 128 : 0;
}

}  // namespace

bool AddressRange::parse(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const int width = read_address(text.substr(0, slash), address);
    if (width == 0) return false;
    bits = 128;
    if (slash == text.npos) return true;
    const std::string_view digits = text.substr(slash + 1);
    int length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc() || end != digits.data() + digits.size() || length < 0 ||
        length > width)
        return false;
    bits = 128 - width + length;
    return true;
}

bool AddressRange::contains(std::string_view text) const
{
    std::array<std::uint8_t, 16> other;
    if (read_address(text, other) == 0) return false;
    const auto whole = static_cast<std::size_t>(bits / 8);
    if (std::memcmp(address.data(), other.data(), whole) != 0) return false;
    const int rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return ((address[whole] ^ other[whole]) & mask) == 0;
}

void configure_status(StatusConf& conf, Section& s)
{
    if (s.get("enabled", conf.enabled, "the whole location is the page about the server")) {
        conf.prefix = s.scope_path();
        if (!conf.prefix.ends_with('/')) conf.prefix += '/';
        if (conf.enabled && conf.prefix == "/")
            s.error("enabled", "belongs into a location such as \"/status/\": it takes all of it");
    }
    std::vector<std::string> names;
    if (!s.get("allow", names,
               "addresses and networks that may see it, beside this machine: \"192.0.2.0/24\""))
        return;
    conf.allow.clear();
    for (const std::string& name : names) {
        AddressRange range;
        if (range.parse(name))
            conf.allow.push_back(range);
        else
            s.error("allow", cat("must be addresses such as \"192.0.2.1\" or networks such as "
                                 "\"2001:db8::/32\", not \"",
                                 name, '"'));
    }
}

}  // namespace ostler
