// cgi_collect.h - a request body of unknown length, taken whole before a script is told its length.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/body.h"
#include "common/base/buffer.h"
#include "common/base/fd.h"

namespace ostler {

/// Up to 64 KiB stay in memory; more goes to a file without a name.
class CgiCollector {
 public:
    static constexpr std::size_t most_in_memory = 64 * 1024;

    /// `folder` is where the file is made.
    CgiCollector(Body& body, const std::string& folder) : body_(body), folder_(folder) {}

    enum class State : unsigned char {
        more,  ///< there is more at once: come back after the others
        wait,  ///< the body's waker will be woken
        done,
        failed,  ///< the body failed
        broken,  ///< the file could not be written: error() says why
    };
    State collect();

    std::uint64_t size() const { return size_; }
    int error() const { return error_; }
    /// After done: the file at its start, if there is one; otherwise all is in memory().
    Fd take_file();
    Buffer& memory() { return memory_; }

 private:
    bool spill();

    Body& body_;
    const std::string& folder_;
    Buffer memory_;
    Fd file_;
    std::uint64_t size_ = 0;
    int error_ = 0;
};

}  // namespace ostler
