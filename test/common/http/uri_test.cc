// uri_test.cc - paths and authorities of request targets (RFC 3986, RFC 9110 section 4.2).
#include "common/http/uri.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;
using namespace std::string_view_literals;

TEST_CASE("a path is decoded once and normalised once")
{
    struct Row {
        std::string_view raw, path;
    };
    const Row rows[] = {
        {"/", "/"},
        {"/index.html", "/index.html"},
        {"/a/b/", "/a/b/"},
        // RFC 3986 section 2.1: percent-encoding
        {"/%41", "/A"},
        {"/%7e%7E", "/~~"},
        {"/a%20b", "/a b"},
        {"/%3F%23", "/?#"},
        {"/%25", "/%"},
        {"/%2541", "/%41"},  // decoded once: what is encoded twice stays literal
        {"/%252e%252e/", "/%2e%2e/"},
        {"/%252f", "/%2f"},
        {"/a+b", "/a+b"},  // '+' is a space in forms only
        // bytes above 0x7F are bytes
        {"/gr\xc3\xbc\xc3\x9f", "/gr\xc3\xbc\xc3\x9f"},
        {"/%C3%BC", "/\xc3\xbc"},
        {"/%ff\xfe", "/\xff\xfe"},
        {"/%c0%ae%c0%ae/x", "/\xc0\xae\xc0\xae/x"},  // an overlong '.' is no dot
        {"/%c0%af", "/\xc0\xaf"},                    // an overlong '/' is no slash
        // RFC 3986 section 5.2.4: dot segments
        {"/.", "/"},
        {"/./", "/"},
        {"/a/.", "/a/"},
        {"/a/./b", "/a/b"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/../b", "/b"},
        {"/a/b/..", "/a/"},
        {"/a/b/../..", "/"},
        {"/a/b/../../c", "/c"},
        {"/a/b/c/./../../g", "/a/g"},  // the example of RFC 3986
        {"/a/%2e%2e/b", "/b"},         // after decoding
        {"/a/.%2E/b", "/b"},
        {"/%2e/a", "/a"},
        {"/a/%2e", "/a/"},
        // names with dots that are no dot segments
        {"/.well-known/x", "/.well-known/x"},
        {"/...", "/..."},
        {"/.../a", "/.../a"},
        {"/..a/b..", "/..a/b.."},
        {"/a./b", "/a./b"},
        {"/.%2e.", "/..."},
        {"/..;/a", "/..;/a"},  // ';' is literal: no way around a proxy's rules
        {"/a;b=c/d", "/a;b=c/d"},
        // empty segments are merged
        {"//", "/"},
        {"//a", "/a"},
        {"///a///b///", "/a/b/"},
        {"/a//../b", "/b"},
        {"/a/.//./b", "/a/b"},
        // backslash is literal
        {"/a\\b", "/a\\b"},
        {"/%5c", "/\\"},
        {"/..\\a", "/..\\a"},
        {"/..%5ca", "/..\\a"},
        {"/a\"<>^`{|}", "/a\"<>^`{|}"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.raw);
        Arena arena;
        std::string_view path;
        CHECK(normalise_path(row.raw, arena, path) == Code::ok);
        CHECK(path == row.path);
    }
}

TEST_CASE("a path that is normal already is not copied")
{
    Arena arena;
    for (const std::string_view raw :
         {"/"sv, "/a/b.c"sv, "/.well-known/"sv, "/..."sv, "/a\xc3\xbc"sv, "/a/"sv}) {
        CAPTURE(raw);
        std::string_view path;
        CHECK(normalise_path(raw, arena, path) == Code::ok);
        CHECK(path.data() == raw.data());
        CHECK(path.size() == raw.size());
    }
}

TEST_CASE("a path that is wrong has its status")
{
    struct Row {
        std::string_view raw;
        Code status;
    };
    const Row rows[] = {
        {"", Code::bad_request},
        {"a", Code::bad_request},
        {"*", Code::bad_request},
        // RFC 3986 section 2.1: two hexadecimal digits
        {"/%", Code::bad_request},
        {"/%4", Code::bad_request},
        {"/%4/", Code::bad_request},
        {"/%41"sv.substr(0, 3), Code::bad_request},  // the view ends, not the memory
        {"/%41"sv.substr(0, 2), Code::bad_request},
        {"/%zz", Code::bad_request},
        {"/%4g", Code::bad_request},
        {"/%+1", Code::bad_request},
        {"/% 1", Code::bad_request},
        {"/%u002e", Code::bad_request},
        {"/%%41", Code::bad_request},
        // controls
        {"/%00", Code::bad_request},
        {"/a.php%00.html", Code::bad_request},
        {"/%0a", Code::bad_request},
        {"/%0D%0ASet-Cookie:", Code::bad_request},
        {"/%1f", Code::bad_request},
        {"/%7f", Code::bad_request},
        {"/%09", Code::bad_request},
        {"/\n"sv, Code::bad_request},
        {"/\0"sv, Code::bad_request},
        {"/\x7f", Code::bad_request},
        // above the root
        {"/..", Code::bad_request},
        {"/../", Code::bad_request},
        {"/../etc/passwd", Code::bad_request},
        {"/a/../..", Code::bad_request},
        {"/a/../../b", Code::bad_request},
        {"/./../b", Code::bad_request},
        {"//../b", Code::bad_request},
        {"/%2e%2e/b", Code::bad_request},
        {"/%2e./b", Code::bad_request},
        {"/.%2e", Code::bad_request},
        // an encoded slash is in no file's name
        {"/a%2fb", Code::not_found},
        {"/a%2Fb", Code::not_found},
        {"/%2f", Code::not_found},
        {"/..%2fetc", Code::not_found},
        {"/a/%2f../..", Code::not_found},
        {"/a%2f%00", Code::bad_request},  // what is malformed is said first
        {"/a%2f%", Code::bad_request},
    };
    for (const Row& row : rows) {
        CAPTURE(row.raw);
        Arena arena;
        std::string_view path = "untouched";
        CHECK(normalise_path(row.raw, arena, path) == row.status);
        CHECK(path == "untouched");
    }
}

TEST_CASE("an authority is a host in lower case and a port")
{
    struct Row {
        std::string_view text, host;
        int port;
    };
    const Row rows[] = {
        // RFC 3986 section 3.2.2
        {"example.org", "example.org", 0},
        {"EXAMPLE.Org", "example.org", 0},
        {"localhost:8080", "localhost", 8080},
        {"127.0.0.1", "127.0.0.1", 0},
        {"127.0.0.1:80", "127.0.0.1", 80},
        {"[::1]", "[::1]", 0},
        {"[::1]:443", "[::1]", 443},
        {"[2001:DB8::A]", "[2001:db8::a]", 0},
        {"[::ffff:192.0.2.1]:80", "[::ffff:192.0.2.1]", 80},
        {"a_b-c~d", "a_b-c~d", 0},
        {"a!$&'()*+;=b", "a!$&'()*+;=b", 0},  // odd, legal, unambiguous
        {"1", "1", 0},
        // one trailing dot is the root of the DNS
        {"example.org.", "example.org", 0},
        {"example.org.:80", "example.org", 80},
        // RFC 3986 section 3.2.3
        {"example.org:", "example.org", 0},
        {"[::1]:", "[::1]", 0},
        {"example.org:0", "example.org", 0},
        {"example.org:65535", "example.org", 65535},
        {"example.org:00080", "example.org", 80},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        Arena arena;
        const auto authority = parse_authority(row.text, arena);
        REQUIRE(authority);
        CHECK(authority->host == row.host);
        CHECK(authority->port == row.port);
    }
}

TEST_CASE("an authority that others may read differently is refused")
{
    const std::string_view rows[] = {
        "",
        ":80",
        ".",
        "..",
        ".example.org",
        "example..org",
        "example.org..",
        "user@example.org",  // RFC 9110 section 4.2.4: userinfo
        "user:secret@example.org",
        "example.org@",
        "example.org:65536",
        "example.org:99999999999999999999",
        "example.org:+80",
        "example.org:-1",
        "example.org:8o",
        "example.org:80:80",
        "example.org: 80",
        "example.org:80 ",
        "example.org/",
        "example.org?",
        "example.org#",
        "example.org\\",
        "a b",
        "a\tb",
        "a,b",  // two Host fields joined
        "%61",  // would have to be decoded
        "ex%00",
        "ex\0mple"sv,
        "gr\xc3\xbc\xc3\x9f.example",  // RFC 3986: US-ASCII only
        "a\"b",
        "a<b>",
        "a[::1]",
        "[]",
        "[",
        "[::1",
        "::1",
        "[::1]80",
        "[::1].",
        "[::1]x:80",
        "[1.2.3.4]",
        "[::g]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[::1%25eth0]",  // RFC 6874: a zone means something on the sender only
        "[fe80::1%eth0]",
        "[v1.x]",  // IPvFuture: there is none
        "[::1\0]"sv,
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
    };
    for (const std::string_view row : rows) {
        CAPTURE(row);
        Arena arena;
        CHECK_FALSE(parse_authority(row, arena));
    }
}

TEST_CASE("an encoded path is harmless in a URL, an attribute and a field")
{
    struct Row {
        std::string_view path, encoded;
    };
    const Row rows[] = {
        {"/", "/"},
        {"/a-b._~c/D9", "/a-b._~c/D9"},
        {"/!$()*,;=@", "/!$()*,;=@"},  // sub-delims
        {"/a b", "/a%20b"},
        {"/\"'<>&", "/%22%27%3C%3E%26"},  // HTML
        {"/?#%", "/%3F%23%25"},
        {"/\\evil", "/%5Cevil"},  // browsers take "/\" for "//"
        {"a:b", "a%3Ab"},         // not a scheme
        {"/+", "/%2B"},           // not a space
        {"/\r\n\t", "/%0D%0A%09"},
        {"/\0\x7f"sv, "/%00%7F"},
        {"/gr\xc3\xbc\xc3\x9f", "/gr%C3%BC%C3%9F"},
        {"/\xff", "/%FF"},
        {"/^`{|}[]", "/%5E%60%7B%7C%7D%5B%5D"},
        {"", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.path);
        CHECK(encode_path(row.path) == row.encoded);
    }
}

TEST_CASE("every byte that a path may have survives encoding and decoding")
{
    for (int c = 0; c < 256; ++c) {
        if (c < 0x20 || c == 0x7f || c == '/') continue;
        const std::string path = std::string("/x") + static_cast<char>(c) + "y";
        const std::string encoded = encode_path(path);
        Arena arena;
        std::string_view again;
        CAPTURE(c);
        CHECK(normalise_path(encoded, arena, again) == Code::ok);
        CHECK(again == path);
    }
}
