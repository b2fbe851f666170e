// cgi_gate.h - how many scripts of one scope run at a time, and who waits for a turn.
//
// With a tally the limits are those of all workers together (modules/cgi_tally.h); without one, in
// a test or a command, those of this process.  First come, first served, as far as the limit of
// each script allows; between workers to within a tenth of a second.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/list.h"
#include "common/base/loop.h"
#include "modules/cgi_tally.h"

namespace ostler {

class CgiGates;

class CgiGate : public Linked<CgiGates> {
 public:
    using Limits = CgiTally::Limits;
    enum class Entry : unsigned char { granted, queued, refused };

    /// Who wants to run a script.  Being destroyed is leaving the queue.
    class Guest : public Linked<CgiGate> {
     public:
        /// Its turn has come; it may run, and whoever runs it calls leave().  Only notes the fact.
        virtual void granted() = 0;

     protected:
        ~Guest();

     private:
        friend class CgiGate;
        CgiGate* gate_ = nullptr;  // while it waits
        std::string script_;
        std::uint64_t hash_ = 0;
        std::uint64_t ticket_ = 0;
        bool script_full_ = false;  // when it last asked
        int behind_ = 0;            // how often in a row others came first
    };

    /// `tally` may be null.
    explicit CgiGate(const Limits& limits, std::shared_ptr<CgiTally> tally = nullptr)
        : limits_(limits), tally_(std::move(tally))
    {
    }

    /// Granted: leave() must follow.  Queued: granted() will be called, or give_up().
    Entry enter(Guest& guest, std::string_view script);
    /// `guest` waits no longer.
    void give_up(Guest& guest);
    /// One run of `script` is over: the next one that may run gets its turn.
    void leave(std::string_view script);
    /// Lets in who may: another worker may have made room.
    void look();

    /// From now on `gates` sees to it that those who wait are looked at.
    void join(CgiGates& gates);

    /// In this process.
    int running() const { return running_; }
    int waiting() const { return waiting_; }

 private:
    bool admit(Guest& guest);
    bool may_run_here(const std::string& script) const;
    void remove(Guest& guest);
    void publish(std::uint64_t script);

    Limits limits_;
    std::shared_ptr<CgiTally> tally_;
    CgiGates* gates_ = nullptr;
    int running_ = 0;
    int waiting_ = 0;
    std::unordered_map<std::string, int> per_script_;
    List<Guest, CgiGate> queue_;
};

/// The gates of a worker whose limits other workers share: asks again when one of those says so,
/// and now and then.
class CgiGates final : public Resident, Waker {
 public:
    explicit CgiGates(Loop&);
    void add(CgiGate& gate) { gates_.push_back(gate); }
    /// Somebody waits.
    void attend() { timer_.set(interval); }

 private:
    static constexpr Milliseconds interval{50};
    void wake() override;

    Timer timer_;
    SignalWatch place_;
    List<CgiGate, CgiGates> gates_;
};

}  // namespace ostler
