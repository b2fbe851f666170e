// static_note.cc - walks down a path until something is in the way.
#include "modules/static_note.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log_line.h"
#include "common/base/open_below.h"
#include "common/base/text.h"

namespace ostler {

namespace {

std::string_view kind_name(const struct stat& st)
{
    if (S_ISREG(st.st_mode)) return "a file";
    if (S_ISDIR(st.st_mode)) return "a folder";
    return "neither a file nor a folder";
}

std::string reason(const StaticTree& tree, int error)
{
    if (error == EXDEV)
        return cat("a symbolic link leads out of ", tree.root, ": see static.symlinks");
    if (error == ELOOP) return "a symbolic link where none is followed: see static.symlinks";
    if (error == EACCES)
        return "permission denied: the server's user must be able to read it, and to search the "
               "folders above";
    return std::string(error_text(error));
}

}  // namespace

std::string note_on_path(const StaticTree& tree, std::string_view below)
{
    const std::string whole = cat(tree.root == "/" ? "" : tree.root, '/', below);
    if (!tree.serves(below))
        return cat(whole, ": dot files and what editors leave are not served: see static.hidden");
    const Result<Fd, int> top = open_root(tree.root.c_str());
    if (!top) return cat("the root ", tree.root, ": ", reason(tree, top.error()));
    const RootDirectory root{top->get(), tree.root};
    // Component by component: which of them is it?
    for (std::size_t end = 0; end < below.size();) {
        end = std::min(below.find('/', end + 1), below.size());
        const bool last = end >= below.size();
        const std::string_view part = below.substr(0, end);
        Result<Fd, int> fd = open_below(root, part, tree.symlinks);
        if (!fd && fd.error() == EACCES)
            if (auto folder = open_below(root, part, tree.symlinks, OpenAs::directory))
                fd = std::move(folder);
        const std::string shown = cat(tree.root == "/" ? "" : tree.root, '/', part);
        if (!fd) return cat(shown, ": ", reason(tree, fd.error()));
        struct stat st {};
        if (::fstat(fd->get(), &st) != 0) return cat(shown, ": ", error_text(errno));
        if (last) return cat(shown, ": ", kind_name(st));
        if (!S_ISDIR(st.st_mode)) return cat(shown, ": ", kind_name(st), ", not a folder");
    }
    return cat(tree.root, ": a folder");
}

}  // namespace ostler
