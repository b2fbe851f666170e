// config_names.h - names of hosts and paths of locations, checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ostler {

/// `name` as requests are compared with it: lower case, without a final dot.  Sets `why` when it
/// is no name: "example.org", "*.example.org", "*", "192.0.2.1" and "[2001:db8::1]" are.
std::string checked_host_name(std::string_view name, std::string& why);

/// The first of the names without a star; empty when all have one.
std::string canonical_name(const std::vector<std::string>& names);

/// Why no request has a path below `location`; empty when there may be one.
std::string never_matches(std::string_view location);
/// Why the path of a location is probably not meant as it is written; empty when it may be.
std::string hardly_matches(std::string_view location);

}  // namespace ostler
