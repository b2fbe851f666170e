// cgi_sendfile.cc - files below the folders the configuration names, and no others.
#include "modules/cgi_sendfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/log_line.h"
#include "common/base/open_below.h"
#include "common/http/mime.h"
#include "common/http/range.h"

namespace ostler {

namespace {

/// A part of an open file, whose length is fixed from the start.
class FilePart final : public Body {
 public:
    FilePart(Fd fd, ByteRange range)
        : fd_(std::move(fd)), range_{fd_.get(), range.first, range.length}
    {
    }

    Pull pull(Buffer& out, std::size_t max) override
    {
        if (range_.length == 0) return Pull::end;
        char bytes[32 * 1024];
        const auto want =
            static_cast<std::size_t>(std::min<std::uint64_t>({sizeof bytes, max, range_.length}));
        const ssize_t got = ::pread(fd_.get(), bytes, want, static_cast<off_t>(range_.offset));
        if (got <= 0) return Pull::fail;
        out.append({bytes, static_cast<std::size_t>(got)});
        sent(static_cast<std::uint64_t>(got));
        return range_.length == 0 ? Pull::end : Pull::more;
    }
    std::optional<std::uint64_t> size() const override { return range_.length; }
    const FileRange* file() const override { return &range_; }
    void sent(std::uint64_t count) override
    {
        range_.offset += count;
        range_.length -= count;
    }

 private:
    Fd fd_;
    FileRange range_;
};

/// Opens `file` below the folder it belongs to; the error is an errno.
Result<Fd, int> open_allowed(const CgiConf& conf, std::string_view file)
{
    for (const std::string& folder : conf.sendfile) {
        std::string_view root = folder;
        while (root.size() > 1 && root.ends_with('/')) root.remove_suffix(1);
        if (!file.starts_with(root) || file.size() <= root.size() || file[root.size()] != '/')
            continue;
        auto directory = open_root(std::string(root).c_str());
        if (!directory) return Unexpected{directory.error()};
        std::string_view below = file.substr(root.size());
        while (below.starts_with('/')) below.remove_prefix(1);
        return open_below({directory->get(), root}, below, conf.symlinks);
    }
    return Unexpected{EPERM};
}

Step refuse(Exchange& x, std::string_view file, std::string_view why)
{
    x.log(Level::error, "cgi: X-Sendfile: ", file, ": ", why);
    x.response.fields.clear();
    return x.reply(Code::bad_gateway);
}

}  // namespace

Step send_file(Exchange& x, const CgiConf& conf, std::string_view file)
{
    Response& response = x.response;
    auto fd = open_allowed(conf, file);
    if (!fd)
        return refuse(x, file,
                      fd.error() == EPERM
                          ? std::string_view("it is not below a folder of cgi.sendfile")
                          : error_text(fd.error()));
    struct stat st {};
    if (::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode))
        return refuse(x, file, "it is not a regular file");
    const auto size = static_cast<std::uint64_t>(st.st_size);
    if (!response.fields.find(FieldId::content_type)) {
        const std::string_view type = MimeTypes::find_built_in(extension_of(file));
        response.fields.add(FieldId::content_type,
                            type.empty() ? "application/octet-stream" : type);
    }
    if (forbids_content(response.status)) return x.reply(response.status);
    ByteRange part{0, size};
    if (response.status == Code::ok && x.request.method == Method::get) {
        response.fields.set(FieldId::accept_ranges, "bytes");
        if (const std::string_view* range = x.request.fields.find(FieldId::range);
            range && !x.request.fields.find(FieldId::if_range)) {
            const RangeRequest asked = parse_range(*range, size);
            char* value = static_cast<char*>(x.arena.allocate(content_range_size, 1));
            if (asked.kind == RangeRequest::Kind::unsatisfiable) {
                response.fields.set(FieldId::content_range,
                                    {value, write_unsatisfied_range(size, value)});
                return x.reply(Code::range_not_satisfiable);
            }
            if (asked.kind == RangeRequest::Kind::parts && asked.count == 1) {
                part = asked.ranges[0];
                response.fields.set(FieldId::content_range,
                                    {value, write_content_range(part, size, value)});
                response.status = Code::partial_content;
            }
        }
    }
    response.body = x.arena.make<FilePart>(std::move(*fd), part);
    return x.reply(response.status);
}

}  // namespace ostler
