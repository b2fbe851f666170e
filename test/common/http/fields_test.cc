// fields_test.cc - header fields in arrival order (RFC 9110 section 5).
#include "common/http/fields.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

namespace {

/// "Name: value" of every field, joined by '|'.
std::string written(const Fields& fields)
{
    std::string s;
    for (const Field& f : fields)
        s.append(s.empty() ? "" : "|").append(f.name).append(": ").append(f.value);
    return s;
}

}  // namespace

TEST_CASE("every known name finds its number in any case, and no other name does")
{
    for (int i = 1; i <= static_cast<int>(FieldId::x_forwarded_for); ++i) {
        const auto id = static_cast<FieldId>(i);
        const std::string name(field_name(id));
        CAPTURE(name);
        REQUIRE(is_token(name));
        CHECK(field_id(name) == id);

        std::string other_case = name;
        for (char& c : other_case)
            if (c >= 'a' && c <= 'z')
                c = static_cast<char>(c - 32);
            else if (c >= 'A' && c <= 'Z')
                c = static_cast<char>(c + 32);
        CHECK(field_id(other_case) == id);

        CHECK(field_id(name + "x") == FieldId::other);
        CHECK(field_id("x" + name) == FieldId::other);
        for (char& c : other_case) {  // one byte changed anywhere
            const char before = c;
            c = '_';
            CHECK(field_id(other_case) == FieldId::other);
            c = static_cast<char>(before ^ 0x80);
            CHECK(field_id(other_case) == FieldId::other);
            c = before;
        }
    }
    CHECK(field_id("") == FieldId::other);
    CHECK(field_id("x") == FieldId::other);
    CHECK(field_id(std::string(300, 'a')) == FieldId::other);
    CHECK(field_name(FieldId::other) == "");
}

TEST_CASE("numbers and names belong together")
{
    CHECK(field_name(FieldId::accept) == "Accept");
    CHECK(field_name(FieldId::content_type) == "Content-Type");
    CHECK(field_name(FieldId::etag) == "ETag");
    CHECK(field_name(FieldId::host) == "Host");
    CHECK(field_name(FieldId::te) == "TE");
    CHECK(field_name(FieldId::transfer_encoding) == "Transfer-Encoding");
    CHECK(field_name(FieldId::www_authenticate) == "WWW-Authenticate");
    CHECK(field_name(FieldId::x_forwarded_for) == "X-Forwarded-For");
}

TEST_CASE("fields keep their order and their spelling")
{
    Arena arena;
    Fields fields(arena);
    fields.add("X-One", "1");
    fields.add("content-TYPE", "text/html");
    fields.add(FieldId::server, "ostler");
    fields.add("x-one", "2");
    CHECK(written(fields) == "X-One: 1|content-TYPE: text/html|Server: ostler|x-one: 2");
    CHECK(fields.begin()[1].id == FieldId::content_type);
    CHECK(fields.begin()[0].id == FieldId::other);
    CHECK(fields.size() == 4);
}

TEST_CASE("a field is found by number or by name in any case; the first one counts")
{
    Arena arena;
    Fields fields(arena);
    fields.add("X-One", "1");
    fields.add("x-one", "2");
    fields.add("cookie", "a=1");
    fields.add("Cookie", "b=2");
    REQUIRE(fields.find("X-ONE"));
    CHECK(*fields.find("X-ONE") == "1");
    CHECK(fields.get(FieldId::cookie) == "a=1");
    CHECK(fields.get("COOKIE") == "a=1");
    CHECK(fields.count(FieldId::cookie) == 2);
    CHECK(fields.count(FieldId::host) == 0);
}

TEST_CASE("an empty value is not an absent field")
{
    Arena arena;
    Fields fields(arena);
    fields.add("Accept", "");
    REQUIRE(fields.find(FieldId::accept));
    CHECK(*fields.find(FieldId::accept) == "");
    CHECK_FALSE(fields.find(FieldId::host));
    CHECK_FALSE(fields.find("X-None"));
    CHECK(fields.get(FieldId::host) == "");
}

TEST_CASE("set replaces every field of that name in the place of the first")
{
    Arena arena;
    Fields fields(arena);
    fields.add("Vary", "a");
    fields.add("X-One", "1");
    fields.add("vary", "b");
    fields.add("X-Two", "2");
    fields.set(FieldId::vary, "c");
    CHECK(written(fields) == "Vary: c|X-One: 1|X-Two: 2");
    fields.set("x-two", "3");
    fields.set("VARY", "d");
    CHECK(written(fields) == "VARY: d|X-One: 1|x-two: 3");
    fields.set(FieldId::location, "/");
    fields.set("X-New", "4");
    CHECK(written(fields) == "VARY: d|X-One: 1|x-two: 3|Location: /|X-New: 4");
}

TEST_CASE("remove takes every field of that name")
{
    Arena arena;
    Fields fields(arena);
    for (const char* name : {"A", "ETag", "B", "etag", "a", "C"}) fields.add(name, "v");
    fields.remove(FieldId::etag);
    CHECK(written(fields) == "A: v|B: v|a: v|C: v");
    fields.remove("a");
    CHECK(written(fields) == "B: v|C: v");
    fields.remove("none");
    fields.remove(FieldId::host);
    CHECK(written(fields) == "B: v|C: v");
}

TEST_CASE("`other` is no name: nothing is found, set or removed by it")
{
    Arena arena;
    Fields fields(arena);
    fields.add("X-One", "1");
    CHECK_FALSE(fields.find(FieldId::other));
    CHECK(fields.count(FieldId::other) == 0);
    fields.remove(FieldId::other);
    fields.set(FieldId::other, "2");
    CHECK(written(fields) == "X-One: 1");
}

TEST_CASE("a hundred fields stay as they were while the list grows")
{
    Arena arena;
    Fields fields(arena);
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        const auto name = arena.copy("X-" + std::to_string(i));
        fields.add(name, name);
        expected.append(i ? "|" : "").append(name).append(": ").append(name);
    }
    CHECK(written(fields) == expected);
    fields.clear();
    CHECK(fields.size() == 0);
    CHECK_FALSE(fields.find("X-0"));
    fields.add("Again", "1");
    CHECK(written(fields) == "Again: 1");
}

TEST_CASE("a list of tokens has an element in any case (RFC 9110 section 5.6.1)")
{
    struct Row {
        std::string_view list, token;
        bool has;
    };
    const Row rows[] = {
        {"close", "close", true},
        {"keep-alive, Close", "close", true},
        {"keep-alive,Close,x", "close", true},
        {" \tclose\t ", "close", true},
        {",, ,close", "close", true},  // 5.6.1.2: empty elements are ignored
        {"close,", "close", true},
        {"closed", "close", false},
        {"not close", "close", false},
        {"clos", "close", false},
        {"close;q=1", "close", false},
        {"", "close", false},
        {",", "close", false},
        {"a,,b", "", false},
        {"", "", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.list);
        CHECK(has_token(row.list, row.token) == row.has);
    }
}

TEST_CASE("a token is tchars only (RFC 9110 section 5.6.2)")
{
    CHECK(is_token("!#$%&'*+-.^_`|~0123456789azAZ"));
    CHECK_FALSE(is_token(""));
    const std::string_view tchars = "!#$%&'*+-.^_`|~";
    for (int c = 0; c < 256; ++c) {
        const char byte = static_cast<char>(c);
        const bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        CAPTURE(c);
        CHECK(is_token({&byte, 1}) == (alphanumeric || tchars.find(byte) != tchars.npos));
    }
}

TEST_CASE("a field value has HTAB, SP, VCHAR and bytes above 0x7F (RFC 9110 section 5.5)")
{
    CHECK(is_field_value(""));
    CHECK(is_field_value("a\tb c"));
    for (int c = 0; c < 256; ++c) {
        const char byte = static_cast<char>(c);
        CAPTURE(c);
        CHECK(is_field_value({&byte, 1}) == (c == '\t' || (c >= 0x20 && c != 0x7f)));
    }
}
