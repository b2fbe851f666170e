// cgi_stderr.cc - cuts stderr into lines and leaves out what is too much.
#include "modules/cgi_stderr.h"

#include <algorithm>

#include "common/base/text.h"

namespace ostler {

void StderrLines::refill(Milliseconds now)
{
    const std::int64_t gained = (now - refilled_).count() * burst_ / 10'000;
    if (gained <= 0) return;
    refilled_ = now;
    tokens_ = static_cast<int>(std::min<std::int64_t>(burst_, tokens_ + gained));
}

void StderrLines::feed(std::string_view bytes, Milliseconds now, Reader& reader)
{
    refill(now);
    tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), tail_size));
    if (tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\n'), bytes.size());
        const std::size_t room = line_size - line_.size();
        line_ += bytes.substr(0, std::min(end, room));
        if (end > room) cut_ += end - room;
        if (end == bytes.size()) return;
        end_line(reader);
        bytes.remove_prefix(end + 1);
    }
}

void StderrLines::end_line(Reader& reader)
{
    if (line_.ends_with('\r')) line_.pop_back();
    if (tokens_ <= 0) {
        ++lost_lines_;
        lost_bytes_ += line_.size() + cut_;
    } else if (!line_.empty()) {
        --tokens_;
        if (cut_ > 0) append(line_, " [", cut_, " bytes more]");
        reader.read_line(line_);
    }
    line_.clear();
    cut_ = 0;
}

void StderrLines::finish(Reader& reader)
{
    if (!line_.empty()) end_line(reader);
    if (lost_lines_ == 0) return;
    reader.read_line(cat("[", lost_lines_, " lines with ", lost_bytes_,
                         " bytes left out: see cgi.stderr_lines]"));
    lost_lines_ = lost_bytes_ = 0;
}

}  // namespace ostler
