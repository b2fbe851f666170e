// fuzz_cookie.cc - Cookie fields on any bytes, a field a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/http/cookie.h"

using namespace ostler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length)
{
    std::string_view text(reinterpret_cast<const char*>(data), length);
    Arena arena;
    Fields fields(arena);
    while (!text.empty() && fields.size() < 100) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        fields.add(FieldId::cookie, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }

    CookieReader reader(fields);
    // A name that ends in '*' is a pattern where cookies are taken out, and a name where one is
    // looked up.
    std::size_t count = 0, named = 0, matched = 0;
    std::string_view first;
    for (Cookie cookie; reader.next(cookie); ++count) {
        CHECK_THAT(is_token(cookie.name));
        CHECK_THAT(cookie.value.find(';') == cookie.value.npos);
        CHECK_THAT(is_field_value(cookie.value));
        if (count == 0) first = cookie.name;
        named += cookie.name == first;
        matched += cookie_name_matches(first, cookie.name);
    }
    CHECK_THAT(count <= CookieReader::most_cookies);
    if (count == 0) return 0;

    const CookieLookup found = find_cookie(fields, first);
    CHECK_THAT(found.sent != CookieLookup::Sent::never);
    CHECK_THAT((found.sent == CookieLookup::Sent::once) == (named == 1 && !reader.left_out()));

    // What was taken out is not there, and nothing else went with it.
    const std::string_view names[] = {first};
    const bool complete = !reader.left_out();
    remove_cookies(arena, fields, names);
    CHECK_THAT(find_cookie(fields, first).sent == CookieLookup::Sent::never);
    CookieReader again(fields);
    std::size_t left = 0;
    for (Cookie cookie; again.next(cookie);) ++left;
    CHECK_THAT(!complete || again.left_out() || left == count - matched);
    return 0;
}
