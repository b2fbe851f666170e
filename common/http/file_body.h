// file_body.h - content that comes out of a file of the cache.
//
// What is sent is fixed when the body is made: a file that shrinks meanwhile makes the body fail,
// one that grows does not make it longer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/arena.h"
#include "common/base/body.h"
#include "common/http/file_entry.h"
#include "common/http/range.h"

namespace ostler {

/// One range of a file.
class FileBody final : public Body {
 public:
    FileBody(FilePin file, ByteRange range);

    Pull pull(Buffer& out, std::size_t max) override;
    std::optional<std::uint64_t> size() const override { return range_.length; }
    const FileRange* file() const override { return file_->in_memory() ? nullptr : &range_; }
    void sent(std::uint64_t count) override;
    const std::string_view* bytes() const override
    {
        return file_->in_memory() ? &bytes_ : nullptr;
    }

 private:
    FilePin file_;
    FileRange range_;
    std::string_view bytes_;  // the same range, when the file is in memory
};

/// Several ranges as multipart/byteranges (RFC 9110 section 14.6).
class MultipartBody final : public Body {
 public:
    /// Copies the ranges and the heads of the parts into `arena`.
    MultipartBody(Arena& arena, FilePin file, std::span<const ByteRange> ranges,
                  std::string_view content_type, std::string_view boundary);

    Pull pull(Buffer& out, std::size_t max) override;
    std::optional<std::uint64_t> size() const override { return size_; }

 private:
    struct Part {
        std::string_view head;  // what comes before it: delimiter and fields
        ByteRange range;        // empty in the last one, which is only the end
    };
    FilePin file_;
    std::span<Part> parts_;
    std::uint64_t size_ = 0;
};

}  // namespace ostler
