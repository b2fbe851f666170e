// session_redis_url.cc - takes the URL of a Redis apart.
#ifdef OSTLER_REDIS

#include "modules/session_redis_url.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::string_view unix_scheme = "redis:unix:";
constexpr int most_databases = 1 << 20;

/// A number between `least` and `most`; false for anything else.
bool parse_number(std::string_view text, int least, int most, int& value)
{
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    if (number < least || number > most) return false;
    value = number;
    return true;
}

bool decode(std::string_view text, std::string& value)
{
    value.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            value += text[i];
            continue;
        }
        if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
            return false;
        value += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
        i += 2;
    }
    return true;
}

/// Letters, digits and what else cannot be mistaken for a part of a key.
bool is_prefix(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' ||
               c == '.';
    });
}

std::string read_option(std::string_view option, RedisTarget& target)
{
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equals);
    const std::string_view value = option.substr(std::min(equals + 1, option.size()));
    if (name == "db") {
        if (!parse_number(value, 0, most_databases, target.database))
            return "db= is not the number of a database";
    } else if (name == "user") {
        if (!decode(value, target.user)) return "user= has a % that is not followed by two digits";
    } else if (name == "prefix") {
        if (!is_prefix(value)) return "prefix= is made of letters, digits and -_.";
        target.prefix = value;
    } else {
        return "behind the ? there may be db=NUMBER, user=NAME and prefix=TEXT";
    }
    return {};
}

std::string read_options(std::string_view text, RedisTarget& target)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        std::string problem = read_option(text.substr(0, end), target);
        if (!problem.empty()) return problem;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

std::string read_user(std::string_view text, RedisTarget& target)
{
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!decode(text.substr(0, colon), target.user) ||
        !decode(text.substr(std::min(colon + 1, text.size())), target.password))
        return "in front of the @ is a % that is not followed by two digits";
    return {};
}

std::string read_host(std::string_view text, RedisTarget& target)
{
    std::string_view host, rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return "[ without ]";
        host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        const std::size_t colon = std::min(text.find(':'), text.size());
        host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    const bool clean = std::all_of(host.begin(), host.end(), [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '.' || c == '-' ||
               c == '_' || c == ':' || c == '%';
    });
    if (host.empty() || !clean) return "there is no host in it: \"redis://127.0.0.1:6379\"";
    if (!rest.empty() &&
        (rest.front() != ':' || !parse_number(rest.substr(1), 1, 65535, target.port)))
        return "behind the host is no port: \":6379\"";
    target.host = host;
    return {};
}

std::string read_authority(std::string_view text, RedisTarget& target)
{
    const std::size_t slash = std::min(text.find('/'), text.size());
    std::string_view authority = text.substr(0, slash);
    const std::string_view database = text.substr(std::min(slash + 1, text.size()));
    if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
        std::string problem = read_user(authority.substr(0, at), target);
        if (!problem.empty()) return problem;
        authority.remove_prefix(at + 1);
    }
    if (!database.empty() && !parse_number(database, 0, most_databases, target.database))
        return "behind the / is not the number of a database: \"redis://127.0.0.1:6379/0\"";
    return read_host(authority, target);
}

}  // namespace

Result<RedisTarget, std::string> parse_redis_url(std::string_view url)
{
    RedisTarget target;
    const std::size_t question = std::min(url.find('?'), url.size());
    const std::string_view place = url.substr(0, question);
    std::string problem;
    if (place.starts_with(unix_scheme)) {
        target.path = place.substr(unix_scheme.size());
        // sun_path of the smallest system, macOS, with its final NUL.
        if (!target.path.starts_with('/') || target.path.size() > 103)
            problem = "a socket is \"redis:unix:/run/redis/redis.sock\", an absolute path of at "
                      "most 103 bytes";
    } else if (place.starts_with("redis://")) {
        problem = read_authority(place.substr(8), target);
    } else if (place.starts_with("rediss://")) {
        target.tls = true;
        problem = read_authority(place.substr(9), target);
    } else {
        problem = "a Redis is \"redis://HOST:PORT\", \"rediss://HOST:PORT\" or "
                  "\"redis:unix:/PATH\"";
    }
    if (problem.empty() && question < url.size())
        problem = read_options(url.substr(question + 1), target);
    if (!problem.empty()) return Unexpected{std::move(problem)};
    return target;
}

}  // namespace ostler

#endif
