// cgi_find.cc - walks down a path until there is something that is no folder.
#include "modules/cgi_find.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log_line.h"
#include "common/base/open_below.h"
#include "common/base/text.h"

namespace ostler {

namespace {

using Kind = FoundScript::Kind;

FoundScript refuse(Code status, std::string problem = {}, std::string remedy = {})
{
    FoundScript f;
    f.kind = Kind::refused;
    f.status = status;
    f.diagnosis = {std::move(problem), std::move(remedy)};
    return f;
}

/// The folder that stands for the request's location; empty when there is none.
FileRoot find_root(const Exchange& x, const CgiConf& c)
{
    if (!c.root.empty()) return {c.root, c.prefix};
    for (const auto& hook : x.pipeline().request)
        if (hook.module->files) return hook.module->files(hook.conf);
    return {};
}

class Search {
 public:
    Search(Exchange& x, const CgiConf& c, const FileRoot& root)
        : x_(x), c_(c), folder_(root.folder), path_(x.request.path)
    {
        start_ = root.prefix.size();
        while (start_ > 0 && root.prefix[start_ - 1] == '/') --start_;
    }

    /// For the setting `script`: nothing of the path is looked for.
    FoundScript run_fixed()
    {
        if (start_ > path_.size() || (start_ < path_.size() && path_[start_] != '/')) return {};
        const std::string_view file = c_.script;
        const std::size_t slash = file.rfind('/');
        folder_ = slash == 0 ? std::string_view("/") : file.substr(0, slash);
        root_ = open_root(std::string(folder_).c_str());
        if (!root_)
            return refuse(Code::internal_server_error, std::string(error_text(root_.error())));
        const std::string_view name = file.substr(slash + 1);
        const Result<Fd, int> fd = open(name);
        struct stat st {};
        if (!fd)
            return refuse(Code::internal_server_error, cat(file, ": ", error_text(fd.error())));
        if (::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode))
            return refuse(Code::internal_server_error, cat(file, ": it is not a regular file"));
        return judge(*fd, st, name, name, start_, path_.substr(0, start_));
    }

    FoundScript run()
    {
        if (start_ > path_.size() || (start_ < path_.size() && path_[start_] != '/')) return {};
        root_ = open_root(std::string(folder_).c_str());
        if (!root_) return unusable(root_.error(), "");
        std::size_t at = start_;
        while (at < path_.size()) {
            const std::size_t name = at + 1;
            const std::size_t end = std::min(path_.find('/', name), path_.size());
            if (name == end) break;  // a final '/'
            FoundScript found;
            if (!step_into(path_.substr(name, end - name), end, found)) return found;
            at = end;
        }
        return look_for_index();
    }

 private:
    /// The path below the root that ends at `end`.
    std::string_view below(std::size_t end) const
    {
        return path_.substr(std::min(start_ + 1, end), end - std::min(start_ + 1, end));
    }

    /// True: a folder, go on.  False: `found` is the answer.
    bool step_into(std::string_view name, std::size_t end, FoundScript& found)
    {
        // Dot files and what editors leave are nobody's script, and no file either.
        const bool ours = c_.owns_everything() || c_.interpreter_of(name) != nullptr;
        if (name.starts_with('.')) {
            found = ours ? refuse(Code::not_found) : FoundScript{};
            return false;
        }
        const Result<Fd, int> fd = open(below(end));
        struct stat st {};
        if (!fd) {
            found = unusable(fd.error(), name);
            return false;
        }
        if (::fstat(fd->get(), &st) != 0) {
            found = unusable(errno, name);
            return false;
        }
        if (S_ISDIR(st.st_mode)) return true;
        found = judge(*fd, st, name, below(end), end, path_.substr(0, end));
        return false;
    }

    Result<Fd, int> open(std::string_view path)
    {
        return open_below({root_->get(), folder_}, path, c_.symlinks);
    }

    /// `name` cannot be opened.  Ours to answer when a script of that name would be ours.
    FoundScript unusable(int error, std::string_view name)
    {
        if (!c_.owns_everything() && !c_.interpreter_of(name)) return {};
        switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG: return refuse(Code::not_found);
        case EXDEV:
        case ELOOP:
            return refuse(Code::forbidden, "a symbolic link leads where it must not",
                          "put the script itself there, or see cgi.symlinks");
        case EACCES:
            return refuse(Code::forbidden, "this server may not read it",
                          "chmod a+r, and a+x for the folders above");
        case EMFILE:
        case ENFILE:
        case ENOMEM: return refuse(Code::service_unavailable, "no descriptor is free", "");
        default: return refuse(Code::internal_server_error, std::string(error_text(error)), "");
        }
    }

    bool is_script(std::string_view name, const struct stat& st) const
    {
        if (c_.owns_everything() || !c_.script.empty() || c_.interpreter_of(name)) return true;
        return c_.executable && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    }

#ifdef F_GETPATH
    /// Where names differ in more than case and mean one file, the file itself knows its name.
    bool has_script_name(const Fd& fd) const
    {
        char real[PATH_MAX];
        if (::fcntl(fd.get(), F_GETPATH, real) != 0) return false;
        return c_.interpreter_of(
            std::string_view(real).substr(std::string_view(real).rfind('/') + 1));
    }
#else
    bool has_script_name(const Fd&) const { return false; }
#endif

    /// What was opened: `name` is the last component of `file`, the path below the root;
    /// `script_name` is the path of the request that leads to it and ends at `end`.
    FoundScript judge(const Fd& fd, const struct stat& st, std::string_view name,
                      std::string_view file, std::size_t end, std::string_view script_name)
    {
        if (!is_script(name, st)) {
            if (has_script_name(fd)) return refuse(Code::not_found);
            return {};
        }
        if (!S_ISREG(st.st_mode)) return refuse(Code::forbidden, "it is not a regular file");
        const std::string_view rest = path_.substr(std::min(end, path_.size()));
        if (!rest.empty() && !c_.path_info) return refuse(Code::not_found);
        FoundScript found;
        found.kind = Kind::script;
        Script& s = found.script;
        s.file = x_.arena.copy(cat(folder_ == "/" ? "" : folder_, '/', file, '\0')).data();
        const std::string* interpreter = c_.interpreter_of(name);
        s.interpreter = interpreter && !interpreter->empty() ? interpreter->c_str() : nullptr;
        s.name = script_name;
        s.path_info = rest;
        s.document_root = c_.document_root.empty() ? folder_ : std::string_view(c_.document_root);
        s.nph = name.starts_with("nph-");
        found.diagnosis = diagnose_script(fd.get(), st, s.file, s.interpreter, search_path());
        if (found.diagnosis) {
            found.kind = Kind::refused;
            found.status = Code::internal_server_error;
            return found;
        }
        return with_folder(std::move(found), file);
    }

    FoundScript with_folder(FoundScript found, std::string_view file)
    {
        const std::size_t slash = file.rfind('/');
        const std::string_view folder =
            slash == file.npos ? std::string_view{} : file.substr(0, slash);
        auto opened = open_below({root_->get(), folder_}, folder, c_.symlinks, OpenAs::directory);
        if (!opened) return unusable(opened.error(), file);
        found.folder = std::move(*opened);
        return found;
    }

    std::string_view below_name(std::string_view script_name) const
    {
        return script_name.substr(std::min(start_ + 1, script_name.size()));
    }

    std::string_view search_path() const
    {
        for (const auto& [name, value] : c_.environment)
            if (name == "PATH") return value;
        return default_search_path;
    }

    /// The whole path is a folder.
    FoundScript look_for_index()
    {
        const bool has_slash = path_.ends_with('/');
        const std::string_view folder = has_slash ? path_.substr(0, path_.size() - 1) : path_;
        for (const std::string& name : c_.index) {
            const std::string whole = cat(folder, '/', name);
            const Result<Fd, int> fd = open(below_name(whole));
            struct stat st {};
            if (!fd || ::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
            if (!is_script(name, st)) continue;
            if (!has_slash) {
                FoundScript found;
                found.kind = Kind::redirect;
                return found;
            }
            const std::string_view path = x_.arena.copy(whole);
            return judge(*fd, st, name, below_name(path), path_.size(), path);
        }
        if (c_.owns_everything()) return refuse(Code::forbidden);
        return {};
    }

    Exchange& x_;
    const CgiConf& c_;
    std::string_view folder_;
    std::string_view path_;
    std::size_t start_ = 0;  // where the part of the path below the root begins, at a '/'
    Result<Fd, int> root_{Unexpected<int>{0}};
};

}  // namespace

FoundScript find_script(Exchange& x, const CgiConf& c)
{
    if (!c.script.empty()) return Search(x, c, {{}, c.prefix}).run_fixed();
    if (!c.runs_anything()) return {};
    const FileRoot root = find_root(x, c);
    if (root.folder.empty()) return {};
    return Search(x, c, root).run();
}

}  // namespace ostler
