// autoindex_readme.cc - reading a README, and what of it is shown.
#include "modules/autoindex_readme.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/http/file_cache.h"
#include "common/http/mime.h"
#include "modules/autoindex_text.h"

namespace ostler {

namespace {

constexpr std::size_t largest_readme = 256 << 10;
// There is Markdown that takes md4c time by the square of its length: 1 s for 256 KiB of link
// definitions, and nobody else is served meanwhile.  What is longer than this is shown as it is.
constexpr std::size_t largest_markdown = 64 << 10;

/// Empty when it is none of ours to show: too large, not a file, not readable.
std::string read_whole(const FileTree& tree, const RootDirectory& root, const std::string& path)
{
    auto opened = open_below(root, path, tree.symlinks);
    struct stat st;
    if (!opened || ::fstat((*opened).get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
    if (st.st_size <= 0 || static_cast<std::size_t>(st.st_size) > largest_readme) return {};
    std::string text(static_cast<std::size_t>(st.st_size), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t n = ::read((*opened).get(), text.data() + got, text.size() - got);
        if (n <= 0) break;
        got += static_cast<std::size_t>(n);
    }
    text.resize(got);
    return text;
}

}  // namespace

std::string render_plain(std::string_view text)
{
    std::string out = "<pre tabindex=\"0\">";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\n\t\r"), text.size());
        append_html(out, text.substr(0, end));
        if (end < text.size() && text[end] != '\r') out += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out + "</pre>\n";
}

bool is_harmless_link(std::string_view target)
{
    // A scheme ends at the first ':' that no '/', '?' or '#' comes before; what a browser would
    // skip on the way to it (spaces, controls) makes a target suspicious.
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || c == '\x7f' || c == '\\') return false;
    const std::size_t end = target.find_first_of(":/?#");
    if (end == target.npos || target[end] != ':') return true;
    for (const std::string_view scheme : {"http", "https", "mailto"})
        if (same_ignoring_case(target.substr(0, end), scheme)) return true;
    return false;
}

std::string render_readme(const FileTree& tree, const RootDirectory& root, std::string_view below,
                          std::string_view name)
{
    const std::string text = read_whole(tree, root, cat(below, name));
    if (text.empty()) return {};
    const std::string_view extension = extension_of(name);
    const bool markdown =
        same_ignoring_case(extension, "md") || same_ignoring_case(extension, "markdown");
    return markdown && text.size() <= largest_markdown ? render_markdown(text) : render_plain(text);
}

}  // namespace ostler
