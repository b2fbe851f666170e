// fuzz_set_cookie.cc - Set-Cookie on any bytes: what is understood and built again is the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/check.h"
#include "common/http/cookie.h"
#include "common/http/fields.h"
#include "common/http/set_cookie.h"

using namespace ostler;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length)
{
    const std::string_view text(reinterpret_cast<const char*>(data), length);
    (void)is_cookie_value(text);
    const auto parsed = parse_set_cookie(text);
    if (!parsed) return 0;
    Arena arena;
    const auto built = build_set_cookie(arena, *parsed);
    CHECK_THAT(built.has_value() == (problem_with(*parsed) == nullptr));
    if (!built) return 0;
    CHECK_THAT(is_field_value(*built));
    const auto again = parse_set_cookie(*built);
    CHECK_THAT(again.has_value());
    CHECK_THAT(again->name == parsed->name && again->value == parsed->value);
    CHECK_THAT(again->expires == parsed->expires && again->max_age == parsed->max_age);
    CHECK_THAT(again->path == parsed->path && again->secure == parsed->secure);
    CHECK_THAT(again->http_only == parsed->http_only && again->same_site == parsed->same_site);
    CHECK_THAT(again->partitioned == parsed->partitioned && again->others == parsed->others);
    return 0;
}
