// accept_encoding.cc - weights of content codings.
#include "common/http/accept_encoding.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t index(Coding coding) { return static_cast<std::size_t>(coding); }

/// A qvalue (RFC 9110 section 12.4.2) in thousandths; nothing when it is none.
std::optional<int> parse_weight(std::string_view text)
{
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    int weight = (text[0] - '0') * 1000;
    if (text.size() == 1) return weight;
    if (text[1] != '.' || text.size() > 5) return std::nullopt;
    int unit = 100;
    for (const char c : text.substr(2)) {
        if (!is_digit(c)) return std::nullopt;
        weight += (c - '0') * unit;
        unit /= 10;
    }
    return weight > 1000 ? std::nullopt : std::optional(weight);
}

struct Element {
    std::string_view name;
    int weight = 1000;
};

std::optional<Element> parse_element(std::string_view text)
{
    Element element;
    const std::size_t semicolon = std::min(text.find(';'), text.size());
    element.name = trim(text.substr(0, semicolon));
    if (element.name.empty()) return std::nullopt;
    std::string_view parameter = trim(text.substr(std::min(semicolon + 1, text.size())));
    if (semicolon == text.size()) return element;
    if (parameter.size() < 2 || lower(parameter[0]) != 'q' || parameter[1] != '=')
        return std::nullopt;
    const std::optional<int> weight = parse_weight(parameter.substr(2));
    if (!weight) return std::nullopt;
    element.weight = *weight;
    return element;
}

std::optional<Coding> coding_of(std::string_view name)
{
    if (same_ignoring_case(name, "x-gzip")) return Coding::gzip;  // RFC 9110 section 8.4.1.3
    if (same_ignoring_case(name, "identity")) return Coding::identity;
    for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip})
        if (same_ignoring_case(name, coding_name(coding))) return coding;
    return std::nullopt;
}

}  // namespace

std::string_view coding_name(Coding coding)
{
    switch (coding) {
    case Coding::br: return "br";
    case Coding::zstd: return "zstd";
    case Coding::gzip: return "gzip";
    case Coding::identity: break;
    }
    return {};
}

AcceptedCodings::AcceptedCodings(const std::string_view* value)
{
    // Identity is acceptable unless refused, but anything asked for is better.
    constexpr int least = 0, unset = -1;
    weights_.fill(unset);
    int others = unset;
    std::string_view list = value ? *value : std::string_view{};
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const std::optional<Element> element = parse_element(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (!element) continue;
        if (element->name == "*") others = element->weight;
        if (const auto coding = coding_of(element->name))
            weights_[index(*coding)] = element->weight;
    }
    int& identity = weights_[index(Coding::identity)];
    if (identity == 0 || (identity == unset && others == 0))
        identity = unset;
    else if (identity == unset)
        identity = least;
    for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip}) {
        int& weight = weights_[index(coding)];
        if (weight == unset) weight = others;
        if (weight == 0) weight = unset;
    }
}

bool AcceptedCodings::any() const
{
    return std::any_of(weights_.begin(), weights_.begin() + index(Coding::identity),
                       [](int weight) { return weight > 0; });
}

std::optional<Coding> AcceptedCodings::choose(unsigned available) const
{
    available |= coding_bit(Coding::identity);
    std::optional<Coding> best;
    for (std::size_t i = 0; i < coding_count; ++i) {
        const auto coding = static_cast<Coding>(i);
        if (!(available & coding_bit(coding)) || weights_[i] < 0) continue;
        if (!best || weights_[i] > weights_[index(*best)]) best = coding;
    }
    return best;
}

}  // namespace ostler
