// file_limit.h - a lower limit of open files, for one test.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "common/base/fd.h"

namespace ostler::test {

/// Lowers the limit of open files for one test.
class FileLimit {
 public:
    explicit FileLimit(rlim_t most)
    {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = std::min(most, before_.rlim_max);
        setrlimit(RLIMIT_NOFILE, &now);
    }
    ~FileLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
    rlimit before_{};
};

/// Opens descriptors until no more can be had.
class AllFiles {
 public:
    AllFiles()
    {
        for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) open_.emplace_back(fd);
    }
    /// Gives `count` of them back.
    void release(std::size_t count)
    {
        while (count-- > 0 && !open_.empty()) open_.pop_back();
    }

 private:
    std::vector<Fd> open_;
};

}  // namespace ostler::test
