// uri.cc - paths and authorities of request targets.
#include "common/http/uri.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "common/base/text.h"
#include "common/http/chars.h"

namespace ostler {

namespace {

bool is_dots(std::string_view segment) { return segment == "." || segment == ".."; }

/// True when the path is already what it would be normalised to.
bool is_normal(std::string_view raw)
{
    std::size_t segment = 1;
    for (std::size_t i = 1; i < raw.size(); ++i) {
        const char c = raw[i];
        if (c == '%' || is_control(c)) return false;
        if (c != '/') continue;
        if (i == segment || is_dots(raw.substr(segment, i - segment))) return false;
        segment = i + 1;
    }
    return !is_dots(raw.substr(segment));
}

/// A normalised path in the making: "/", then segments that are each followed by '/'.
class PathWriter {
 public:
    /// `out` has room for the raw path.
    explicit PathWriter(char* out) : out_(out) { out_[size_++] = '/'; }

    void add(char c) { out_[size_++] = c; }
    /// A segment is complete, and a '/' follows it when `slash`.  False: above the root.
    bool end_segment(bool slash)
    {
        const std::string_view segment(out_ + start_, size_ - start_);
        if (segment == "..") {
            if (start_ == 1) return false;
            size_ = std::string_view(out_, start_ - 1).rfind('/') + 1;
        } else if (segment.empty() || segment == ".") {
            size_ = start_;
        } else if (slash) {
            add('/');
        }
        start_ = size_;
        return true;
    }
    std::string_view path() const { return {out_, size_}; }

 private:
    char* out_;
    std::size_t size_ = 0;
    std::size_t start_ = 1;  // of the current segment
};

/// Whatever is in the literal it stays one spelling: lower case, IPv6 only.
bool is_ipv6(std::string_view text)
{
    char buffer[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof buffer) return false;
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\0';
    in6_addr address;
    return std::strlen(buffer) == text.size() && inet_pton(AF_INET6, buffer, &address) == 1;
}

/// reg-name and IPv4address (RFC 3986 section 3.2.2), except for what would have to be decoded
/// ('%'), what joins two fields (','), and empty labels: others may read those differently.
bool is_reg_name(std::string_view host)
{
    constexpr std::string_view marks = "-._~!$&'()*+;=";
    char before = '.';
    for (const char c : host) {
        const bool letter = (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c);
        if (!letter && marks.find(c) == marks.npos) return false;
        if (c == '.' && before == '.') return false;
        before = c;
    }
    return true;
}

/// An empty port is as good as none (RFC 3986 section 3.2.3).
bool read_port(std::string_view digits, std::uint16_t& port)
{
    std::uint32_t value = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return false;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
        if (value > 65535) return false;
    }
    port = static_cast<std::uint16_t>(value);
    return true;
}

std::string_view to_lower(std::string_view text, Arena& arena)
{
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::none_of(text.begin(), text.end(), is_upper)) return text;
    auto* copy = static_cast<char*>(arena.allocate(text.size(), 1));
    std::transform(text.begin(), text.end(), copy, lower);
    return {copy, text.size()};
}

}  // namespace

Code normalise_path(std::string_view raw, Arena& arena, std::string_view& path)
{
    if (!raw.starts_with('/')) return Code::bad_request;
    if (is_normal(raw)) {
        path = raw;
        return Code::ok;
    }
    bool encoded_slash = false;
    PathWriter out(static_cast<char*>(arena.allocate(raw.size(), 1)));
    for (std::size_t i = 1; i < raw.size(); ++i) {
        char c = raw[i];
        if (c == '/') {
            if (!out.end_segment(true)) return Code::bad_request;
            continue;
        }
        if (c == '%') {
            if (raw.size() - i < 3) return Code::bad_request;
            const int high = hex_value(raw[i + 1]), low = hex_value(raw[i + 2]);
            if (high < 0 || low < 0) return Code::bad_request;
            c = static_cast<char>(high * 16 + low);
            if (c == '/') encoded_slash = true;
            i += 2;
        }
        if (is_control(c)) return Code::bad_request;
        out.add(c);
    }
    if (!out.end_segment(false)) return Code::bad_request;
    if (encoded_slash) return Code::not_found;
    path = out.path();
    return Code::ok;
}

std::optional<Authority> parse_authority(std::string_view text, Arena& arena)
{
    Authority result;
    std::string_view host = text.substr(0, text.find(':'));
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == text.npos || !is_ipv6(text.substr(1, close - 1))) return std::nullopt;
        host = text.substr(0, close + 1);
    } else {
        if (!is_reg_name(host)) return std::nullopt;
    }
    const std::string_view port = text.substr(host.size());
    if (!port.empty() && (port[0] != ':' || !read_port(port.substr(1), result.port)))
        return std::nullopt;
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty()) return std::nullopt;
    result.host = to_lower(host, arena);
    return result;
}

std::string encode_path(std::string_view path)
{
    constexpr std::string_view literal = "-._~/!$()*,;=@";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(path.size() + path.size() / 4);
    for (const char c : path) {
        const char l = lower(c);
        if ((l >= 'a' && l <= 'z') || is_digit(c) || literal.find(c) != literal.npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

}  // namespace ostler
