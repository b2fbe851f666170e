// file_body.cc - reading files into a buffer, whole or in parts.
#include "common/http/file_body.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "common/base/log.h"
#include "common/base/log_line.h"
#include "common/base/text.h"

namespace ostler {

namespace {

constexpr std::size_t chunk_size = 64 * 1024;

/// Appends up to `count` bytes of `file` from `offset` to `out`: how many, 0 when it failed.
std::size_t append_from(const FileEntry& file, std::uint64_t offset, std::uint64_t count,
                        Buffer& out)
{
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(count, chunk_size));
    if (file.in_memory()) {
        out.append(file.bytes().substr(static_cast<std::size_t>(offset), want));
        return want;
    }
    const std::span<char> room = out.reserve(want);
    ssize_t n;
    do n = ::pread(file.fd(), room.data(), want, static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    if (n < 0) log_error("files: reading: ", error_text(errno));
    const std::size_t got = n > 0 ? static_cast<std::size_t>(n) : 0;
    out.commit(got);
    return got;
}

}  // namespace

FileBody::FileBody(FilePin file, ByteRange range)
    : file_(std::move(file)), range_{file_->fd(), range.first, range.length},
      bytes_(file_->bytes().substr(file_->in_memory() ? static_cast<std::size_t>(range.first) : 0,
                                   static_cast<std::size_t>(range.length)))
{
}

Pull FileBody::pull(Buffer& out, std::size_t max)
{
    if (range_.length == 0) return Pull::end;
    const std::uint64_t want = std::min<std::uint64_t>(range_.length, max);
    const std::size_t got = append_from(*file_, range_.offset, want, out);
    if (got == 0 && want > 0) return Pull::fail;
    sent(got);
    return range_.length == 0 ? Pull::end : Pull::more;
}

void FileBody::sent(std::uint64_t count)
{
    range_.offset += count;
    range_.length -= count;
    if (file_->in_memory()) bytes_.remove_prefix(static_cast<std::size_t>(count));
}

MultipartBody::MultipartBody(Arena& arena, FilePin file, std::span<const ByteRange> ranges,
                             std::string_view content_type, std::string_view boundary)
    : file_(std::move(file))
{
    const std::size_t count = ranges.size() + 1;
    auto* parts = static_cast<Part*>(arena.allocate(count * sizeof(Part), alignof(Part)));
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        char range[content_range_size];
        const std::size_t n = write_content_range(ranges[i], file_->size(), range);
        const std::string head =
            cat(i == 0 ? "--" : "\r\n--", boundary, "\r\nContent-Type: ", content_type,
                "\r\nContent-Range: ", std::string_view(range, n), "\r\n\r\n");
        ::new (&parts[i]) Part{arena.copy(head), ranges[i]};
    }
    ::new (&parts[count - 1]) Part{arena.copy(cat("\r\n--", boundary, "--\r\n")), {}};
    parts_ = {parts, count};
    for (const Part& part : parts_) size_ += part.head.size() + part.range.length;
}

Pull MultipartBody::pull(Buffer& out, std::size_t max)
{
    while (max > 0 && !parts_.empty()) {
        Part& part = parts_.front();
        std::size_t got = 0;
        if (!part.head.empty()) {
            got = std::min(max, part.head.size());
            out.append(part.head.substr(0, got));
            part.head.remove_prefix(got);
        } else if (part.range.length > 0) {
            const std::uint64_t want = std::min<std::uint64_t>(part.range.length, max);
            got = append_from(*file_, part.range.first, want, out);
            if (got == 0) return Pull::fail;
            part.range.first += got;
            part.range.length -= got;
        }
        size_ -= got;
        max -= got;
        if (part.head.empty() && part.range.length == 0) parts_ = parts_.subspan(1);
    }
    return parts_.empty() ? Pull::end : Pull::more;
}

}  // namespace ostler
