// cgi_gate.h - how many scripts of one scope run at a time, and who waits for a turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/list.h"

namespace ostler {

class CgiGate {
 public:
    struct Limits {
        int all = 64;
        int per_script = 16;
        int queue = 128;
    };
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
    };

    explicit CgiGate(const Limits& limits) : limits_(limits) {}

    /// Granted: leave() must follow.  Queued: granted() will be called, or give_up().
    Entry enter(Guest& guest, std::string_view script);
    /// `guest` waits no longer.
    void give_up(Guest& guest);
    /// One run of `script` is over: the next one that may run gets its turn.
    void leave(std::string_view script);

    int running() const { return running_; }
    int waiting() const { return waiting_; }

 private:
    bool may_run(const std::string& script) const;
    void admit(const std::string& script);

    Limits limits_;
    int running_ = 0;
    int waiting_ = 0;
    std::unordered_map<std::string, int> per_script_;
    List<Guest, CgiGate> queue_;
};

}  // namespace ostler
