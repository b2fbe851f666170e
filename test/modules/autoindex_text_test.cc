// autoindex_text_test.cc - names, sizes and dates as people read them.
#include "modules/autoindex_text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "modules/autoindex_page.h"
#include "modules/autoindex_query.h"
#include "modules/autoindex_readme.h"

using namespace ostler;

namespace {

template <class F, class... Args> std::string made(F f, Args... args)
{
    std::string out;
    f(out, args...);
    return out;
}

std::string sort_key(std::string_view name)
{
    std::vector<char> room(name.size() * sort_key_room);
    return {room.data(), write_sort_key(room.data(), name)};
}

/// What is written fits where the header says that it does.
template <class F> std::string written(F f, std::string_view text, std::size_t room_for_each)
{
    std::vector<char> room(text.size() * room_for_each);
    char* const end = f(room.data(), text);
    CHECK(end <= room.data() + room.size());
    return {room.data(), end};
}

}  // namespace

TEST_CASE("names sort as people sort them")
{
    const std::vector<std::string> order = {"",
                                            "a",
                                            "A b",
                                            "a-1",
                                            "a1",
                                            "a01b",
                                            "A2",
                                            "a10",
                                            "b",
                                            "F2",
                                            "f10",
                                            "f10a",
                                            "f99999999999999999999999",
                                            "f100000000000000000000000",
                                            "z",
                                            "\xc3\xa9"
                                            "a",
                                            "\xc3\x89"
                                            "b",
                                            "\xd0\xb0",
                                            "\xd0\x91",
                                            "\xff"};
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
        CAPTURE(order[i]);
        CAPTURE(order[i + 1]);
        CHECK(sort_key(order[i]) < sort_key(order[i + 1]));
    }
    CHECK(sort_key("File01") == sort_key("fILE1"));
}

TEST_CASE("case is folded for Latin, Greek and Cyrillic letters")
{
    struct Row {
        const char *name, *folded;
    };
    for (const Row& row :
         {Row{"README.Md", "readme.md"},
          Row{"\xc3\x84\xc3\x96\xc3\x97", "\xc3\xa4\xc3\xb6\xc3\x97"},
          Row{"\xce\xa3\xce\xbf", "\xcf\x83\xce\xbf"}, Row{"\xd0\x96\xd0\x81", "\xd0\xb6\xd1\x91"},
          Row{"\xc5\xb8\xc5\xbd", "\xc3\xbf\xc5\xbe"}, Row{"\xff\xc3", "\xff\xc3"}})
        CHECK(fold_case(row.name) == row.folded);
}

TEST_CASE("a name that is shown is text, whatever is in it")
{
    struct Row {
        std::string_view name, shown;
    };
    for (const Row& row : {
             Row{"plain name.txt", "plain name.txt"},
             Row{"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
             Row{"\" onmouseover='x' &amp;", "&quot; onmouseover=&#39;x&#39; &amp;amp;"},
             Row{"a\nb\tc\x7f", "a\xe2\x90\x8a"
                                "b\xe2\x90\x89"
                                "c\xe2\x90\xa1"},
             Row{"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
             Row{"\xf0\x9f\x90\xb4", "\xf0\x9f\x90\xb4"},
             Row{"a\xffz", "a\xef\xbf\xbdz"},
             Row{"cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd"},
             Row{"overlong \xc0\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd"},
             Row{"surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
             Row{"beyond \xf4\x90\x80\x80",
                 "beyond \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
             // U+202E would show "gpj.exe" as "exe.jpg".
             Row{"\xe2\x80\xaegpj.exe", "\xef\xbf\xbdgpj.exe"},
             Row{"\xe2\x80\xa8", "\xef\xbf\xbd"},
             Row{std::string_view("\0'", 2), "\xe2\x90\x80&#39;"},
         }) {
        CHECK(made(append_html, row.name) == row.shown);
        CHECK(written(write_html, row.name, html_room) == row.shown);
    }
    CHECK(made(append_json, std::string_view("\"\\\n<\xff")) ==
          "\\\"\\\\\xe2\x90\x8a<\xef\xbf\xbd");
}

TEST_CASE("a name that is linked keeps every byte, and can be nothing but a name")
{
    struct Row {
        std::string_view name, url;
    };
    for (const Row& row : {Row{"a-b_c.~1", "a-b_c.~1"}, Row{"100% #1?.txt", "100%25%20%231%3F.txt"},
                           Row{"javascript:alert(1)", "javascript%3Aalert%281%29"},
                           Row{"\"'<>&", "%22%27%3C%3E%26"}, Row{"\xff\n", "%FF%0A"}}) {
        CHECK(made(append_segment, row.name) == row.url);
        CHECK(written(write_segment, row.name, segment_room) == row.url);
    }
}

TEST_CASE("sizes have two digits or three, and are never rounded down")
{
    struct Row {
        std::uint64_t bytes;
        const char* text;
    };
    for (const Row& row :
         {Row{0, "0 B"}, Row{1023, "1023 B"}, Row{1024, "1.0 KiB"}, Row{1025, "1.1 KiB"},
          Row{10 * 1024 - 1, "10 KiB"}, Row{10241, "11 KiB"}, Row{1024 * 1024 - 1, "1.0 MiB"},
          Row{1536 * 1024, "1.5 MiB"}, Row{std::uint64_t{5} << 30, "5.0 GiB"},
          Row{~std::uint64_t{0}, "16 EiB"}})
        CHECK(made(append_size, row.bytes) == row.text);
}

TEST_CASE("dates are in universal time")
{
    struct Row {
        std::int64_t seconds;
        const char* text;
    };
    DateText one_after_the_other;
    for (const Row& row :
         {Row{0, "1970-01-01T00:00:00Z"}, Row{951782399, "2000-02-28T23:59:59Z"},
          Row{951782400, "2000-02-29T00:00:00Z"}, Row{951868799, "2000-02-29T23:59:59Z"},
          Row{-1, "1969-12-31T23:59:59Z"}, Row{-86400, "1969-12-31T00:00:00Z"},
          Row{-(std::int64_t{1} << 60), "0000-01-01T00:00:00Z"},
          Row{std::int64_t{1} << 60, "9999-12-31T23:59:59Z"}}) {
        char text[DateText::length];
        CHECK(std::string(text, one_after_the_other.write(text, row.seconds)) == row.text);
        DateText alone;
        CHECK(std::string(text, alone.write(text, row.seconds)) == row.text);
    }
}

TEST_CASE("the query of a listing is read and written in one spelling")
{
    struct Row {
        const char *query, *text;
    };
    for (const Row& row :
         {Row{"", ""}, Row{"sort=name&order=asc", ""},
          Row{"sort=size&order=desc", "?sort=size&order=desc"},
          Row{"q=a+b%26%3C&x=1", "?q=a%20b%26%3C"}, Row{"page=0&sort=owner", ""},
          Row{"page=2x", ""}, Row{"page=18446744073709551616", ""}, Row{"page=7", "?page=7"},
          Row{"q=%zz%4", "?q=%25zz%254"}, Row{"q=%41", "?q=A"}, Row{"format=json", "?format=json"},
          Row{"&&=&q", ""}, Row{"C=M;O=D", ""}})
        CHECK(parse_listing_query(row.query, "").text() == row.text);
}

TEST_CASE("JSON is for those who prefer it")
{
    struct Row {
        const char* accept;
        bool json;
    };
    for (const Row& row : {Row{"", false}, Row{"*/*", false}, Row{"application/json", true},
                           Row{"text/html,application/xhtml+xml,*/*;q=0.8", false},
                           Row{"application/json;q=0.5, text/html", false},
                           Row{"text/html;q=0.5,Application/JSON;charset=x;q=0.9", true},
                           Row{"application/json;q=0", false}})
        CHECK(prefers_json(row.accept) == row.json);
    CHECK(parse_listing_query("format=html", "application/json").format == ListingFormat::html);
}

TEST_CASE("a template has the listing once and no unknown placeholder")
{
    PageTemplate t;
    CHECK(t.parse("<p>{{ title }}</p>{{listing}}!") == "");
    CHECK(t.pieces().size() == 3);
    CHECK(t.listing_at() == 1);
    CHECK(t.parse("no table") != "");
    CHECK(t.parse("{{listing}}{{listing}}") != "");
    CHECK(t.parse("{{listing}}{{owner}}") == "\"{{owner}}\" is no placeholder");
    CHECK(t.parse("{{listing}} {{ left open") == "");
}

TEST_CASE("links of a README lead to pages, never to scripts")
{
    struct Row {
        std::string_view target;
        bool harmless;
    };
    for (const Row& row :
         {Row{"https://example.org/", true}, Row{"HTTP://example.org", true},
          Row{"mailto:a@example.org", true}, Row{"a/b.txt", true}, Row{"/a?b:c", true},
          Row{"#x", true}, Row{"javascript:alert(1)", false}, Row{"JaVaScRiPt:alert(1)", false},
          Row{" javascript:alert(1)", false}, Row{"java\tscript:alert(1)", false},
          Row{"\x01javascript:alert(1)", false}, Row{"data:text/html,x", false},
          Row{"vbscript:x", false}, Row{"file:///etc/passwd", false}, Row{"\\\\host\\x", false}})
        CHECK(is_harmless_link(row.target) == row.harmless);
}

TEST_CASE("a plain README keeps its lines and nothing else")
{
    CHECK(render_plain("a <b>\r\n\tc\x1b[1m") ==
          "<pre tabindex=\"0\">a &lt;b&gt;\n\tc\xe2\x90\x9b[1m</pre>\n");
}
