// autoindex_readme.h - the README of a folder as HTML that cannot do harm.
#pragma once

#include <string>
#include <string_view>

namespace ostler {

class FileTree;
struct RootDirectory;

/// The file's content for the page; empty when it cannot be shown.  Markdown by its name, when a
/// parser is compiled in; else plain text.
std::string render_readme(const FileTree& tree, const RootDirectory& root, std::string_view below,
                          std::string_view name);

/// Markdown as HTML: no HTML of its own, links only to http, https, mailto and relative
/// references, pictures only from this server.  Headings begin at h3.  Escaped plain text when
/// no parser is compiled in.
std::string render_markdown(std::string_view text);
std::string render_plain(std::string_view text);

/// True when a link of a README may lead there.
bool is_harmless_link(std::string_view target);

}  // namespace ostler
