// cgi_diagnosis.cc - a look at a script before it runs.
#include "modules/cgi_diagnosis.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log_line.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t head_size = 256;  // of a script: the kernel reads as much of a #! line

bool is_executable(const std::string& path)
{
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// Formats of the systems we run on, by their first bytes.
bool is_binary_program(std::string_view head)
{
    using namespace std::string_view_literals;
    for (const std::string_view magic :
         {"\x7f"
          "ELF"sv,
          "\xcf\xfa\xed\xfe"sv, "\xce\xfa\xed\xfe"sv, "\xca\xfe\xba\xbe"sv})
        if (head.starts_with(magic)) return true;
    return false;
}

/// The next word of a #! line, removed from it.
std::string_view take_word(std::string_view& line)
{
    line = trim(line);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

bool is_on_path(std::string_view name, std::string_view path)
{
    while (!path.empty()) {
        const std::size_t end = std::min(path.find(':'), path.size());
        if (is_executable(cat(path.substr(0, end), '/', name))) return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

Diagnosis diagnose_interpreter(std::string_view line, std::string_view search_path)
{
    const std::string interpreter(take_word(line));
    if (interpreter.empty())
        return {"its first line names no interpreter", "begin it with \"#!/bin/sh\" or the like"};
    if (!interpreter.starts_with('/'))
        return {cat("its interpreter \"", interpreter, "\" is not an absolute path"),
                "write the whole path after \"#!\""};
    if (!is_executable(interpreter)) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return {cat("its interpreter \"", interpreter,
                    missing ? "\" does not exist" : "\" is not executable"),
                "install it, or correct the first line of the script"};
    }
    if (!interpreter.ends_with("/env")) return {};
    std::string_view name = take_word(line);
    while (name.starts_with('-') || name.find('=') != name.npos) name = take_word(line);
    if (name.empty() || name.find('/') != name.npos || is_on_path(name, search_path)) return {};
    return {cat("its interpreter \"", name, "\" is not on the PATH ", search_path),
            "install it, or set cgi.environment.PATH"};
}

Diagnosis diagnose_first_line(std::string_view head, const char* file, std::string_view search_path)
{
    if (head.empty()) return {"it is empty", "write a script"};
    if (is_binary_program(head)) return {};
    if (head.starts_with("\xef\xbb\xbf#!"))
        return {"a byte order mark stands before \"#!\"",
                cat("remove it: sed -i '1s/^\\xef\\xbb\\xbf//' ", file)};
    if (!head.starts_with("#!"))
        return {
            "it has no \"#!\" line and is no program",
            "begin it with \"#!/bin/sh\" or the like, or set cgi.interpreters for its extension"};
    const std::size_t end = head.find('\n');
    if (end == head.npos && head.size() == head_size)
        return {"its first line is too long", "shorten the path after \"#!\""};
    const std::string_view line = head.substr(2, std::min(end, head.size()) - 2);
    if (line.find('\r') != line.npos)
        return {"its first line ends in CR LF, so the interpreter's name ends in CR",
                cat("use LF: sed -i 's/\\r$//' ", file)};
    return diagnose_interpreter(line, search_path);
}

void append_escaped(std::string& to, std::string_view text)
{
    for (const char c : text) {
        switch (c) {
        case '<': to += "&lt;"; break;
        case '>': to += "&gt;"; break;
        case '&': to += "&amp;"; break;
        case '"': to += "&quot;"; break;
        default: to += c;
        }
    }
}

}  // namespace

Diagnosis diagnose_script(int fd, const struct stat& st, const char* file, const char* interpreter,
                          std::string_view search_path)
{
    if (st.st_mode & S_IWOTH) return {"everybody may write it", cat("chmod o-w ", file)};
    if (interpreter) {
        if (is_executable(interpreter)) return {};
        return {cat("its interpreter \"", interpreter,
                    errno == ENOENT ? "\" does not exist" : "\" is not executable"),
                "install it, or correct cgi.interpreters"};
    }
    if (!is_executable(file))
        return {
            "it is not executable for this server",
            (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0
                ? cat("chmod +x ", file)
                : cat("chmod a+rx ", file, ", and see whether its file system is mounted noexec")};
    char bytes[head_size];
    const ssize_t got = ::pread(fd, bytes, sizeof bytes, 0);
    if (got < 0) return {};
    return diagnose_first_line({bytes, static_cast<std::size_t>(got)}, file, search_path);
}

std::string explain_page(std::string_view script, const Diagnosis& what, std::string_view details)
{
    std::string page =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>The script did not answer</title>\n<style>body{font:16px/1.5 sans-serif;"
        "max-width:46em;margin:3em auto;padding:0 1em}pre{background:#8882;padding:1em;"
        "overflow:auto}</style></head>\n<body><h1>The script did not answer</h1>\n<p><code>";
    append_escaped(page, script);
    page += "</code></p>\n<p><b>Problem:</b> ";
    append_escaped(page, what.problem);
    if (!what.remedy.empty()) {
        page += "</p>\n<p><b>What helps:</b> ";
        append_escaped(page, what.remedy);
    }
    page += "</p>\n";
    if (!details.empty()) {
        page += "<p>It wrote to stderr:</p>\n<pre>";
        append_escaped(page, details);
        page += "</pre>\n";
    }
    page += "<p><small>Only clients on this machine see this page.</small></p></body></html>\n";
    return page;
}

}  // namespace ostler
