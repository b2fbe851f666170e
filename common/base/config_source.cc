// config_source.cc - the text of a configuration with its @include lines put in.
#include "common/base/config_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/config_scan.h"
#include "common/base/fd.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t deepest_include = 16;
constexpr std::size_t largest_file = 16 << 20;
constexpr std::size_t largest_text = 64 << 20;

std::vector<std::string> split_lines(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// Puts one file and what it includes behind what is there.
class Expander {
 public:
    Expander(ConfigSource& source, std::vector<Problem>& problems)
        : source_(source), problems_(problems)
    {
    }

    bool add(std::string_view text, std::shared_ptr<const SourceFile> file)
    {
        if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
            const auto line = std::count(text.begin(), text.begin() + std::ptrdiff_t(nul), '\n');
            fail({file, static_cast<int>(line) + 1, 0}, "the file contains a NUL byte");
            return false;
        }
        stack_.push_back(file);
        bool ok = true;
        std::size_t done = 0;
        int line = 1;
        ConfigScanner scanner(text);
        for (ConfigToken t = scanner.next(); t.kind != ConfigToken::Kind::end; t = scanner.next()) {
            if (t.kind != ConfigToken::Kind::include) continue;
            copy(text.substr(done, t.begin - done), file, line);
            if (t.column > 1) newline(file, line);
            if (!include(t, {file, t.line, t.column})) ok = false;
            // What follows on the line keeps its column.
            source_.text.append(static_cast<std::size_t>(t.column - 1) + (t.end - t.begin), ' ');
            done = t.end;
        }
        copy(text.substr(done), file, line);
        newline(file, line);
        stack_.pop_back();
        return ok;
    }

 private:
    void fail(const SourcePlace& place, std::string text)
    {
        problems_.push_back(make_problem(Problem::Severity::error, place, std::move(text)));
    }

    void newline(const std::shared_ptr<const SourceFile>& file, int line)
    {
        source_.text += '\n';
        source_.origins.push_back({file, line});
    }

    void copy(std::string_view text, const std::shared_ptr<const SourceFile>& file, int& line)
    {
        source_.text += text;
        for (const char c : text)
            if (c == '\n') source_.origins.push_back({file, line++});
    }

    bool include(const ConfigToken& token, const SourcePlace& place)
    {
        const std::string path = absolute_path(token.text, place.file->folder);
        const auto same = [&](const auto& file) { return file->name == path; };
        if (std::any_of(stack_.begin(), stack_.end(), same)) {
            fail(place, cat('"', token.text, "\" includes itself"));
            return false;
        }
        if (stack_.size() >= deepest_include) {
            fail(place, cat("files include each other more than ", deepest_include, " deep"));
            return false;
        }
        std::string text, why;
        if (!read_config_file(path, text, why)) {
            fail(place, cat("cannot include ", path, ": ", why));
            return false;
        }
        // A file may be named many times: the sum counts, too.
        if (source_.text.size() + text.size() > largest_text) {
            fail(place, "the configuration with all that it includes is larger than 64 MiB");
            return false;
        }
        auto file = std::make_shared<SourceFile>();
        file->name = path;
        file->folder = folder_of(path);
        file->lines = split_lines(text);
        return add(text, file);
    }

    ConfigSource& source_;
    std::vector<Problem>& problems_;
    std::vector<std::shared_ptr<const SourceFile>> stack_;
};

}  // namespace

std::string_view SourceFile::line(int number) const
{
    if (number < 1 || static_cast<std::size_t>(number) > lines.size()) return {};
    return lines[static_cast<std::size_t>(number - 1)];
}

Problem make_problem(Problem::Severity severity, const SourcePlace& place, std::string text)
{
    Problem p;
    p.severity = severity;
    p.line = place.line;
    p.column = place.column;
    p.text = std::move(text);
    if (place.file) {
        p.file = place.file->name;
        p.source = place.file->line(place.line);
    }
    return p;
}

SourcePlace ConfigSource::place(int line, int column) const
{
    const auto last = static_cast<int>(origins.size());
    const Origin& origin = origins[static_cast<std::size_t>(std::clamp(line, 1, last) - 1)];
    return {origin.file, origin.line, column};
}

bool expand_config(std::string_view text, const std::string& name, const std::string& folder,
                   ConfigSource& source, std::vector<Problem>& problems)
{
    auto file = std::make_shared<SourceFile>();
    file->name = name;
    file->folder = folder;
    file->lines = split_lines(text);
    source.file = file;
    return Expander(source, problems).add(text, file);
}

bool read_config_file(const std::string& path, std::string& text, std::string& why)
{
    // Non-blocking: a FIFO without a writer must not hold the start.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        why = std::strerror(errno);
        why[0] = lower(why[0]);
        return false;
    }
    if (!S_ISREG(info.st_mode)) {
        why = S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file";
        return false;
    }
    text.clear();
    char block[16384];
    for (;;) {
        const ssize_t n = ::read(fd.get(), block, sizeof block);
        if (n == 0) return true;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            why = std::strerror(errno);
            return false;
        }
        text.append(block, static_cast<std::size_t>(n));
        if (text.size() > largest_file) {
            why = "it is larger than 16 MiB";
            return false;
        }
    }
}

std::string absolute_path(std::string_view path, std::string_view folder)
{
    if (path.empty() || path[0] == '/') return std::string(path);
    while (path.starts_with("./")) path.remove_prefix(2);
    if (path.empty() || path == ".") return std::string(folder);
    return cat(folder, folder.ends_with('/') ? "" : "/", path);
}

}  // namespace ostler
