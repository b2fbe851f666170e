// session_redis_settings.cc - password file, addresses, certificates.
#ifdef OSTLER_REDIS

#include "modules/session_redis_settings.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "modules/session_redis_tls.h"

namespace ostler {

namespace {

constexpr std::size_t longest_password = 4096;

/// The first line of a file that only its owner and group may read.
Result<std::string, std::string> read_password(const std::string& path)
{
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!file || fstat(file.get(), &info) != 0)
        return Unexpected{cat(path, ": ", std::strerror(errno))};
    if (!S_ISREG(info.st_mode)) return Unexpected{cat(path, ": not a file")};
    if (info.st_mode & S_IRWXO)
        return Unexpected{cat(path, ": everybody may read this password: chmod 640 ", path)};
    std::string text(longest_password + 1, '\0');
    const ssize_t size = read(file.get(), text.data(), text.size());
    if (size < 0) return Unexpected{cat(path, ": ", std::strerror(errno))};
    text.resize(static_cast<std::size_t>(size));
    text.resize(std::min(text.find('\n'), text.size()));
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) return Unexpected{cat(path, ": its first line, the password, is empty")};
    if (text.size() > longest_password)
        return Unexpected{cat(path, ": a password of more than ", longest_password, " bytes")};
    return text;
}

RedisSettings::Address unix_address(const std::string& path)
{
    RedisSettings::Address address;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof name.sun_path - 1));
    std::memcpy(&address.data, &name, sizeof name);
    address.size = sizeof name;
    return address;
}

Result<std::vector<RedisSettings::Address>, std::string> look_up(const RedisTarget& target)
{
    std::vector<RedisSettings::Address> addresses;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error =
        getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &list);
    if (error != 0)
        return Unexpected{cat("redis: ", target.host, ": ", gai_strerror(error),
                              ": say a name that is known when the server starts, or an address")};
    for (const addrinfo* i = list; i; i = i->ai_next) {
        if (i->ai_addrlen > sizeof(sockaddr_storage)) continue;
        RedisSettings::Address address;
        std::memcpy(&address.data, i->ai_addr, i->ai_addrlen);
        address.size = i->ai_addrlen;
        addresses.push_back(address);
    }
    freeaddrinfo(list);
    if (addresses.empty()) return Unexpected{cat("redis: ", target.host, ": has no address")};
    return addresses;
}

}  // namespace

std::string problem_with_redis(const SessionStoreConf& conf)
{
    const auto target = parse_redis_url(conf.url);
    if (!target) return target.error();
    if (!target->password.empty() && !conf.password_file.empty())
        return "has a password, and there is a password_file, too: keep the file";
    if (!conf.ca_file.empty() && !target->tls)
        return "is not by TLS, so ca_file means nothing: say rediss://";
    return {};
}

Result<std::shared_ptr<const RedisSettings>, std::string>
prepare_redis(const SessionStoreConf& conf)
{
    auto target = parse_redis_url(conf.url);
    if (!target) return Unexpected{target.error()};
    auto settings = std::make_shared<RedisSettings>();
    settings->target = std::move(*target);
    settings->password = settings->target.password;
    if (!conf.password_file.empty()) {
        auto password = read_password(conf.password_file);
        if (!password) return Unexpected{cat("redis: ", password.error())};
        settings->password = std::move(*password);
    }
    if (settings->target.host.empty()) {
        settings->addresses.push_back(unix_address(settings->target.path));
    } else {
        auto addresses = look_up(settings->target);
        if (!addresses) return Unexpected{addresses.error()};
        settings->addresses = std::move(*addresses);
    }
    if (settings->target.tls) {
        auto context = make_redis_tls(conf.ca_file);
        if (!context) return Unexpected{cat("redis: ", context.error())};
        settings->tls = std::move(*context);
    }
    return std::shared_ptr<const RedisSettings>(std::move(settings));
}

}  // namespace ostler

#endif
