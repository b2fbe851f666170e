// reply.h - what a client got: a strict reader of HTTP/1.1 responses.
//
// Stricter than any client: whatever RFC 9112 does not allow a server to send is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ostler::test {

struct Reply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    bool complete = false;         ///< false: the connection ended before the content did
    bool ends_with_close = false;  ///< no length and not chunked

    /// The only value of `name` (as usually written); nothing when absent.
    std::optional<std::string> get(std::string_view name) const
    {
        for (const auto& [n, v] : fields)
            if (n == name) return v;
        return std::nullopt;
    }
    bool closes() const { return get("Connection") == "close"; }
};

/// Reads the responses on one connection from its first byte on.
class ReplyReader {
 public:
    /// The final responses in `wire`, in order, the last one perhaps incomplete; an incomplete head
    /// counts for nothing.  `methods`: of the requests, in order; only HEAD makes a difference.
    /// `ended`: the server closed cleanly.  After a violation error() is not empty.
    std::vector<Reply> read(std::string_view wire, const std::vector<std::string>& methods,
                            bool ended)
    {
        rest_ = wire;
        error_.clear();
        interim_ = 0;
        std::vector<Reply> replies;
        while (!rest_.empty() && error_.empty()) {
            if (!replies.empty() && replies.back().ends_with_close) break;
            Reply r;
            if (!read_head(r)) break;
            if (r.status == 100) {
                if (!r.fields.empty()) violate("a 100 with fields");
                ++interim_;
                continue;
            }
            if (!replies.empty() && replies.back().closes())
                violate("a response after one that said close");
            const std::size_t index = replies.size();
            const bool to_head = index < methods.size() && methods[index] == "HEAD";
            read_body(r, to_head, ended);
            replies.push_back(std::move(r));
            if (!replies.back().complete) break;
        }
        return replies;
    }
    const std::string& error() const { return error_; }
    /// 100 responses seen by the last read().
    int interim() const { return interim_; }
    /// What followed the last whole response.
    std::string_view rest() const { return rest_; }

 private:
    bool violate(const char* what)
    {
        if (error_.empty()) error_ = what;
        return false;
    }
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    static bool is_token_char(char c)
    {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    }
    static bool is_value_char(char c)
    {
        return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }

    /// Takes the line at `from` without its CRLF; false when it is not complete.
    bool line(std::size_t& from, std::string_view& out) const
    {
        const std::size_t end = rest_.find("\r\n", from);
        if (end == rest_.npos) return false;
        out = rest_.substr(from, end - from);
        from = end + 2;
        return true;
    }

    bool read_head(Reply& r)
    {
        std::size_t at = 0;
        std::string_view text;
        if (rest_.substr(0, 9) != std::string_view("HTTP/1.1 ").substr(0, rest_.size()))
            return violate("no status line");
        if (!line(at, text)) return false;
        if (text.size() < 13 || !is_digit(text[9]) || !is_digit(text[10]) || !is_digit(text[11]) ||
            text[12] != ' ')
            return violate("a bad status line");
        r.status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + text[11] - '0';
        if (r.status < 200 && r.status != 100) return violate("a status nobody asked for");
        for (const char c : text.substr(13))
            if (!is_value_char(c)) return violate("a control byte in the phrase");
        for (;;) {
            if (!line(at, text)) return false;
            if (text.empty()) break;
            if (!read_field(r, text)) return false;
        }
        rest_.remove_prefix(at);
        return true;
    }

    bool read_field(Reply& r, std::string_view text)
    {
        const std::size_t colon = text.find(": ");
        if (colon == text.npos || colon == 0) return violate("a field without name or value");
        const std::string_view name = text.substr(0, colon), value = text.substr(colon + 2);
        for (const char c : name)
            if (!is_token_char(c)) return violate("a bad field name");
        for (const char c : value)
            if (!is_value_char(c)) return violate("a control byte in a field value");
        for (const char* once : {"Content-Length", "Transfer-Encoding", "Connection", "Date",
                                 "Server", "Content-Type"})
            if (name == once && r.get(name)) return violate("a field twice");
        r.fields.emplace_back(name, value);
        return true;
    }

    void read_body(Reply& r, bool to_head, bool ended)
    {
        const auto length = r.get("Content-Length");
        const auto coding = r.get("Transfer-Encoding");
        if (coding && *coding != "chunked") return void(violate("an unknown transfer coding"));
        if (coding && length) return void(violate("both a length and a coding"));
        if (r.status == 204 && (coding || length)) return void(violate("framing in a 204"));
        if (r.status == 304 && coding) return void(violate("a coding in a 304"));
        if (to_head || r.status == 204 || r.status == 304) {
            r.complete = true;
        } else if (coding) {
            read_chunks(r);
        } else if (length) {
            read_counted(r, *length);
        } else {
            if (!r.closes()) violate("content that ends with the connection, but no close");
            r.ends_with_close = true;
            r.complete = ended;
            r.body = rest_;
            rest_ = {};
        }
    }

    void read_counted(Reply& r, const std::string& length)
    {
        std::uint64_t left = 0;
        for (const char c : length) {
            if (!is_digit(c)) return void(violate("a bad Content-Length"));
            left = left * 10 + static_cast<std::uint64_t>(c - '0');
        }
        if (length.empty()) return void(violate("an empty Content-Length"));
        r.body = rest_.substr(0, static_cast<std::size_t>(left));
        rest_.remove_prefix(r.body.size());
        r.complete = r.body.size() == left;
    }

    void read_chunks(Reply& r)
    {
        for (;;) {
            std::size_t at = 0;
            std::string_view text;
            if (!line(at, text)) return;
            std::uint64_t size = 0;
            if (text.empty() || text.size() > 8) return void(violate("a bad chunk size"));
            for (const char c : text) {
                const std::size_t digit = std::string_view("0123456789abcdef").find(c);
                if (digit == std::string_view::npos) return void(violate("a bad chunk size"));
                size = size * 16 + digit;
            }
            rest_.remove_prefix(at);
            const std::string_view part = rest_.substr(0, static_cast<std::size_t>(size));
            r.body += part;
            rest_.remove_prefix(part.size());
            if (part.size() < size) return;
            if (rest_.size() < 2) return;
            if (!rest_.starts_with("\r\n")) return void(violate("a chunk without CRLF"));
            rest_.remove_prefix(2);
            if (size == 0) {
                r.complete = true;
                return;
            }
        }
    }

    std::string_view rest_;
    std::string error_;
    int interim_ = 0;
};

}  // namespace ostler::test
