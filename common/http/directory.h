// directory.h - a directory that a request leads to and that nobody has answered for yet.
#pragma once

#include <string_view>

namespace ostler {

class FileTree;

/// Attached to an exchange by the module that maps paths to files, when the path is that of a
/// directory without an index: a later module may show what is in it.
struct FoundDirectory {
    FoundDirectory(const FileTree& in, std::string_view relative, std::string_view url)
        : tree(in), below(relative), path(url)
    {
    }
    const FileTree& tree;
    std::string_view below;  ///< below the root of the tree: "" or "a/b/"
    std::string_view path;   ///< the request's path at that moment; another one: not this request
};

}  // namespace ostler
