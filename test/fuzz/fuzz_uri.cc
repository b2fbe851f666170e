// fuzz_uri.cc - paths and authorities: what is normal stays as it is.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/http/chars.h"
#include "common/http/uri.h"

using namespace ostler;

namespace {

void check_path(std::string_view raw)
{
    Arena arena;
    std::string_view path;
    const Code code = normalise_path(raw, arena, path);
    CHECK_THAT(code == Code::ok || code == Code::bad_request || code == Code::not_found);
    if (code != Code::ok) return;
    CHECK_THAT(path.starts_with('/') && path.size() <= raw.size());
    CHECK_THAT(path.find("//") == path.npos && path.find("/./") == path.npos);
    CHECK_THAT(path.find("/../") == path.npos);
    CHECK_THAT(!path.ends_with("/.") && !path.ends_with("/.."));
    for (const char c : path) CHECK_THAT(!is_control(c));

    const std::string encoded = encode_path(path);
    CHECK_THAT(encoded.find_first_of("\"'<>&\\?# ") == encoded.npos);
    std::string_view again;
    CHECK_THAT(normalise_path(encoded, arena, again) == Code::ok);
    CHECK_THAT(again == path);
}

void check_encoding(std::string_view path)
{
    for (const char c : encode_path(path)) CHECK_THAT(c > ' ' && c < 0x7f);
}

void check_authority(std::string_view text)
{
    Arena arena;
    const auto authority = parse_authority(text, arena);
    if (!authority) return;
    CHECK_THAT(!authority->host.empty() && authority->host.size() <= text.size());
    for (const char c : authority->host) CHECK_THAT(c == lower(c) && c > ' ' && c < 0x7f);
    CHECK_THAT(authority->host.find_first_of("@/?#%,\\\"<>") == text.npos);
    const std::string written = cat(authority->host, ':', authority->port);
    const auto again = parse_authority(written, arena);
    CHECK_THAT(again && again->host == authority->host && again->port == authority->port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_path(input);
    check_encoding(input);
    check_authority(input);
    return 0;
}
