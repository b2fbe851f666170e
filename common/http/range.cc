// range.cc - parsing of Range fields and writing of Content-Range.
#include "common/http/range.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

/// One range-spec as written: first-last, first-, or -suffix.
struct Spec {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> last;  ///< the suffix length when `first` is absent
};

/// 1*DIGIT removed from the front of `text`; numbers too large for us are as large as can be.
std::optional<std::uint64_t> take_number(std::string_view& text)
{
    std::size_t n = 0;
    std::uint64_t value = 0;
    for (; n < text.size() && is_digit(text[n]); ++n) {
        const auto digit = static_cast<std::uint64_t>(text[n] - '0');
        value = value > (largest - digit) / 10 ? largest : value * 10 + digit;
    }
    if (n == 0) return std::nullopt;
    text.remove_prefix(n);
    return value;
}

std::optional<Spec> parse_spec(std::string_view text)
{
    Spec spec;
    spec.first = take_number(text);
    if (!text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    spec.last = take_number(text);
    if (!text.empty() || (!spec.first && !spec.last)) return std::nullopt;
    if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;
    return spec;
}

/// The part of `size` bytes that `spec` selects; an empty one when there is none.
ByteRange resolve(const Spec& spec, std::uint64_t size)
{
    if (!spec.first) {
        const std::uint64_t length = std::min(*spec.last, size);
        return {size - length, length};
    }
    if (*spec.first >= size) return {};
    const std::uint64_t last = std::min(spec.last.value_or(largest), size - 1);
    return {*spec.first, last - *spec.first + 1};
}

bool touch(const ByteRange& a, const ByteRange& b)
{
    return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

ByteRange join(const ByteRange& a, const ByteRange& b)
{
    const std::uint64_t first = std::min(a.first, b.first);
    return {first, std::max(a.first + a.length, b.first + b.length) - first};
}

/// Adds `range`, joined with all that it touches, at the place of the earliest of them.
void insert(RangeRequest& request, ByteRange range)
{
    std::size_t at = request.count;
    for (std::size_t i = 0; i < request.count;) {
        if (!touch(request.ranges[i], range)) {
            ++i;
            continue;
        }
        range = join(request.ranges[i], range);
        at = std::min(at, i);
        std::copy(request.ranges.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  request.ranges.begin() + static_cast<std::ptrdiff_t>(request.count),
                  request.ranges.begin() + static_cast<std::ptrdiff_t>(i));
        --request.count;
        i = 0;  // it grew: what it did not touch before it may touch now
    }
    at = std::min(at, request.count);
    std::copy_backward(request.ranges.begin() + static_cast<std::ptrdiff_t>(at),
                       request.ranges.begin() + static_cast<std::ptrdiff_t>(request.count),
                       request.ranges.begin() + static_cast<std::ptrdiff_t>(request.count) + 1);
    request.ranges[at] = range;
    ++request.count;
}

char* put(char* at, std::string_view text)
{
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

char* put(char* at, std::uint64_t n) { return std::to_chars(at, at + 20, n).ptr; }

}  // namespace

RangeRequest parse_range(std::string_view value, std::uint64_t size)
{
    constexpr RangeRequest whole{};
    constexpr std::string_view unit = "bytes=";
    if (!same_ignoring_case(value.substr(0, unit.size()), unit)) return whole;
    value.remove_prefix(unit.size());

    RangeRequest request;
    std::size_t specs = 0;
    std::uint64_t asked = 0;
    bool satisfiable = false;
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view element = trim(value.substr(0, comma));
        value.remove_prefix(std::min(comma + 1, value.size()));
        if (element.empty()) continue;  // RFC 9110 section 5.6.1.2
        const std::optional<Spec> spec = parse_spec(element);
        if (!spec || ++specs > RangeRequest::max_ranges) return whole;
        satisfiable = satisfiable || (!spec->first && *spec->last > 0);
        const ByteRange range = resolve(*spec, size);
        if (range.length == 0) continue;
        asked = range.length > largest - asked ? largest : asked + range.length;
        insert(request, range);
    }
    if (specs == 0) return whole;
    if (request.count == 0) {
        // A suffix of nothing is satisfiable (section 14.1.2) but has no Content-Range.
        if (!satisfiable) request.kind = RangeRequest::Kind::unsatisfiable;
        return request;
    }
    if (specs > 1 && asked >= size) return whole;
    request.kind = RangeRequest::Kind::parts;
    return request;
}

std::size_t write_content_range(ByteRange range, std::uint64_t size, char* out)
{
    char* at = put(out, "bytes ");
    at = put(put(put(at, range.first), "-"), range.last());
    return static_cast<std::size_t>(put(put(at, "/"), size) - out);
}

std::size_t write_unsatisfied_range(std::uint64_t size, char* out)
{
    return static_cast<std::size_t>(put(put(out, "bytes */"), size) - out);
}

}  // namespace ostler
