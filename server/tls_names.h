// tls_names.h - the host a client names in its hello (SNI, RFC 6066 section 3).
#pragma once

#include <cstddef>
#include <string_view>

namespace ostler {

/// The host name in the content of a server_name extension; empty when there is none or the
/// extension is malformed.
std::string_view read_server_name(std::string_view extension);

/// A host name as our tables have it: lower case, without a trailing dot.
class HostName {
 public:
    /// Empty when `name` is longer than a host name can be.
    explicit HostName(std::string_view name);
    std::string_view view() const { return {text_, size_}; }

 private:
    static constexpr std::size_t longest = 255;
    char text_[longest];
    std::size_t size_ = 0;
};

}  // namespace ostler
