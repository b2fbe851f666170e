// accept_encoding_test.cc - which content coding is chosen.
#include "common/http/accept_encoding.h"

#include <doctest/doctest.h>

#include <string>

using namespace ostler;

namespace {

constexpr unsigned br = coding_bit(Coding::br);
constexpr unsigned zstd = coding_bit(Coding::zstd);
constexpr unsigned gzip = coding_bit(Coding::gzip);
constexpr unsigned all = br | zstd | gzip;

std::string choice(const char* value, unsigned available)
{
    const std::string_view view = value ? value : "";
    const auto coding = AcceptedCodings(value ? &view : nullptr).choose(available);
    if (!coding) return "none";
    return *coding == Coding::identity ? "identity" : std::string(coding_name(*coding));
}

}  // namespace

TEST_CASE("the choice of a content coding (RFC 9110 section 12.5.3)")
{
    const struct {
        const char* value;  // null: no such field
        unsigned available;
        const char* chosen;
    } rows[] = {
        {nullptr, all, "identity"},
        {"", all, "identity"},
        {"gzip", all, "gzip"},
        {"GZip", all, "gzip"},
        {"x-gzip", all, "gzip"},
        {"gzip, deflate, br", all, "br"},  // equal weights: ours decide
        {"gzip, deflate, br, zstd", gzip | zstd, "zstd"},
        {"gzip, deflate, br, zstd", gzip, "gzip"},
        {"gzip, deflate, br, zstd", 0, "identity"},
        {"gzip;q=1.0, br;q=0.5", all, "gzip"},
        {"gzip;q=0.5, br;q=0.9, zstd;q=0.7", all, "br"},
        {"gzip ; q=0.5 , br;q=0.4", all, "gzip"},
        {"gzip;Q=0.5, br;q=0.4", all, "gzip"},
        {"gzip;q=0.001", all, "gzip"},  // anything asked for is better than nothing
        {"gzip;q=0", all, "identity"},
        {"gzip;q=0.000", all, "identity"},
        {"gzip;q=0, br", gzip, "identity"},
        {"identity", all, "identity"},
        {"identity, gzip", all, "gzip"},
        {"identity;q=1, gzip;q=0.5", all, "identity"},
        {"identity;q=0.5, gzip;q=0.6", all, "gzip"},
        {"*", all, "br"},
        {"*", gzip, "gzip"},
        {"*;q=0.1", all, "br"},
        {"*, br;q=0", all, "zstd"},
        {"gzip, *;q=0", all, "gzip"},
        {"gzip, *;q=0", br, "none"},
        {"*;q=0", all, "none"},
        {"*;q=0, identity", all, "identity"},
        {"identity;q=0", all, "none"},
        {"identity;q=0, *", all, "br"},
        {"identity;q=0, *", 0, "none"},
        {"gzip, identity;q=0", gzip, "gzip"},
        {"gzip, identity;q=0", 0, "none"},
        {"gzip, identity;q=0", br, "none"},
        // what is no element is skipped
        {"deflate, compress", all, "identity"},
        {"gzip;q=2", all, "identity"},
        {"gzip;q=1.001", all, "identity"},
        {"gzip;q=0.1234", all, "identity"},
        {"gzip;q=.5", all, "identity"},
        {"gzip;q=", all, "identity"},
        {"gzip;q", all, "identity"},
        {"gzip;level=9", all, "identity"},
        {"gzip;q=x, br", all, "br"},
        {",,gzip,,", all, "gzip"},
        {";q=1", all, "identity"},
        {"gzip;q=1.", all, "gzip"},  // RFC 9110 section 12.4.2: no digit is a qvalue
    };
    for (const auto& row : rows) {
        CAPTURE(std::string(row.value ? row.value : "(absent)"));
        CAPTURE(row.available);
        CHECK(choice(row.value, row.available) == row.chosen);
    }
}

TEST_CASE("any() tells whether it is worth looking for compressed files")
{
    const auto any = [](std::string_view value) { return AcceptedCodings(&value).any(); };
    CHECK(any("gzip"));
    CHECK(any("*"));
    CHECK_FALSE(any("identity"));
    CHECK_FALSE(any("gzip;q=0"));
    CHECK_FALSE(any("deflate"));
    CHECK_FALSE(AcceptedCodings(nullptr).any());
}
