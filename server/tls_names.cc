// tls_names.cc - the server_name extension, and names made comparable.
#include "server/tls_names.h"

#include "common/base/text.h"

namespace ostler {

namespace {

/// A big-endian number of two bytes at the start of `s`, which has them.
std::size_t number_at(std::string_view s)
{
    return static_cast<std::size_t>(static_cast<unsigned char>(s[0])) << 8 |
           static_cast<unsigned char>(s[1]);
}

}  // namespace

// ServerNameList: length, then entries of {type, length, bytes}; one entry of type 0 is all that
// was ever defined, and RFC 6066 forbids a second one.
std::string_view read_server_name(std::string_view extension)
{
    constexpr std::size_t overhead = 5;
    if (extension.size() <= overhead) return {};
    if (number_at(extension) != extension.size() - 2 || extension[2] != 0) return {};
    if (number_at(extension.substr(3)) != extension.size() - overhead) return {};
    return extension.substr(overhead);
}

HostName::HostName(std::string_view name)
{
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() > longest) return;
    for (const char c : name) text_[size_++] = lower(c);
}

}  // namespace ostler
