// cgi_answer.h - one exchange and its script: the request's content in, head and content out.
//
// Lives in the exchange; its destructor lets go of the run, which ends the script unless it has
// answered.
#pragma once

#include <optional>
#include <string>

#include "common/base/body.h"
#include "common/exchange.h"
#include "modules/cgi_collect.h"
#include "modules/cgi_conf.h"
#include "modules/cgi_env.h"
#include "modules/cgi_gate.h"
#include "modules/cgi_head.h"
#include "modules/cgi_run.h"

namespace ostler {

class CgiAnswer final : public Body, CgiRun::Owner, CgiGate::Guest, Job {
 public:
    /// `folder` is the script's.
    CgiAnswer(Exchange&, const CgiConf&, const Script&, Fd folder);
    ~CgiAnswer() override;

    /// What the content hook says.
    Step begin();

    Pull pull(Buffer& out, std::size_t max) override;
    std::optional<std::uint64_t> size() const override { return left_; }
    bool has_epilogue() const override { return left_.has_value(); }

 private:
    enum class State : unsigned char {
        collecting,  ///< the request's content, to learn its length
        queued,      ///< for a turn
        head,        ///< the script runs; its header section is awaited
        body,        ///< the response's content is sent
        over,        ///< nothing more is wanted of the script
    };
    struct InputNote final : Waker {
        explicit InputNote(CgiAnswer& a) : answer(a) {}
        void wake() override { answer.input_ready(); }
        CgiAnswer& answer;
    };
    struct ClockNote final : Waker {
        explicit ClockNote(CgiAnswer& a) : answer(a) {}
        void wake() override;
        CgiAnswer& answer;
    };

    // What comes from elsewhere is noted; run() acts.
    void output_ready() override;
    void input_ready() override { x_.loop.post(*this); }
    void granted() override;
    void run() override;

    bool has_content() const;
    Step act();
    Step collect();
    Step enter_gate();
    Step start_script();
    Step start_failed(const StartError&);
    Step refuse_for_now(std::string_view why);

    void feed();
    bool feed_once();
    Step read_head();
    Step take_head();
    Step redirect_locally(std::string_view location);
    Step head_is_missing();
    Step fail(Code status, std::string_view why);
    Step explain(Step said, std::string_view why);
    bool end_is_known();
    Pull finish();
    Pull conclude();
    void let_go(CgiRun::Leave how);
    void offer_log_variables();

    Exchange& x_;
    const CgiConf& conf_;
    const Script script_;
    Fd folder_;
    CgiRun* run_ = nullptr;
    InputNote input_note_{*this};
    ClockNote clock_note_{*this};
    Timer clock_;  // in the queue; then, after the output, for the exit
    std::optional<CgiCollector> collector_;
    std::optional<std::uint64_t> length_;  // CONTENT_LENGTH
    Buffer to_script_;
    Buffer early_;  // output that was read together with the head
    CgiHeadParser parser_;
    std::optional<std::uint64_t> left_;  // of the Content-Length it promised
    State state_ = State::collecting;
    bool has_turn_ = false;  // of the gate, while there is no run
    bool time_is_up_ = false;
    bool waits_for_end_ = false;
    bool input_ended_ = false;
    bool input_failed_ = false;
    bool complete_ = false;  // all of the answer was handed over
    bool bodiless_ = false;  // the stream will not pull
};

}  // namespace ostler
