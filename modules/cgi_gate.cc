// cgi_gate.cc - the queue of one worker, and its places among those of all.
#include "modules/cgi_gate.h"

#include "modules/cgi_metrics.h"

namespace ostler {

namespace {

/// How often in a row others may come first before nobody cares: they may have lost their turn.
constexpr int patience = 3;

/// FNV-1a; never 0.
std::uint64_t hash_of(std::string_view text)
{
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash ? hash : 1;
}

}  // namespace

CgiGate::Guest::~Guest()
{
    if (gate_) gate_->give_up(*this);
}

void CgiGate::join(CgiGates& gates)
{
    gates_ = &gates;
    gates.add(*this);
}

bool CgiGate::may_run_here(const std::string& script) const
{
    if (running_ >= limits_.all) return false;
    const auto at = per_script_.find(script);
    return at == per_script_.end() || at->second < limits_.per_script;
}

/// Counts a run of the guest's, when it may run.
bool CgiGate::admit(Guest& guest)
{
    if (!may_run_here(guest.script_)) {
        guest.script_full_ = running_ < limits_.all;
        return false;
    }
    if (tally_) {
        const bool senior = guest.behind_ >= patience;
        const CgiTally::Answer answer = tally_->take(guest.hash_, guest.ticket_, limits_, senior);
        guest.script_full_ = answer == CgiTally::Answer::script_full;
        guest.behind_ = answer == CgiTally::Answer::behind ? guest.behind_ + 1 : 0;
        if (answer != CgiTally::Answer::granted) return false;
    }
    ++running_;
    ++per_script_[guest.script_];
    scripts_running.add();
    return true;
}

CgiGate::Entry CgiGate::enter(Guest& guest, std::string_view script)
{
    guest.script_ = script;
    if (tally_) {
        guest.hash_ = hash_of(script);
        guest.ticket_ = tally_->next_ticket();
    }
    if (admit(guest)) return Entry::granted;
    if (tally_ ? !tally_->add_waiting(limits_) : waiting_ >= limits_.queue) {
        scripts_refused.add();
        return Entry::refused;
    }
    ++waiting_;
    scripts_waiting.add();
    guest.gate_ = this;
    queue_.push_back(guest);
    publish(guest.hash_);
    if (gates_) gates_->attend();
    return Entry::queued;
}

void CgiGate::remove(Guest& guest)
{
    guest.gate_ = nullptr;
    guest.unlink();
    --waiting_;
    scripts_waiting.subtract();
    if (tally_) tally_->remove_waiting();
}

void CgiGate::give_up(Guest& guest)
{
    if (!guest.gate_) return;
    remove(guest);
    publish(guest.hash_);
}

/// Tells the others who has waited longest here: for any place, and for one of `script`.
void CgiGate::publish(std::uint64_t script)
{
    if (!tally_) return;
    std::uint64_t any = 0;
    std::uint64_t same = 0;
    for (Guest* g = queue_.front(); g && !(any && same); g = queue_.after(*g)) {
        if (!any && !g->script_full_) any = g->ticket_;
        if (!same && g->hash_ == script) same = g->ticket_;
    }
    tally_->publish(any);
    tally_->publish(script, same);
}

void CgiGate::leave(std::string_view script)
{
    --running_;
    scripts_running.subtract();
    const auto at = per_script_.find(std::string(script));
    if (at != per_script_.end() && --at->second == 0) per_script_.erase(at);
    if (!tally_) return look();
    const std::uint64_t hash = hash_of(script);
    tally_->give_back(hash);
    if (queue_.empty())
        tally_->tell_next(hash);
    else
        look();
}

void CgiGate::look()
{
    for (Guest* g = queue_.front(); g;) {
        Guest* const next = queue_.after(*g);
        const bool was_script_full = g->script_full_;
        if (admit(*g)) {
            remove(*g);
            publish(g->hash_);
            g->granted();
        } else if (g->script_full_ != was_script_full) {
            publish(g->hash_);
        }
        g = next;
    }
}

CgiGates::CgiGates(Loop& loop) : timer_(loop, *this), place_(loop, place_signal(), *this) {}

void CgiGates::wake()
{
    bool waiting = false;
    for (CgiGate* g = gates_.front(); g; g = gates_.after(*g)) {
        if (g->waiting() > 0) g->look();
        waiting = waiting || g->waiting() > 0;
    }
    if (waiting) attend();
}

}  // namespace ostler
