// config_names.cc - names of hosts and paths of locations, checked.
#include "server/config_names.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

namespace {

bool is_host_character(char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

bool is_ipv6_literal(std::string_view name)
{
    if (name.size() < 4 || name.front() != '[' || name.back() != ']') return false;
    name = name.substr(1, name.size() - 2);
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

}  // namespace

std::string checked_host_name(std::string_view name, std::string& why)
{
    why.clear();
    std::string checked;
    for (const char c : name) checked += lower(c);
    if (checked == "*" || is_ipv6_literal(checked)) return checked;
    if (checked.ends_with('.')) checked.pop_back();
    std::string_view plain = checked;
    if (plain.starts_with("*.")) plain.remove_prefix(2);
    if (plain.empty())
        why = "it is empty";
    else if (plain.find('*') != std::string_view::npos)
        why = "a star stands for the first labels only: \"*.example.org\"";
    else if (plain.find("://") != std::string_view::npos)
        why = "write the name only, without scheme and path";
    else if (plain.find(':') != std::string_view::npos)
        why = "write it without the port: ports are in \"listen\"";
    else if (!std::all_of(plain.begin(), plain.end(), is_host_character))
        why = "a name is made of letters, digits, \"-\" and \".\"; write international names in "
              "their ASCII form (xn--...)";
    else if (plain.starts_with('.') || plain.find("..") != std::string_view::npos)
        why = "it has an empty label";
    return checked;
}

std::string canonical_name(const std::vector<std::string>& names)
{
    const auto plain = std::find_if(names.begin(), names.end(),
                                    [](const std::string& n) { return !n.starts_with('*'); });
    return plain == names.end() ? std::string() : *plain;
}

std::string never_matches(std::string_view location)
{
    const auto has = [&](std::string_view s) { return location.find(s) != std::string_view::npos; };
    if (has("//")) return "empty segments are removed from a request's path";
    if (has("/./") || has("/../") || location.ends_with("/.") || location.ends_with("/.."))
        return "dot segments are removed from a request's path";
    return {};
}

std::string hardly_matches(std::string_view location)
{
    const std::size_t percent = location.find('%');
    if (percent != location.npos && percent + 2 < location.size() &&
        hex_value(location[percent + 1]) >= 0 && hex_value(location[percent + 2]) >= 0)
        return "a request's path is decoded before: write the character itself";
    if (location.find('?') != location.npos) return "the query is no part of the path";
    if (location.ends_with("*"))
        return "there are no wildcards: a location is for everything that begins with its path";
    return {};
}

}  // namespace ostler
