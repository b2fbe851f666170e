// serve_state.cc - a private folder of the user who serves.
#include "server/serve_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>

#include "common/base/crypto.h"
#include "common/base/text.h"
#include "server/tls_local.h"

namespace ostler {

namespace {

/// Makes a folder that nobody else can use, or finds that it is one.  Empty, or what is wrong.
std::string make_private(const std::string& path)
{
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return cat(path, ": ", std::strerror(errno));
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) return cat(path, ": ", std::strerror(errno));
    if (!S_ISDIR(info.st_mode)) return cat(path, ": not a folder");
    if (info.st_uid != geteuid()) return cat(path, ": belongs to somebody else");
    if (info.st_mode & (S_IWGRP | S_IWOTH)) return cat(path, ": others may write in it");
    return {};
}

}  // namespace

Result<std::string, std::string> serve_state_folder(const std::string& served)
{
    const std::string base = user_state_folder();
    if (base.empty()) return Unexpected{std::string("HOME is not set")};
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(base).parent_path(), error);
    if (error) return Unexpected{cat(base, ": ", error.message())};
    const auto hash = sha256(served);
    std::string path;
    for (const std::string& part : {base, cat("/serve-", base64url(std::span(hash).first(12)))}) {
        path += part;
        std::string problem = make_private(path);
        if (!problem.empty()) return Unexpected{std::move(problem)};
    }
    return path;
}

}  // namespace ostler
