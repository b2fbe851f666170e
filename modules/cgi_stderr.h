// cgi_stderr.h - what a script writes to stderr, as lines for the log: bounded in size and rate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/loop.h"

namespace ostler {

class StderrLines {
 public:
    class Reader {
     public:
        virtual void read_line(std::string_view) = 0;

     protected:
        ~Reader() = default;
    };
    static constexpr std::size_t line_size = 1000;  ///< what is longer is cut
    static constexpr std::size_t tail_size = 2000;

    /// At most `burst` lines at once, and a tenth of that a second from then on.
    StderrLines(int burst, Milliseconds now) : burst_(burst), tokens_(burst), refilled_(now) {}

    void feed(std::string_view bytes, Milliseconds now, Reader& reader);
    /// Nothing more will come: the last line, and how much was left out.
    void finish(Reader& reader);
    /// The end of it, for the page that explains.
    std::string_view tail() const { return tail_; }

 private:
    void end_line(Reader& reader);
    void refill(Milliseconds now);

    int burst_;
    int tokens_;
    Milliseconds refilled_;
    std::string line_;
    std::string tail_;
    std::uint64_t cut_ = 0;  // bytes of the current line that are not in line_
    std::uint64_t lost_lines_ = 0;
    std::uint64_t lost_bytes_ = 0;
};

}  // namespace ostler
