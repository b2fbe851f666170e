// mime.cc - the built-in table of media types, and the reader of mime.types.
#include "common/http/mime.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "common/base/fd.h"
#include "common/base/text.h"

namespace ostler {

namespace {

struct BuiltIn {
    std::string_view extension;
    std::string_view type;
};

// In order of the extension: it is searched by halves.
constexpr BuiltIn built_in[] = {
    {"3gp", "video/3gpp"},
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"cjs", "text/javascript"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"deb", "application/vnd.debian.binary-package"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"glb", "model/gltf-binary"},
    {"gltf", "model/gltf+json"},
    {"gz", "application/gzip"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar"},
    {"iso", "application/x-iso9660-image"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", "text/plain"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4s", "video/iso.segment"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"rar", "application/vnd.rar"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"svgz", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"torrent", "application/x-bittorrent"},
    {"ts", "video/mp2t"},
    {"ttc", "font/collection"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"vtt", "text/vtt"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xht", "application/xhtml+xml"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"xslt", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};
static_assert(std::is_sorted(std::begin(built_in), std::end(built_in),
                             [](const BuiltIn& a, const BuiltIn& b) {
                                 return a.extension < b.extension;
                             }));

constexpr std::size_t longest_extension = 32;

/// `extension` in lower case in `room`; empty when it is too long to be known.
std::string_view to_lower(std::string_view extension, char (&room)[longest_extension])
{
    if (extension.size() > longest_extension) return {};
    std::transform(extension.begin(), extension.end(), room, lower);
    return {room, extension.size()};
}

template <class Rows> std::string_view search(const Rows& rows, std::string_view extension)
{
    const auto at = std::lower_bound(
        std::begin(rows), std::end(rows), extension,
        [](const auto& row, std::string_view wanted) { return row.extension < wanted; });
    if (at == std::end(rows) || at->extension != extension) return {};
    return at->type;
}

/// Characters of a media type without parameters (RFC 6838 section 4.2).
bool is_media_type(std::string_view text)
{
    const std::size_t slash = text.find('/');
    if (slash == 0 || slash == text.npos || slash + 1 == text.size()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
               std::string_view("!#$&^_.+-/").find(c) != std::string_view::npos;
    });
}

std::string_view take_word(std::string_view& line)
{
    constexpr std::string_view space = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(space), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(space));
    line.remove_prefix(word.size());
    return word;
}

std::string_view last_segment(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace

std::string_view extension_of(std::string_view path)
{
    const std::string_view name = last_segment(path);
    const std::size_t dot = name.rfind('.');
    return dot == name.npos ? std::string_view{} : name.substr(dot + 1);
}

void MimeTypes::read(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find('#'));
        const std::string_view type = take_word(line);
        if (!is_media_type(type)) continue;
        for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
            char room[longest_extension];
            const std::string_view extension = to_lower(word, room);
            if (!extension.empty()) rows_.push_back({std::string(extension), std::string(type)});
        }
    }
    const auto by_extension = [](const Row& a, const Row& b) { return a.extension < b.extension; };
    std::stable_sort(rows_.begin(), rows_.end(), by_extension);
    const auto same = [](const Row& a, const Row& b) { return a.extension == b.extension; };
    rows_.erase(std::unique(rows_.begin(), rows_.end(), same), rows_.end());
}

bool MimeTypes::load(const char* file)
{
    const Fd fd(::open(file, O_RDONLY | O_CLOEXEC));
    if (!fd) return false;
    std::string text;
    char part[16 * 1024];
    for (;;) {
        const ssize_t n = ::read(fd.get(), part, sizeof part);
        if (n < 0) return false;
        if (n == 0) break;
        text.append(part, static_cast<std::size_t>(n));
    }
    read(text);
    return true;
}

std::string_view MimeTypes::find(std::string_view extension) const
{
    char room[longest_extension];
    const std::string_view wanted = to_lower(extension, room);
    const std::string_view type = search(rows_, wanted);
    return type.empty() ? search(built_in, wanted) : type;
}

std::string_view MimeTypes::find_built_in(std::string_view extension)
{
    char room[longest_extension];
    return search(built_in, to_lower(extension, room));
}

std::string_view type_of_name(std::string_view path)
{
    constexpr std::string_view names[] = {
        "AUTHORS", "CHANGELOG", "CHANGES", "CONTRIBUTING", "COPYING", "Dockerfile", "INSTALL",
        "LICENSE", "Makefile",  "NEWS",    "NOTICE",       "README",  "TODO"};
    const std::string_view name = last_segment(path);
    return std::find(std::begin(names), std::end(names), name) == std::end(names)
               ? std::string_view{}
               : std::string_view("text/plain");
}

bool takes_charset(std::string_view type)
{
    if (type.find(';') != type.npos) return false;  // it says so itself
    if (type == "text/xml" || type == "text/xsl") return false;
    return type.starts_with("text/") || type == "application/javascript";
}

}  // namespace ostler
