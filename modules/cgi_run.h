// cgi_run.h - one running script: its process, its three pipes, its limits, its end.
//
// A run outlives its exchange: a script whose client left is ended and reaped, one that has
// answered may tidy up, and the log hears how both ended.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/buffer.h"
#include "common/base/fd.h"
#include "common/base/list.h"
#include "common/base/loop.h"
#include "common/base/process.h"
#include "common/exchange.h"
#include "modules/cgi_conf.h"
#include "modules/cgi_env.h"
#include "modules/cgi_gate.h"
#include "modules/cgi_stderr.h"

namespace ostler {

class CgiRuns;

/// What a script reads: nothing, a file, or what it is written.
struct CgiInput {
    Fd file;  ///< positioned at its start
    bool piped = false;
};

class CgiRun final : public Linked<CgiRuns>, Job, StderrLines::Reader {
 public:
    enum class Io : unsigned char { some, none, closed };

    /// Whom a run belongs to.  Only notes: called from libevent callbacks.
    class Owner {
     public:
        virtual void output_ready() = 0;  ///< also: it has ended, or was stopped
        virtual void input_ready() = 0;

     protected:
        ~Owner() = default;
    };

    /// Null, and `error` says why, when there was no way to try; that it could not be started
    /// otherwise is in end().failure.  The gate's turn is the run's from here on, also when it
    /// fails.
    static CgiRun* start(Exchange&, const CgiConf&, const Script&, int folder, const Environment&,
                         CgiInput, Owner&, StartError& error);
    ~CgiRun();

    // --- for the owner ----------------------------------------------------------------

    /// Removes from `bytes` what the script took.  None: input_ready() will be called.
    Io write_input(Buffer& bytes);
    void close_input();
    bool has_input() const { return static_cast<bool>(in_); }
    /// The script waits for the client, not the client for the script.
    void set_starving(bool starving);

    /// Appends up to `max` bytes.  None: output_ready() will be called.
    Io read_output(Buffer& to, std::size_t max);
    /// No header is awaited any more.
    void head_is_complete() { head_done_ = true; }

    bool ended() const { return ended_; }
    const ProgramEnd& end() const { return child_->end(); }
    /// The limit that ended it; null: none.
    const char* stopped() const { return stopped_; }
    /// Until its end, or until now.
    std::int64_t wall_us() const
    {
        return ended_ ? wall_us_ : Loop::wall_clock_microseconds() - started_us_;
    }
    std::string_view stderr_tail() const { return stderr_.tail(); }

    /// How the owner lets go of a run, which then ends by itself.
    enum class Leave : unsigned char {
        answered,   ///< all its output was taken: more of it is too much
        unwanted,   ///< the rest of its output is read and forgotten
        cancelled,  ///< nobody waits any more: it is ended
    };
    void leave(Leave how);
    /// Ends it.  `limit` is constant text for the log: what was exceeded, and the setting.
    void stop(const char* limit);
    void stop_for_surplus() { stop("more output than its Content-Length said"); }

 private:
    template <void (CgiRun::*F)()> struct Note final : Waker {
        explicit Note(CgiRun& r) : run(r) {}
        void wake() override { (run.*F)(); }
        CgiRun& run;
    };

    CgiRun(Exchange&, const CgiConf&, const Script&, Owner&);
    bool launch(const CgiConf&, const Script&, int folder, const Environment&, CgiInput,
                StartError&);
    void run() override;
    void read_line(std::string_view line) override;
    template <class... Parts> void log(Level level, const Parts&... parts) const;
    LogContext context() const { return {client_, request_, host_}; }

    void on_output();
    void on_input();
    void on_stderr();
    void on_child() { loop_.post(*this); }
    void on_clock();
    void discard_output();
    void read_stderr();
    void note_end();
    void log_end() const;
    Milliseconds next_deadline();

    Loop& loop_;
    const CgiConf& conf_;
    std::shared_ptr<CgiGate> gate_;
    Owner* owner_;
    const std::string file_, client_, request_, host_;
    const std::int64_t started_us_;
    std::int64_t wall_us_ = 0;

    Note<&CgiRun::on_output> output_note_{*this};
    Note<&CgiRun::on_input> input_note_{*this};
    Note<&CgiRun::on_stderr> stderr_note_{*this};
    Note<&CgiRun::on_child> child_note_{*this};
    Note<&CgiRun::on_clock> clock_note_{*this};

    Fd in_, out_, err_;  // our ends; before the watches
    std::optional<Watch> in_watch_, out_watch_, err_watch_;
    std::unique_ptr<Child> child_;
    Timer clock_;
    StderrLines stderr_;

    const Milliseconds started_;
    Milliseconds active_;       // the last byte in any direction
    Milliseconds fed_;          // the last byte of input
    std::uint64_t output_ = 0;  // bytes so far
    const char* stopped_ = nullptr;
    bool ended_ = false;
    bool head_done_ = false;
    bool starving_ = false;
    bool awaited_ = true;    // somebody wants its output now
    bool drained_ = false;   // the pipe was empty a moment ago: no need to ask before it says so
    bool answered_ = false;  // more output is too much
    bool cancelled_ = false;
};

/// All runs of a worker, also those whose exchange is gone.
class CgiRuns final : public Resident {
 public:
    explicit CgiRuns(Loop&);
    ~CgiRuns() override;

    void add(CgiRun& run) { runs_.push_back(run); }
    /// /dev/null, for scripts without input.
    int nothing() const { return nothing_.get(); }

 private:
    List<CgiRun, CgiRuns> runs_;
    Fd nothing_;
};

}  // namespace ostler
