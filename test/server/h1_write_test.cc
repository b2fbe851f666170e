// h1_write_test.cc - the head of a response as bytes.
#include "server/h1_write.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace ostler;

namespace {

struct Fixture {
    Arena arena;
    Response response{arena};
    HeadFacts facts;
    std::string write()
    {
        const WrittenHead head = write_head(arena, response, facts);
        refused = head.refused;
        return std::string(head.bytes);
    }
    const Field* refused = nullptr;
};

}  // namespace

TEST_CASE("a head is the status line, the connection's fields, the module's, and an empty line")
{
    Fixture f;
    f.response.status = Code::not_found;
    f.response.fields.add(FieldId::content_type, "text/plain");
    f.response.fields.add("X-One", "1");
    f.response.fields.add("X-One", "2");
    f.facts = {"Sun, 06 Nov 1994 08:49:37 GMT", "ostler", "close", false, 12};
    CHECK(f.write() ==
          "HTTP/1.1 404 Not Found\r\nServer: ostler\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          "Content-Type: text/plain\r\nX-One: 1\r\nX-One: 2\r\nContent-Length: 12\r\n"
          "Connection: close\r\n\r\n");
    CHECK(f.refused == nullptr);
}

TEST_CASE("what is not known is not written")
{
    Fixture f;
    CHECK(f.write() == "HTTP/1.1 200 OK\r\n\r\n");
    f.facts.chunked = true;
    CHECK(f.write() == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("a length of any size is written, and a status without a phrase has an empty or a plain one")
{
    Fixture f;
    f.facts.length = std::numeric_limits<std::uint64_t>::max();
    CHECK(f.write() == "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    f.facts.length.reset();
    f.response.status = static_cast<Code>(599);
    CHECK(f.write().starts_with("HTTP/1.1 599 "));
}

TEST_CASE("framing and connection are not the module's to write, in any spelling")
{
    for (const char* name : {"Connection", "connection", "Content-Length", "CONTENT-LENGTH", "Date",
                             "Keep-Alive", "Server", "TE", "Trailer", "Transfer-Encoding",
                             "transfer-encoding", "Upgrade"}) {
        CAPTURE(name);
        Fixture f;
        f.response.fields.add(name, "x");
        CHECK(f.write() == "HTTP/1.1 200 OK\r\n\r\n");
        CHECK(f.refused == nullptr);
    }
}

TEST_CASE("a field that would break the message is left out and reported, whoever wrote it")
{
    struct Row { std::string name, value; };
    const Row rows[] = {
        {"X", "a\r\nSet-Cookie: stolen"}, {"X", "a\nb"},          {"X", "a\rb"},
        {"X", std::string("a\0b", 3)},    {"X", "a\x01"},         {"X", "a\x7f"},
        {"X Y", "a"},                     {"X:", "a"},            {"", "a"},
        {"X\r\nY", "a"},                  {"Location", "/a\r\n"}, {"Content-Type", "a\nb"},
        {"Content-Length ", "5"},         {"\"X\"", "a"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name);
        CAPTURE(row.value);
        Fixture f;
        f.response.fields.add("Before", "1");
        f.response.fields.add(row.name, row.value);
        f.response.fields.add("After", "2");
        CHECK(f.write() == "HTTP/1.1 200 OK\r\nBefore: 1\r\nAfter: 2\r\n\r\n");
        REQUIRE(f.refused != nullptr);
        CHECK(f.refused->name == row.name);
    }
}

TEST_CASE("tabs, bytes above 0x7f and empty values are allowed in a value")
{
    Fixture f;
    f.response.fields.add("A", "x\ty");
    f.response.fields.add("B", "\xc3\xa9");
    f.response.fields.add("C", "");
    CHECK(f.write() == "HTTP/1.1 200 OK\r\nA: x\ty\r\nB: \xc3\xa9\r\nC: \r\n\r\n");
}

TEST_CASE("many and long fields fit")
{
    Fixture f;
    std::string value(9000, 'v'), want = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 50; ++i) {
        f.response.fields.add("X-Long", value);
        want += "X-Long: " + value + "\r\n";
    }
    CHECK(f.write() == want + "\r\n");
}
